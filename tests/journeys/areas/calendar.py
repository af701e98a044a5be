"""The calendar, what it is set by, and the form that moves a slot."""

from __future__ import annotations

from typing import Any

NAMES = [
    "calendar_day", "calendar_week", "calendar_week_one", "calendar_none", "slot_move", "services", "hours", "blocks",
    "several",
]  # fmt: skip


def arrange(places: Any, merchant: Any) -> None:
    slot_id = merchant.open_slot()
    on = merchant.slot(slot_id).starts_at.date().isoformat()
    staff = merchant.slot(slot_id).staff_member_id
    places.add(
        merchant,
        calendar_day=f"/calendar?on={on}",
        calendar_week=f"/calendar?view=week&on={on}",
        calendar_week_one=f"/calendar?view=week&on={on}&staff={staff}",
        calendar_none="/calendar?on=2030-01-01",
        slot_move=f"/slots/{slot_id}/moves/new",
        services="/settings/services",
        hours="/settings/hours",
        blocks="/calendar/blocks",
        several="/slots/several",
    )
