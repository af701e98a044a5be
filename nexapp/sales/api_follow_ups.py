"""The API's follow-ups."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from pydantic import AwareDatetime, Field, model_validator

from nexapp.sales import when
from nexapp.sales.follow_ups import (
    OPEN,
    NewFollowUp,
    add_follow_up,
    cancel_follow_up,
    change_follow_up,
    complete_follow_up,
    snooze_follow_up,
)
from nexapp.sales.kinds import WITH_PROSPECTS
from nexapp.sales.models import FollowUp
from nexapp.sales.when import Due
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.tenancy import Role, current_actor, scoped
from nexapp.spine.web.api import Input, Output, Page, PageQuery, next_cursor, operation

Repeat = Literal["daily", "weekdays", "weekly", "monthly"]
Message = Annotated[str, Field(max_length=1000)]


class FollowUpQuery(PageQuery):
    """Newest first."""

    status: Literal["open", "pending", "sent", "done", "snoozed", "cancelled"] | None = None
    owner_id: UUID | None = None
    prospect_id: UUID | None = None
    due_before: AwareDatetime | None = None


class _When(Input):
    """An instant, or a day and perhaps a time by the owner's own clock."""

    due_at: Annotated[AwareDatetime | None, Field(description="An instant, with its offset.")] = None
    due_on: Annotated[date | None, Field(description="A day by the owner's clock, instead of `due_at`.")] = None
    due_time: Annotated[time | None, Field(description="A wall time of that day.")] = None
    which: Annotated[Literal["first", "second"] | None, Field(description="Where the clocks pass that time twice.")] = (
        None
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> _When:
        if self.due_at is not None and (self.due_on or self.due_time):
            raise ValueError("Send due_at, or due_on with due_time, not both")
        if self.due_time is not None and self.due_on is None:
            raise ValueError("due_time needs due_on")
        return self

    def due(self, zone: str) -> Due | None:
        if self.due_at is not None:
            return _from_instant(self.due_at, zone)
        return when.typed(self.due_on, self.due_time, zone, self.which) if self.due_on else None


class NewApiFollowUp(_When):
    prospect_id: UUID | None = None
    owner_id: Annotated[UUID | None, Field(description="Left out: the key's person.")] = None
    message: Message = ""
    repeats: Repeat | None = None


class ChangedFollowUp(_When):
    """`status` done or cancelled ends it; `snoozed` needs a time; without a status it is changed."""

    status: Literal["done", "cancelled", "snoozed"] | None = None
    message: Message | None = None
    repeats: Repeat | None = None


class FollowUpOut(Output):
    id: UUID
    owner_id: UUID
    prospect_id: UUID | None
    kind: Literal["one_time", "sequence_step", "pipeline_check", "manual"]
    status: Literal["pending", "sent", "done", "snoozed", "cancelled"]
    due_at: datetime
    due_on: date
    due_time: time | None
    time_zone: str
    message: str
    repeats: Repeat | None
    sent_at: datetime | None
    done_at: datetime | None
    created_at: datetime


FollowUpPage = Page[FollowUpOut]


@operation("GET", "/follow-ups", scope="follow_ups:read", kinds=WITH_PROSPECTS, query=FollowUpQuery,
           answer=FollowUpPage, summary="List follow-ups")  # fmt: skip
def list_api_follow_ups(query: FollowUpQuery) -> Page[FollowUpOut]:
    wanted = scoped(FollowUp).order_by(FollowUp.id.desc()).limit(query.limit + 1)
    if (after := query.after()) is not None:
        wanted = wanted.where(FollowUp.id < after)
    if query.status is not None:
        wanted = wanted.where(FollowUp.status.in_(OPEN if query.status == "open" else (query.status,)))
    for name in ("owner_id", "prospect_id"):
        if (value := getattr(query, name)) is not None:
            wanted = wanted.where(getattr(FollowUp, name) == value)
    if query.due_before is not None:
        wanted = wanted.where(FollowUp.due_at < query.due_before)
    rows = list(db.session.scalars(wanted))
    shown = [FollowUpOut.model_validate(row) for row in rows[: query.limit]]
    return Page[FollowUpOut](items=shown, next=next_cursor([row.id for row in rows], query.limit))


@operation("GET", "/follow-ups/<uuid:follow_up_id>", scope="follow_ups:read", kinds=WITH_PROSPECTS,
           answer=FollowUpOut, summary="Read a follow-up")  # fmt: skip
def read_api_follow_up(follow_up_id: UUID) -> FollowUpOut:
    return FollowUpOut.model_validate(_get(follow_up_id))


@operation("POST", "/follow-ups", scope="follow_ups:write", minimum=Role.STAFF, kinds=WITH_PROSPECTS,
           body=NewApiFollowUp, answer=FollowUpOut, status=201, summary="Plan a follow-up")  # fmt: skip
def add_api_follow_up(body: NewApiFollowUp) -> FollowUpOut:
    owner_id = body.owner_id or current_actor().user_id
    due = body.due(when.zone_of(owner_id)) if owner_id else None
    if due is None:
        raise BadInput(fields={"due_at" if owner_id else "owner_id": _("Say when, and for whom.")})
    new = NewFollowUp(body.prospect_id, due, body.message, body.repeats, body.owner_id)
    return FollowUpOut.model_validate(_get(add_follow_up(new)))


@operation("PATCH", "/follow-ups/<uuid:follow_up_id>", scope="follow_ups:write", minimum=Role.STAFF,
           kinds=WITH_PROSPECTS, body=ChangedFollowUp, answer=FollowUpOut,
           summary="Change, finish, cancel or snooze a follow-up")  # fmt: skip
def change_api_follow_up(follow_up_id: UUID, body: ChangedFollowUp) -> FollowUpOut:
    row = _get(follow_up_id)
    due = body.due(row.time_zone)
    if body.status == "done":
        complete_follow_up(follow_up_id)
    elif body.status == "cancelled":
        cancel_follow_up(follow_up_id)
    elif body.status == "snoozed":
        if due is None:
            raise BadInput(fields={"due_at": _("Say until when.")})
        snooze_follow_up(follow_up_id, due)
    else:
        _change(row, body, due)
    return FollowUpOut.model_validate(_get(follow_up_id))


def _change(row: FollowUp, body: ChangedFollowUp, due: Due | None) -> None:
    kept = Due(row.due_at, row.due_on, row.due_time, row.time_zone)
    message = row.message if body.message is None else body.message
    repeats = body.repeats if "repeats" in body.model_fields_set else row.repeats
    change_follow_up(row.id, due or kept, message, repeats)


def _get(follow_up_id: UUID) -> FollowUp:
    wanted = scoped(FollowUp).where(FollowUp.id == follow_up_id).execution_options(populate_existing=True)
    row: FollowUp | None = db.session.scalar(wanted)
    if row is None:
        raise NotFound
    return row


def _from_instant(at: datetime, zone: str) -> Due:
    if at <= now():
        raise BadInput(fields={"due_at": _("This time has passed.")})
    if at - now() > when.FARTHEST:
        raise BadInput(fields={"due_at": _("That is more than two years away.")})
    local = at.astimezone(ZoneInfo(zone))
    return Due(at, local.date(), local.time().replace(tzinfo=None), zone)
