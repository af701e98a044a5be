"""A sales team's stages, prospects, activities and follow-ups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("stage", "prospect", "activity", "follow_up")
SAMPLES = {"stage_id": "stage", "prospect_id": "prospect", "activity_id": "activity", "follow_up_id": "follow_up"}


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, user = tenant["org"], tenant["user"]
    yield "prospect_stages", {"id": tenant["stage"], "org_id": org, "name": f"{mark} stage"}
    yield "prospects", {
        "id": tenant["prospect"], "org_id": org, "owner_id": user, "name": f"{mark} Prospect",
        "stage_id": tenant["stage"],
    }  # fmt: skip
    yield "activities", {
        "id": tenant["activity"], "org_id": org, "user_id": user, "prospect_id": tenant["prospect"], "kind": "call",
        "on_date": "2026-01-05", "details": {"mark": mark},
    }  # fmt: skip
    yield "follow_ups", {
        "id": tenant["follow_up"], "org_id": org, "owner_id": user, "prospect_id": tenant["prospect"],
        "due_at": "2100-01-01", "due_on": "2100-01-01", "time_zone": "America/New_York", "message": mark,
    }  # fmt: skip
