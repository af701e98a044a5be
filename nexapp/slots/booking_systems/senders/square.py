"""Square: `booking.created` and `booking.updated`, the booking below `data.object`. Its `version` rises each time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from nexapp.slots.booking_systems.changes import BOOKED, CANCELLED, Change
from nexapp.slots.booking_systems.errors import Malformed
from nexapp.slots.booking_systems.senders import fields

TYPES = {"booking.created", "booking.updated"}
ACTIONS = {
    "PENDING": BOOKED, "ACCEPTED": BOOKED, "CANCELLED_BY_CUSTOMER": CANCELLED, "CANCELLED_BY_SELLER": CANCELLED,
    "DECLINED": CANCELLED,
}  # fmt: skip
"""A no-show changes nothing here: its time is over."""
MOST_MINUTES = 1440


def read(body: dict[str, Any], _zone: str) -> list[Change]:
    if body.get("type") not in TYPES:
        return []
    booking = fields.part(fields.part(fields.part(body, "data"), "object"), "booking")
    action = ACTIONS.get(fields.words(booking, "status"))
    if action is None:
        return []
    starts_at = fields.instant(booking, "start_at")
    version = booking.get("version")
    return [
        Change(
            action, fields.uid(booking, "id"), starts_at, starts_at + _length(booking),
            staff_reference=fields.words(fields.first(booking, "appointment_segments"), "team_member_id"),
            happened_at=fields.maybe_instant(booking, "updated_at") or fields.maybe_instant(body, "created_at"),
            version=version if isinstance(version, int) and 0 <= version < 2**53 else None,
        )
    ]  # fmt: skip


def _length(booking: dict[str, Any]) -> timedelta:
    """All its segments and the pauses between them."""
    segments = booking.get("appointment_segments")
    listed = [s for s in segments if isinstance(s, dict)] if isinstance(segments, list) else []
    minutes = sum(_minutes(s, "duration_minutes") + _minutes(s, "intermission_minutes") for s in listed)
    if not 0 < minutes <= MOST_MINUTES:
        raise Malformed(fields={"appointment_segments": _("The booking's segments say no length.")})
    return timedelta(minutes=minutes)


def _minutes(segment: dict[str, Any], name: str) -> int:
    found = segment.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= MOST_MINUTES else 0
