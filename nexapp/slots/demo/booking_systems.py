"""Two booking systems that told of bookings: one that signs, and an old one that doesn't and so asks."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from nexapp.slots.booking_systems.addresses import hook_hash, make_key
from nexapp.slots.booking_systems.changes import BOOKED, CANCELLED, Change
from nexapp.slots.booking_systems.models import BookingDelivery, BookingSystem
from nexapp.slots.demo.cast import DENTAL
from nexapp.slots.demo.seeding import Seeded
from nexapp.slots.times import today_in
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

HALF_HOUR = timedelta(minutes=30)
EVENING = time(18)
"""After the slots of the week, so that what is approved finds its time free."""

TOLD = (
    (BOOKED, "noted", None, "Dr. Smith"),
    (BOOKED, "noted", None, "Dr. Patel"),
    (CANCELLED, "left_alone", "already_open", "Dr. Patel"),
    (BOOKED, "repeated", None, "Dr. Smith"),
    (CANCELLED, "waiting_staff", None, "m.lopez@downtown-dental.example"),
)
ASKING = 3


def seed_booking_systems(seeded: Seeded) -> None:
    if seeded.house.slug != DENTAL.slug:
        return
    signed, unsigned = _system(seeded, "cal_com", "Cal.com", make_key()), _system(seeded, "generic", "Front desk", None)
    rows = [
        _row(seeded, signed, number, *told, signed=True, at=_evening(seeded, 2 + number))
        for number, told in enumerate(TOLD)
    ]
    rows += [
        _row(seeded, unsigned, number, CANCELLED, "waiting_approval", "over_limit", "Dr. Patel", signed=False,
             at=_evening(seeded, 1) + number * HALF_HOUR)
        for number in range(ASKING)
    ]  # fmt: skip
    db.session.execute(insert(BookingDelivery), rows)


def _system(seeded: Seeded, kind: str, name: str, key: str | None) -> UUID:
    system_id = new_id()
    db.session.execute(
        insert(BookingSystem).values(
            id=system_id, org_id=seeded.org_id, kind=kind, name=name, generation=1, signing_key=key,
            token_hash=hook_hash(system_id, 1),
        )
    )  # fmt: skip
    return system_id


def _row(
    seeded: Seeded, system_id: UUID, number: int, action: str, outcome: str, reason: str | None, staff: str, *,
    signed: bool, at: datetime,
) -> dict[str, Any]:  # fmt: skip
    change = Change(action, f"demo-{number}", at, at + HALF_HOUR, staff_reference=staff, client="Walter Hill")
    came = now() - timedelta(minutes=7 + 95 * number)
    return {
        "id": new_id(), "org_id": seeded.org_id, "booking_system_id": system_id, "action": action, "uid": change.uid,
        "reference": change.reference, "starts_at": at, "ends_at": at + HALF_HOUR, "signed": signed,
        "change": change.to_json(), "outcome": outcome, "reason": reason, "received_at": came, "created_at": came,
        "payload": {"type": action, "booking": {"id": change.uid, "starts_at": at.isoformat(), "staff": staff}},
    }  # fmt: skip


def _evening(seeded: Seeded, days: int) -> datetime:
    zone = seeded.house.time_zone
    return datetime.combine(today_in(zone) + timedelta(days=days), EVENING, ZoneInfo(zone))
