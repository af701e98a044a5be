"""Two places, an owner who works in two businesses, an address to sign in with, and somebody who was invited."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from nexapp.identity.businesses import add_member
from nexapp.identity.models import Location, StaffMember, TeamInvitation, User
from nexapp.slots.demo.cast import BARBERS, DENTAL
from nexapp.slots.demo.seeding import Seeded
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role

PLACES = (("Broadway", "120 Broadway, New York, NY"), ("Brooklyn", "45 Court Street, Brooklyn, NY"))
INVITED = "+12125550106"


def seed_team(seeded: list[Seeded]) -> None:
    """Runs as the system; nothing is sent."""
    by_slug = {each.house.slug: each for each in seeded}
    dental, barbers = by_slug[DENTAL.slug], by_slug[BARBERS.slug]
    owner = db.session.scalars(select(User).where(User.phone == DENTAL.members[0].phone)).one()
    owner.email = "dana@example.com"
    # Joined later: they begin in their own business.
    add_member(barbers.org_id, owner.id, Role.ADMIN).created_at = now()
    _seed_places(dental)
    _seed_invitation(dental.org_id, owner.id)


def _seed_places(dental: Seeded) -> None:
    ids = [new_id() for _ in PLACES]
    rows = [
        {"id": location_id, "org_id": dental.org_id, "name": name, "address": address, "position": position}
        for position, (location_id, (name, address)) in enumerate(zip(ids, PLACES, strict=True))
    ]
    db.session.execute(insert(Location), rows)
    for number, staff_id in enumerate(dental.staff):
        place = ids[number == len(dental.staff) - 1]
        db.session.execute(update(StaffMember).where(StaffMember.id == staff_id).values(location_id=place))


def _seed_invitation(org_id: UUID, invited_by: UUID) -> None:
    # Its link was never sent, so nobody holds it; "Send again" makes one that works.
    db.session.execute(
        insert(TeamInvitation).values(
            id=new_id(), org_id=org_id, token_hash=new_id().bytes, role=Role.STAFF.value, phone=INVITED,
            invited_by=invited_by, sends=1, sent_at=now() - timedelta(hours=3), expires_at=now() + timedelta(days=6),
        )
    )  # fmt: skip
