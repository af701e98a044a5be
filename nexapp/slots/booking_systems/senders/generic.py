"""Our own form, for everything else that can post JSON: `type` and a `booking`. In full: `docs/booking-systems.md`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from nexapp.slots.booking_systems.changes import BOOKED, CANCELLED, Change
from nexapp.slots.booking_systems.errors import Malformed
from nexapp.slots.booking_systems.senders import fields

ACTIONS = {"booked": BOOKED, "moved": BOOKED, "cancelled": CANCELLED, "canceled": CANCELLED}
MOST_MINUTES = 1440


def read(body: dict[str, Any], zone: str) -> list[Change]:
    kind = fields.words(body, "type")
    if kind == "test":
        return []
    if kind not in ACTIONS:
        raise Malformed(fields={"type": _("“type” is booked, moved, cancelled or test.")})
    booking, was = fields.part(body, "booking"), fields.maybe(body, "was")
    local = fields.zone_of(booking, "time_zone", zone)
    starts_at, ends_at = _span(booking, local)
    was_starts, was_ends = _span(was, local) if was else (None, None)
    return [
        Change(
            ACTIONS[kind], fields.uid(booking, "id"), starts_at, ends_at,
            staff_reference=fields.words(booking, "staff"), client=fields.words(booking, "client"),
            service=fields.words(booking, "service"), was_starts_at=was_starts, was_ends_at=was_ends,
            happened_at=fields.maybe_instant(body, "sent_at"),
        )
    ]  # fmt: skip


def _span(booking: dict[str, Any], zone: str) -> tuple[datetime, datetime]:
    starts_at = fields.instant(booking, "starts_at", zone)
    minutes = booking.get("minutes")
    if isinstance(minutes, int) and not isinstance(minutes, bool) and 0 < minutes <= MOST_MINUTES:
        return starts_at, starts_at + timedelta(minutes=minutes)
    return fields.span(starts_at, fields.instant(booking, "ends_at", zone))
