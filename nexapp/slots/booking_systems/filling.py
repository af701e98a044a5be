"""A time was booked over there: our slot of that time is taken, so nobody else is offered it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from nexapp.slots import pending
from nexapp.slots.booking_systems.opening_times import Outcome, overlapping_slots
from nexapp.slots.claim_errors import NotWaitingForAnswer
from nexapp.slots.errors import SlotChanged
from nexapp.slots.opening import book_by_hand
from nexapp.spine.clock import now

LONGEST_NAME = 80
FREE = ("draft", "open")
GRACE = timedelta(seconds=2)
"""After a hold's end, so that its own job has said so."""
STRENGTH = ("noted", "filled", "approved", "waiting_hold", "conflict")
"""Of several slots under one booking, the outcome that matters most is shown."""


def fill_time(staff_member_id: UUID, starts_at: datetime, ends_at: datetime, client: str, system_name: str) -> Outcome:
    """Take every slot of ours that this booking lies on."""
    if ends_at <= now():
        return Outcome("past")
    name = (client or _("Booked in %(system)s", system=system_name))[:LONGEST_NAME]
    slots = overlapping_slots(staff_member_id, starts_at, ends_at)
    outcomes = [_fill(slot, starts_at, name) for slot in slots if slot.ends_at > now()]
    return max(outcomes, key=lambda outcome: STRENGTH.index(outcome.code), default=Outcome("noted"))


def slots_to_take(staff_member_id: UUID, starts_at: datetime, ends_at: datetime) -> list[Any]:
    """Ours that such a booking would change."""
    slots = overlapping_slots(staff_member_id, starts_at, ends_at)
    return [s for s in slots if s.ends_at > now() and (s.state in FREE or _is_handed_over(s, starts_at))]


def retry_at(outcome: Outcome, staff_member_id: UUID, starts_at: datetime, ends_at: datetime) -> datetime | None:
    """When to look again at a slot that somebody holds."""
    if outcome.code != "waiting_hold":
        return None
    held = [s.held_until for s in overlapping_slots(staff_member_id, starts_at, ends_at) if s.state == "held"]
    return max(held) + GRACE if held else now() + GRACE


def _fill(slot: Any, starts_at: datetime, name: str) -> Outcome:
    try:
        return _take(slot, starts_at, name)
    except (SlotChanged, NotWaitingForAnswer):
        # Somebody was faster by a moment; the next look finds what became of it.
        return Outcome("waiting_hold", "held", slot.id)


def _take(slot: Any, starts_at: datetime, name: str) -> Outcome:
    if slot.state in FREE:
        book_by_hand(slot.id, name)
        return Outcome("filled", None, slot.id)
    if slot.state == "held":
        return Outcome("waiting_hold", "held", slot.id)
    if _is_handed_over(slot, starts_at):
        pending.approve(slot.id)
        return Outcome("approved", None, slot.id)
    if slot.state == "pending":
        # They wait for the business, not for the other system: whose booking that is, only a person can tell.
        return Outcome("conflict", "asks_here", slot.id)
    if slot.starts_at == starts_at:
        return Outcome("noted", None, slot.id)
    return Outcome("conflict", "other_time", slot.id)


def _is_handed_over(slot: Any, starts_at: datetime) -> bool:
    """Who was sent on to the booking system has booked there."""
    return bool(slot.state == "pending" and slot.pending_for == "booking_system" and slot.starts_at == starts_at)
