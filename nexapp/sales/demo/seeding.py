"""Fills the demo's sales organisation. Runs as the system, in the unit that seeds everything."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text, update

from nexapp.identity.models import Membership, Organization, User
from nexapp.sales import scoring, streaks
from nexapp.sales.activity_kinds import KINDS
from nexapp.sales.demo.cast import ZONES
from nexapp.sales.demo.follow_ups import seed_follow_ups
from nexapp.sales.demo.momentum import seed_momentum
from nexapp.sales.demo.notices import seed_notices
from nexapp.sales.demo.prospects import seed_prospects
from nexapp.spine.db import db
from nexapp.spine.tenancy import Role

EVERYTHING = "SELECT org_id, id FROM prospects WHERE org_id = CAST(:org AS uuid)"
LONG_AGO = text("UPDATE memberships SET created_at = now() - interval '100 days' WHERE org_id = :org")
IN_ZONE = text(
    "UPDATE users u SET time_zone = z.zone"
    " FROM unnest(CAST(:phones AS text[]), CAST(:zones AS text[])) AS z(phone, zone) WHERE u.phone = z.phone"
)


def seed_sales(org_id: UUID) -> None:
    """Prospects, follow-ups and what keeps people going, in some dozens of statements."""
    people = _team(org_id)
    touching = [kind.name for kind in KINDS.values() if kind.touches]
    seed_prospects(org_id, [user_id for user_id, _zone in people], touching)
    # Of the first scores nobody is told, as after an import.
    scoring.rescore(EVERYTHING, cause="import", org=org_id)
    streaks.rebuild_all(org_id)
    seed_follow_ups(org_id)
    seed_momentum(org_id)


def seed_bell(org_id: UUID) -> None:
    """After all else: what its people were told of it."""
    seed_notices(org_id, _team(org_id))


def _team(org_id: UUID) -> list[tuple[UUID, str]]:
    """Who works on prospects, each in their zone; on the highest tier, so that every page can be seen."""
    db.session.execute(update(Organization).where(Organization.id == org_id).values(tier="elite"))
    db.session.execute(LONG_AGO, {"org": org_id})
    db.session.execute(IN_ZONE, {"phones": list(ZONES), "zones": list(ZONES.values())})
    rows = db.session.execute(
        select(User.id, User.time_zone)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.org_id == org_id, Membership.role != Role.VIEWER.value)
        .order_by(User.phone)
    )
    return [(user_id, zone or "UTC") for user_id, zone in rows]
