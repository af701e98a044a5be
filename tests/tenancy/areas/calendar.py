"""Hours, blocked times, patterns and moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("opening_hours", "hour_exception", "blocked_time", "slot_pattern", "slot_move")
SAMPLES = {
    "exception_id": "hour_exception", "block_id": "blocked_time", "pattern_id": "slot_pattern", "move_id": "slot_move",
}  # fmt: skip


def rows(t: Any, mark: str, _area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    own = {"org_id": t["org"]}
    yield "service_staff", own | {"service_id": t["service"], "staff_member_id": t["staff"]}
    yield "opening_hours", own | {"id": t["opening_hours"], "weekday": 0, "opens": "09:00", "closes": "17:00"}
    yield "hour_exceptions", own | {"id": t["hour_exception"], "on_date": "2099-12-25", "note": f"{mark} holiday"}
    yield "blocked_times", own | {
        "id": t["blocked_time"], "starts_on": "2099-03-02", "starts": "12:00", "ends_on": "2099-03-02",
        "ends": "13:00", "note": f"{mark} lunch",
    }  # fmt: skip
    yield "slot_patterns", own | {"id": t["slot_pattern"], "name": f"{mark} mornings", "plan": {"name": mark}}
    yield "slot_moves", own | {
        "id": t["slot_move"], "slot_id": t["draft"], "sequence": 0, "status": "draft", "from_staff_id": t["staff"],
        "from_starts_at": "2099-01-06 16:00Z", "from_ends_at": "2099-01-06 16:30Z",
        "known_staff_id": t["staff"], "known_starts_at": "2099-01-06 16:00Z",
        "known_ends_at": "2099-01-06 16:30Z",
    }  # fmt: skip
