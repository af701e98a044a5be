"""A time came free over there: our slot opens, a new one or the one that was booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import Organization, StaffMember
from nexapp.slots.adding import LONGEST_MINUTES, SHORTEST_MINUTES
from nexapp.slots.booking_systems.elsewhere import list_booked_elsewhere
from nexapp.slots.history import record_event
from nexapp.slots.hours import refuse_blocked, refuse_closed, rules_at
from nexapp.slots.models import Service, Slot
from nexapp.slots.opening import free_slot, open_slot
from nexapp.slots.tokens import topic_token
from nexapp.slots.transitions import effective_status
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import NexError
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor, scoped

SHORTEST, LONGEST = timedelta(minutes=SHORTEST_MINUTES), timedelta(minutes=LONGEST_MINUTES)


@dataclass(frozen=True, slots=True)
class Outcome:
    code: str
    reason: str | None = None
    slot_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FreeTime:
    """`known_at`: when we were told; who booked here after that is somebody else."""

    staff_member_id: UUID
    starts_at: datetime
    ends_at: datetime
    known_at: datetime
    service: str = ""
    slot_id: UUID | None = None
    """The slot that this booking had filled."""
    source: str = "hook"


def open_time(free: FreeTime) -> Outcome:
    """Open it to the list, if it lies ahead and nobody else has it, here or there."""
    if free.starts_at <= now():
        return Outcome("past")
    if not SHORTEST <= free.ends_at - free.starts_at <= LONGEST:
        return Outcome("refused", "length")
    if not _takes_slots(free.staff_member_id):
        return Outcome("refused", "inactive")
    if list_booked_elsewhere([free.staff_member_id], free.starts_at, free.ends_at):
        return Outcome("left_alone", "taken_elsewhere")
    try:
        # A refusal leaves nothing behind: no draft that nobody asked for.
        with db.session.begin_nested():
            return _open(free)
    except NexError as error:
        return Outcome("refused", error.sentence)


def _open(free: FreeTime) -> Outcome:
    _refuse_absent(free)
    slots = _overlapping(free)
    ours = next((slot for slot in slots if slot.id == free.slot_id or _is_same(slot, free)), None)
    if ours is not None:
        return _reopen(ours, free)
    if slots:
        return Outcome("left_alone", "overlaps", slots[0].id)
    slot = _add(free)
    if slot is None:
        return Outcome("left_alone", "overlaps")
    open_slot(slot.id)
    return Outcome("opened", None, slot.id)


def _refuse_absent(free: FreeTime) -> None:
    """Nobody is asked to come on a closed day, or in a blocked time."""
    zone = db.session.scalar(select(Organization.time_zone).where(Organization.id == current_actor().tenant))
    rules = rules_at(str(zone), free.starts_at, free.ends_at)
    refuse_closed(rules, free.staff_member_id, free.starts_at)
    refuse_blocked(rules, free.staff_member_id, free.starts_at, free.ends_at)


def _reopen(slot: Any, free: FreeTime) -> Outcome:
    if slot.state == "draft":
        open_slot(slot.id)
        return Outcome("opened", None, slot.id)
    if slot.state == "open":
        return Outcome("left_alone", "already_open", slot.id)
    is_theirs = slot.id == free.slot_id or slot.booked_offer_id is None
    if slot.state == "booked" and is_theirs and slot.booked_at <= free.known_at:
        free_slot(slot.id)
        return Outcome("opened", None, slot.id)
    return Outcome("left_alone", "taken_here", slot.id)


def _is_same(slot: Any, free: FreeTime) -> bool:
    return bool(slot.starts_at == free.starts_at and slot.ends_at == free.ends_at)


def _overlapping(free: FreeTime) -> list[Any]:
    return overlapping_slots(free.staff_member_id, free.starts_at, free.ends_at)


def overlapping_slots(staff_member_id: UUID, starts_at: datetime, ends_at: datetime) -> list[Any]:
    """Our slots of this time that count, as they stand now, the earliest first."""
    return list(
        db.session.execute(
            scoped(Slot)
            .where(
                Slot.staff_member_id == staff_member_id, Slot.starts_at < ends_at, Slot.ends_at > starts_at,
                Slot.status.not_in(("cancelled", "expired")),
            )
            .with_only_columns(
                Slot.id, Slot.starts_at, Slot.ends_at, Slot.booked_offer_id, Slot.booked_at, Slot.held_until,
                Slot.pending_for,
                effective_status().label("state"),
            )
            .order_by(Slot.starts_at)
        )
    )  # fmt: skip


def _takes_slots(staff_member_id: UUID) -> bool:
    wanted = scoped(StaffMember).where(StaffMember.id == staff_member_id).with_only_columns(StaffMember.is_active)
    return db.session.scalar(wanted) is True


def _add(free: FreeTime) -> Any:
    service = _service(free.service)
    added = db.session.execute(
        insert(Slot)
        .values(
            id=new_id(), org_id=current_actor().tenant, staff_member_id=free.staff_member_id,
            service_id=service.id if service else None, price_cents=service.price_cents if service else None,
            starts_at=free.starts_at, ends_at=free.ends_at, status="draft", round=0, source=free.source,
            public_token=topic_token(), created_by=current_actor().user_id,
        )
        .on_conflict_do_nothing()
        .returning(Slot.id, Slot.org_id, Slot.round, Slot.public_token)
    ).first()  # fmt: skip
    if added is not None:
        record_event(added, "added", source=free.source)
        audit.record("slot.added", "slot", added.id, {"source": free.source})
    return added


def _service(name: str) -> Any:
    """Ours of the same name, with its price."""
    if not name:
        return None
    wanted = scoped(Service).where(Service.is_active, func.lower(Service.name) == name.lower())
    return db.session.execute(wanted.with_only_columns(Service.id, Service.price_cents).limit(1)).first()
