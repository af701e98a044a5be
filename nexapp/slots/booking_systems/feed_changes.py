"""What changed in a feed since the last reading, and what that means.

A missing event is a weak sign: files break more often than days empty themselves. So little is believed at once, and
nothing where the file looks broken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.slots.booking_systems.calendar_reading import AHEAD, Appointment, Reading
from nexapp.slots.booking_systems.changes import BOOKED, CANCELLED, Change
from nexapp.slots.booking_systems.deliveries import add_delivery
from nexapp.slots.booking_systems.errors import FeedFailed
from nexapp.slots.booking_systems.handling import handle, settle
from nexapp.slots.booking_systems.models import BookingDelivery, ExternalBooking
from nexapp.slots.booking_systems.opening_times import Outcome
from nexapp.slots.booking_systems.outcomes import WAITING
from nexapp.slots.models import Slot
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor, scoped

MOST_AT_ONCE = 3
"""So many may vanish and open their times by themselves; of more, a person is asked."""
DOUBTFUL_FROM = 8
"""From so many on, a feed that lost more than half of its bookings is taken for broken."""
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Comparison:
    added: list[Appointment]
    moved: list[tuple[Any, Appointment]]
    vanished: list[Any]
    renamed: list[tuple[Any, Appointment]]
    returned: list[Appointment]


def compare(system: Any, reading: Reading, at: datetime) -> Comparison:
    """The differences; raises `FeedFailed` for a file that can't be believed. A first reading only learns."""
    known = _known(system, at)
    booked = {uid: row for uid, row in known.items() if row.status == "booked"}
    missing = [
        row for uid, row in booked.items() if uid not in reading.appointments and not _is_unreadable(row, reading)
    ]
    fresh = [one for key, one in reading.appointments.items() if key not in booked]
    renamed = _renamed(missing, fresh)
    gone = {row.uid for row, _one in renamed}
    names = {one.key for _row, one in renamed}
    vanished = [row for row in missing if row.uid not in gone]
    if system.first_read_at is not None:
        _refuse_broken(reading, len(booked), len(vanished))
    return Comparison(
        added=[one for one in fresh if one.key not in names and one.key not in known],
        moved=[
            (row, reading.appointments[uid])
            for uid, row in booked.items()
            if uid in reading.appointments and not _is_same(row, reading.appointments[uid])
        ],
        vanished=vanished,
        renamed=renamed,
        returned=[one for one in fresh if one.key not in names and one.key in known],
    )


def take(system: Any, found: Comparison, at: datetime) -> None:
    """Act on the differences: first all that is booked, so that no time opens under somebody else's booking."""
    if system.staff_member_id is None:
        return
    _rename(system, found.renamed)
    _keep(system, [*found.added, *found.returned], at)
    _withdraw(system, [one.key for one in found.returned])
    asks = len(found.moved) + len(found.vanished) > MOST_AT_ONCE
    _move(system, found.moved, at, asks=asks)
    _fill(system, [*found.added, *found.returned], at)
    if system.first_read_at is None:
        _forget(system, found.vanished, at)
    else:
        _vanish(system, found.vanished, at, asks=asks)


def _known(system: Any, at: datetime) -> dict[str, Any]:
    rows = db.session.execute(
        scoped(ExternalBooking)
        .where(
            ExternalBooking.booking_system_id == system.id, ExternalBooking.starts_at > at,
            ExternalBooking.starts_at < at + AHEAD,
        )
        .with_only_columns(*ExternalBooking.__table__.columns)
    )  # fmt: skip
    return {row.uid: row for row in rows}


def _is_unreadable(row: Any, reading: Reading) -> bool:
    return any(row.uid == uid or row.uid.startswith((f"{uid} of ", f"{uid} at ")) for uid in reading.unreadable)


def _renamed(missing: list[Any], fresh: list[Appointment]) -> list[tuple[Any, Appointment]]:
    """The same time under another name is the same booking: a program wrote its calendar anew."""
    by_time = {(one.starts_at, one.ends_at): one for one in fresh}
    pairs = ((row, by_time.pop((row.starts_at, row.ends_at), None)) for row in missing)
    return [(row, one) for row, one in pairs if one is not None]


def _refuse_broken(reading: Reading, known: int, vanished: int) -> None:
    if known and not reading.events:
        raise FeedFailed("empty")
    if vanished >= DOUBTFUL_FROM and vanished * 2 > known:
        raise FeedFailed("smaller")


def _is_same(row: Any, one: Appointment) -> bool:
    return bool(row.starts_at == one.starts_at and row.ends_at == one.ends_at)


