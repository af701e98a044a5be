"""Rows of the other booking systems of a business."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("booking_system", "external_booking", "delivery", "staff_calendar")
SAMPLES = {"booking_system_id": "booking_system", "delivery_id": "delivery", "calendar_id": "staff_calendar"}


def rows(t: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    common = {"org_id": t["org"], "booking_system_id": t["booking_system"]}
    times = {"starts_at": "2099-01-08 15:00Z", "ends_at": "2099-01-08 15:30Z"}
    yield "booking_systems", {
        "id": t["booking_system"], "org_id": t["org"], "kind": "generic", "name": f"{mark} system",
        "token_hash": mark.encode(), "signing_key": f"{mark} key",
    }  # fmt: skip
    yield "booking_staff", common | {"reference": f"{mark} ref", "staff_member_id": t["staff"]}
    yield "external_bookings", common | times | {
        "id": t["external_booking"], "uid": f"{mark} uid", "status": "booked", "changed_at": "2026-01-01Z",
    }  # fmt: skip
    yield "booking_deliveries", common | times | {
        "id": t["delivery"], "action": "cancelled", "uid": f"{mark} uid", "signed": True, "payload": {"mark": mark},
        "outcome": "waiting_staff", "reference": f"{mark} stranger",
    }  # fmt: skip
    yield "staff_calendars", {
        "id": t["staff_calendar"], "org_id": t["org"], "staff_member_id": t["staff"], "token_hash": mark.encode(),
    }  # fmt: skip
