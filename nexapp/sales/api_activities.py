"""The API's activities: what was done elsewhere counts too."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from flask_babel import gettext as _
from pydantic import AwareDatetime, Field

from nexapp.sales.activities import record_activity
from nexapp.sales.kinds import WITH_PROSPECTS
from nexapp.spine.errors import BadInput, Forbidden
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.api import Input, Output, operation

FIRST_YEAR = 1970
"""Nothing was done before, and the calendar's first day has no place in every zone."""


class NewActivity(Input):
    kind: Annotated[str, Field(max_length=40, description="Such as scan, ai_message, pitch_deck, call or meeting.")]
    user_id: Annotated[UUID | None, Field(description="Who did it. Left out: the key's person.")] = None
    prospect_id: UUID | None = None
    at: Annotated[AwareDatetime | None, Field(description="Left out: now.")] = None
    external_id: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Yours. The same one again changes nothing.")
    ] = None
    details: Annotated[dict[str, Any], Field(max_length=20)] = {}


class ActivityOut(Output):
    id: UUID


@operation("POST", "/activities", scope="activities:write", minimum=Role.STAFF, kinds=WITH_PROSPECTS,
           body=NewActivity, answer=ActivityOut, status=201, summary="Record what somebody did")  # fmt: skip
def record_api_activity(body: NewActivity) -> ActivityOut:
    if body.at is not None and body.at.year < FIRST_YEAR:
        raise BadInput(fields={"at": _("Check the year of this time.")})
    done = record_activity(
        _who(body.user_id), body.kind, body.prospect_id, body.at, body.external_id, source="api", details=body.details
    )
    return ActivityOut(id=done)


def _who(named: UUID | None) -> UUID:
    actor = current_actor()
    user_id = named or actor.user_id
    if user_id is None:
        raise BadInput(fields={"user_id": _("Say who did it.")})
    if user_id != actor.user_id and not actor.role.at_least(Role.MANAGER):
        raise Forbidden(_("You can record only what you did yourself."))
    return user_id
