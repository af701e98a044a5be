"""The plan of an organisation: what its tier brings, and changing it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import update

from nexapp.identity.models import Organization
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor


@dataclass(frozen=True, slots=True)
class Plan:
    tier: str
    name: LazyString
    brings: tuple[LazyString, ...]


PLANS = (
    Plan("free", _("Free"), (
        _("Your top prospects each morning"), _("Follow-up reminders"), _("Streak reminders"), _("Weekly report"),
        _("One insight a week"),
    )),
    Plan("pro", _("Pro"), (
        _("All of Free"), _("A lead gone hot, told at once"), _("Follow-ups that snooze and repeat, pipeline checks"),
        _("All insights"),
    )),
    Plan("elite", _("Elite"), (
        _("All of Pro"), _("Sequence steps when they are due"), _("Leads that cool down"),
        _("Suggested next date and channel"), _("Urgent notices first, and by text"),
    )),
)  # fmt: skip
TIERS = tuple(plan.tier for plan in PLANS)


def change_tier(tier: str) -> bool:
    """Put the actor's organisation on another plan, at once; False where it is on that one already."""
    org_id = current_actor().tenant
    before = db.session.get_one(Organization, org_id).tier
    if before == tier:
        return False
    db.session.execute(update(Organization).where(Organization.id == org_id).values(tier=tier))
    audit.record("organization.tier_changed", "organization", org_id, {"from": before, "to": tier})
    return True
