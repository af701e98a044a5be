"""What the organisation's plan brings to its follow-ups."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from nexapp.identity.models import Organization
from nexapp.identity.plans import PLANS, TIERS
from nexapp.spine.db import db
from nexapp.spine.errors import Forbidden
from nexapp.spine.tenancy import current_actor

FREE, PRO, ELITE = TIERS


class TierNeeded(Forbidden):
    """The plan doesn't bring this."""

    code = "tier_needed"


def brings(tier: str, needed: str) -> bool:
    return TIERS.index(tier) >= TIERS.index(needed)


def current_tier() -> str:
    """Of the actor's organisation."""
    return str(db.session.scalar(select(Organization.tier).where(Organization.id == current_actor().tenant)))


def need_tier(needed: str, what: Any) -> None:
    """Raises `TierNeeded` where the plan is below; `what` begins its sentence ("Snoozing")."""
    if not brings(current_tier(), needed):
        plan = next(plan.name for plan in PLANS if plan.tier == needed)
        raise TierNeeded(_("%(what)s comes with %(plan)s. Your plan is below it.", what=what, plan=plan))
