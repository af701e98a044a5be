"""Planned reminders of bookings and choices asked for by text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("reminder", "reply_choice", "reminder_text")
SAMPLES: dict[str, str] = {}


def rows(t: Any, mark: str, _area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    own = {"org_id": t["org"]}
    yield "booking_reminders", own | {
        "id": t["reminder"], "slot_id": t["slot"], "offer_id": t["offer"], "minutes": 120,
        "starts_at": "2099-01-05 15:00Z", "send_at": "2099-01-05 13:00Z", "message_id": t["reminder_text"],
    }  # fmt: skip
    yield "reply_choices", own | {
        "id": t["reply_choice"], "consumer_id": t["consumer"], "inbound_id": t["inbound"], "number": 1,
        "offer_id": t["offer"],
    }  # fmt: skip
