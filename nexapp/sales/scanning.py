"""Scanning: details out of what somebody pasted, for a new prospect or to fill in an old one's gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.gateways.ai import Detail
from nexapp.gateways.ai.providers import ai_gateway
from nexapp.identity.business_settings import get_business
from nexapp.notifications.service import notify
from nexapp.sales import prospects as cases
from nexapp.sales.activities import record_activity
from nexapp.sales.models import Prospect
from nexapp.sales.prospects import Details
from nexapp.spine.tenancy import current_actor

SOURCE = "Scan"


@dataclass(frozen=True, slots=True)
class Scanned:
    found: Sequence[Detail]
    details: Details
    """What is known with it: what stood there before stays."""


def read_text(text: str, prospect: Any | None = None) -> Scanned:
    """Nothing is written: what was found is shown first. `prospect` is a row that gets its gaps filled."""
    found = ai_gateway().read_contact(text, get_business().country)
    values = {detail.field: detail.value for detail in found}
    known = details_of(prospect) if prospect else Details(name="", source=SOURCE)
    gaps = {field.name: values[field.name] for field in fields(known)
            if field.name in values and not getattr(known, field.name)}  # fmt: skip
    return Scanned(found, replace(known, **gaps))  # type: ignore[arg-type]


def details_of(prospect: Any) -> Details:
    return Details(**{field.name: getattr(prospect, field.name) for field in fields(Details)})


def add_scanned(details: Details, key: UUID) -> Prospect:
    """A new prospect of the actor's own. `key` names the form: the same form twice is the same prospect."""
    actor = current_actor()
    prospect = cases.add_prospect(details, owner_id=actor.user_id, key=key)
    _record(prospect, key)
    return prospect


def complete_scanned(prospect_id: UUID, details: Details, key: UUID) -> Prospect:
    """Change an old one; its owner is told where that is somebody else. `key` names the form: it counts once."""
    before = details_of(cases.get_prospect(prospect_id))
    prospect = cases.change_prospect(prospect_id, details)
    _record(prospect, key)
    changed = sum(getattr(before, field.name) != getattr(details, field.name) for field in fields(Details))
    if changed and prospect.owner_id and prospect.owner_id != current_actor().user_id:
        message = ngettext("%(num)s detail of %(name)s is new.", "%(num)s details of %(name)s are new.", changed,
                           name=prospect.name)  # fmt: skip
        notify(
            [prospect.owner_id], "scan_complete", values={"title": _("Scan complete"), "message": message},
            action_url=f"/prospects/{prospect.id}", subject_kind="prospect", subject_id=prospect.id,
        )  # fmt: skip
    return prospect


def _record(prospect: Prospect, key: UUID) -> None:
    if user_id := current_actor().user_id:
        record_activity(user_id, "scan", prospect.id, external_id=f"scan:{key}")
