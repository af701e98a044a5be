"""Cal.com: `triggerEvent`, `createdAt` and a `payload` that is the booking. A rescheduled booking has a new uid."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from nexapp.slots.booking_systems.changes import BOOKED, CANCELLED, Change
from nexapp.slots.booking_systems.senders import fields

MADE = {"BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_CONFIRMED"}
GONE = {"BOOKING_CANCELLED", "BOOKING_REJECTED"}


def read(body: dict[str, Any], _zone: str) -> list[Change]:
    trigger = fields.words(body, "triggerEvent")
    if trigger not in MADE | GONE:
        return []
    booking = fields.part(body, "payload")
    change = _change(body, booking, CANCELLED if trigger in GONE else BOOKED)
    return _with_old(booking, change) if trigger == "BOOKING_RESCHEDULED" else [change]


def _change(body: dict[str, Any], booking: dict[str, Any], action: str) -> Change:
    starts_at, ends_at = fields.span(fields.instant(booking, "startTime"), fields.instant(booking, "endTime"))
    organizer, attendee = fields.maybe(booking, "organizer"), fields.first(booking, "attendees")
    return Change(
        action, fields.uid(booking, "uid"), starts_at, ends_at,
        staff_reference=fields.words(organizer, "email") or fields.words(organizer, "username"),
        staff_name=fields.words(organizer, "name"), client=fields.words(attendee, "name"),
        service=fields.words(booking, "eventTitle"), happened_at=fields.maybe_instant(body, "createdAt"),
        # The host asks for another time: this one is free, and the client will choose anew.
        moved=booking.get("requestReschedule") is True,
    )  # fmt: skip


def _with_old(booking: dict[str, Any], change: Change) -> list[Change]:
    """The new booking, then the one that was there before, under the uid that it had."""
    old, starts_at, ends_at = fields.words(booking, "rescheduleUid"), *_old_times(booking)
    if not old or old == change.uid:
        return [replace(change, was_starts_at=starts_at, was_ends_at=ends_at)]
    gone = replace(change, action=CANCELLED, uid=old, starts_at=starts_at, ends_at=ends_at, client="", moved=True)
    return [change, gone]


def _old_times(booking: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    starts_at, ends_at = (fields.maybe_instant(booking, f"reschedule{end}Time") for end in ("Start", "End"))
    return (starts_at, ends_at) if starts_at and ends_at and starts_at < ends_at else (None, None)