def _rename(system: Any, renamed: list[tuple[Any, Appointment]]) -> None:
    taken = [one.key for _row, one in renamed]
    if taken:
        # A cancelled booking of that name makes room.
        db.session.execute(delete(ExternalBooking).where(*_of(system), ExternalBooking.uid.in_(taken)))
    for row, one in renamed:
        db.session.execute(update(ExternalBooking).where(ExternalBooking.id == row.id).values(uid=one.key))


def _keep(system: Any, appointments: list[Appointment], at: datetime) -> None:
    for start in range(0, len(appointments), AT_ONCE):
        rows = [_booked_row(system, one, at) for one in appointments[start : start + AT_ONCE]]
        statement = insert(ExternalBooking)
        changed = {
            name: statement.excluded[name]
            for name in ("status", "staff_member_id", "starts_at", "ends_at", "changed_at", "slot_id")
        }
        db.session.execute(
            statement.on_conflict_do_update(index_elements=["org_id", "booking_system_id", "uid"], set_=changed), rows
        )


def _booked_row(system: Any, one: Appointment, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "org_id": system.org_id, "booking_system_id": system.id, "uid": one.key, "status": "booked",
        "staff_member_id": system.staff_member_id, "starts_at": one.starts_at, "ends_at": one.ends_at,
        "changed_at": at, "slot_id": None,
    }  # fmt: skip


def _withdraw(system: Any, keys: list[str]) -> None:
    """What came back needs nobody's OK any more."""
    if keys:
        db.session.execute(
            update(BookingDelivery)
            .where(
                BookingDelivery.org_id == system.org_id, BookingDelivery.booking_system_id == system.id,
                BookingDelivery.uid.in_(keys), BookingDelivery.outcome.in_(WAITING),
            )
            .values(outcome="withdrawn", reason="came_back", handled_at=func.now())
        )  # fmt: skip


def _fill(system: Any, appointments: list[Appointment], at: datetime) -> None:
    """Only where a slot of ours lies under the booking is there anything to do."""
    free = db.session.execute(
        scoped(Slot)
        .where(
            Slot.staff_member_id == system.staff_member_id, Slot.ends_at > at, Slot.starts_at < at + AHEAD,
            Slot.status.in_(("draft", "open", "held", "pending")),
        )
        .with_only_columns(Slot.starts_at, Slot.ends_at)
    ).all()  # fmt: skip
    for one in appointments:
        if any(slot.starts_at < one.ends_at and slot.ends_at > one.starts_at for slot in free):
            # Kept already, so that the others of this reading find it: asked for as one that a person wants done.
            _handle(system, Change(BOOKED, one.key, one.starts_at, one.ends_at, happened_at=at), approved=True)


def _forget(system: Any, rows: Iterable[Any], at: datetime) -> None:
    ids = [row.id for row in rows]
    if ids:
        db.session.execute(
            update(ExternalBooking)
            .where(ExternalBooking.id.in_(ids))
            .values(status="cancelled", changed_at=at, slot_id=None)
        )


def _move(system: Any, moved: list[tuple[Any, Appointment]], at: datetime, *, asks: bool) -> None:
    changes = [(row, Change(BOOKED, row.uid, one.starts_at, one.ends_at, happened_at=at)) for row, one in moved]
    if not asks:
        for _row, change in changes:
            _handle(system, change)
        return
    _keep(system, [one for _row, one in moved], at)
    _fill(system, [one for _row, one in moved], at)
    for row, change in changes:
        _ask(system, row, change.leaving(row.starts_at, row.ends_at))


def _vanish(system: Any, rows: list[Any], at: datetime, *, asks: bool) -> None:
    for row in rows:
        change = Change(CANCELLED, row.uid, row.starts_at, row.ends_at, happened_at=at)
        if asks:
            _ask(system, row, change)
        else:
            _handle(system, change)
    # They count as gone, so that the next reading doesn't ask again.
    _forget(system, rows, at)


def _ask(system: Any, row: Any, change: Change) -> None:
    delivery_id = add_delivery(system.id, change, {"uid": change.uid, "found": "missing"}, signed=True)
    settle(delivery_id, Outcome("waiting_approval", "many_at_once", row.slot_id))


def _handle(system: Any, change: Change, *, approved: bool = False) -> None:
    payload = {"uid": change.uid, "found": change.action}
    handle(add_delivery(system.id, change, payload, signed=True), approved=approved)


def _of(system: Any) -> tuple[Any, ...]:
    return (
        ExternalBooking.org_id == current_actor().tenant,
        ExternalBooking.booking_system_id == system.id,
        ExternalBooking.status == "cancelled",
    )
