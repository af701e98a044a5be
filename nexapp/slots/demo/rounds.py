"""The smaller business asks people one after the other, so that the demo shows both ways."""

from __future__ import annotations

from sqlalchemy import update

from nexapp.identity.models import Organization
from nexapp.slots.demo.cast import BARBERS
from nexapp.slots.demo.seeding import Seeded
from nexapp.slots.rounds_rows import IN_TURN
from nexapp.spine.db import db


def seed_asking(seeded: Seeded) -> None:
    if seeded.house is BARBERS:
        db.session.execute(update(Organization).where(Organization.id == seeded.org_id).values(offer_mode=IN_TURN))
