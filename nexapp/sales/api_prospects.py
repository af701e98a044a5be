"""The API's prospects."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, field_validator

from nexapp.identity.business_settings import get_business
from nexapp.identity.emails import parse_email
from nexapp.identity.fields import one_line
from nexapp.identity.phones import parse_phone
from nexapp.sales.kinds import WITH_PROSPECTS
from nexapp.sales.prospect_words import temperature_of
from nexapp.sales.prospects import (
    LARGEST_CENTS,
    Details,
    add_prospect,
    assign_prospects,
    change_prospect,
    delete_prospect,
    get_prospect,
    move_prospect,
)
from nexapp.sales.prospects_queries import get_row, knows_cursor, list_prospects, read_wanted
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role
from nexapp.spine.web.api import Input, Output, Page, PageQuery, UnknownCursor, current_caller, operation

Line = Annotated[str, Field(max_length=120)]
Temperature = Literal["hot", "warm", "cold"]
SORT = Literal["score", "next", "active", "newest"]


class ProspectQuery(PageQuery):
    q: Annotated[str, Field(max_length=80, description="Part of a name, company, address or number.")] = ""
    stage_id: UUID | None = None
    owner_id: UUID | None = None
    temperature: Temperature | None = None
    source: Annotated[str, Field(max_length=60)] = ""
    sort: SORT = "newest"


class _Fields(Input):
    company: Line | None = None
    role: Line | None = None
    email: Annotated[str | None, Field(max_length=254)] = None
    phone: Annotated[str | None, Field(max_length=40, description="In any human form; kept as E.164.")] = None
    location: Line | None = None
    source: Annotated[str | None, Field(max_length=60)] = None
    value_cents: Annotated[int | None, Field(ge=0, le=LARGEST_CENTS)] = None
    stage_id: UUID | None = None
    owner_id: UUID | None = None

    @field_validator("company", "role", "location", "source", "name", mode="before", check_fields=False)
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return one_line(value) if isinstance(value, str) else value


class NewProspect(_Fields):
    name: Annotated[str, Field(min_length=1, max_length=120)]


class ChangedProspect(_Fields):
    """What isn't sent stays as it is; `null` empties `email`, `phone` and `owner_id`."""

    name: Annotated[str | None, Field(min_length=1, max_length=120)] = None
    lost_reason: Annotated[str | None, Field(max_length=200, description="Needed for a stage that is lost.")] = None


class ProspectOut(Output):
    id: UUID
    name: str
    company: str
    role: str
    email: str | None
    phone: str | None
    location: str
    source: str
    value_cents: int
    stage_id: UUID
    stage: str
    outcome: Literal["open", "won", "lost"]
    lost_reason: str | None
    owner_id: UUID | None
    score: int
    score_parts: dict[str, Any]
    temperature: Temperature
    is_unlocked: bool
    last_activity_at: datetime | None
    next_follow_up_at: datetime | None
    created_at: datetime
    updated_at: datetime


ProspectPage = Page[ProspectOut]


@operation("GET", "/prospects", scope="prospects:read", kinds=WITH_PROSPECTS, query=ProspectQuery,
           answer=ProspectPage, summary="List prospects")  # fmt: skip
def list_api_prospects(query: ProspectQuery) -> Page[ProspectOut]:
    wanted = read_wanted(
        {
            "q": query.q, "stage": str(query.stage_id or ""), "owner": str(query.owner_id or ""),
            "temperature": query.temperature or "", "source": query.source, "sort": query.sort,
        }
    )  # fmt: skip
    if query.cursor is not None and not knows_cursor(wanted, query.cursor):
        raise UnknownCursor
    listed = list_prospects(wanted, get_business().time_zone, query.cursor, query.limit)
    return Page[ProspectOut](items=[_shown(row) for row in listed.rows], next=listed.next)


@operation("GET", "/prospects/<uuid:prospect_id>", scope="prospects:read", kinds=WITH_PROSPECTS, answer=ProspectOut,
           summary="Read a prospect")  # fmt: skip
def read_api_prospect(prospect_id: UUID) -> ProspectOut:
    get_prospect(prospect_id)
    return _shown(get_row(prospect_id))


@operation("POST", "/prospects", scope="prospects:write", minimum=Role.STAFF, kinds=WITH_PROSPECTS, body=NewProspect,
           answer=ProspectOut, status=201, summary="Add a prospect")  # fmt: skip
def add_api_prospect(body: NewProspect) -> ProspectOut:
    owner_id = body.owner_id if "owner_id" in body.model_fields_set else current_caller().actor.user_id
    details = Details(body.name, **_details(body, {}))
    return _shown(get_row(add_prospect(details, owner_id=owner_id, stage_id=body.stage_id, source="api").id))


@operation("PATCH", "/prospects/<uuid:prospect_id>", scope="prospects:write", minimum=Role.STAFF, kinds=WITH_PROSPECTS,
           body=ChangedProspect, answer=ProspectOut, summary="Change a prospect")  # fmt: skip
def change_api_prospect(prospect_id: UUID, body: ChangedProspect) -> ProspectOut:
    """All of it or nothing: what is refused undoes the rest."""
    kept, given = get_prospect(prospect_id), body.model_fields_set
    before = {name: getattr(kept, name) for name in Details.__dataclass_fields__ if name != "name"}
    change_prospect(prospect_id, Details(body.name or kept.name, **_details(body, before)))
    if "owner_id" in given and body.owner_id != kept.owner_id:
        assign_prospects([prospect_id], body.owner_id)
    if body.stage_id is not None:
        move_prospect(prospect_id, body.stage_id, body.lost_reason or "")
    return _shown(get_row(prospect_id))


@operation("DELETE", "/prospects/<uuid:prospect_id>", scope="prospects:write", minimum=Role.STAFF,
           kinds=WITH_PROSPECTS, summary="Put a prospect into the trash")  # fmt: skip
def delete_api_prospect(prospect_id: UUID) -> None:
    delete_prospect(prospect_id)


def _details(body: _Fields, before: dict[str, Any]) -> dict[str, Any]:
    """The details as they are to be, on top of what they were. Raises `BadInput` beside the field."""
    found = dict(before)
    for name in ("company", "role", "location", "source"):
        if name in body.model_fields_set:
            found[name] = getattr(body, name) or ""
    if "value_cents" in body.model_fields_set:
        found["value_cents"] = body.value_cents or 0
    if "email" in body.model_fields_set:
        found["email"] = _read("email", body.email, parse_email)
    if "phone" in body.model_fields_set:
        country = get_business().country
        found["phone"] = _read("phone", body.phone, lambda raw: parse_phone(raw, country, for_texts=False))
    return found


def _read(name: str, raw: str | None, parse: Any) -> str | None:
    if not raw:
        return None
    try:
        return str(parse(raw))
    except BadInput as error:
        raise BadInput(fields={name: error.sentence}) from None


def _shown(row: Any) -> ProspectOut:
    return ProspectOut.model_validate({**row._mapping, "temperature": temperature_of(row.score)})
