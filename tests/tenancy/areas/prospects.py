"""A sales team's stages, prospects, activities and follow-ups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = (
    "stage", "won", "lost", "prospect", "activity", "follow_up", "prospect_event", "note", "prospect_view",
)  # fmt: skip
SAMPLES = {
    "stage_id": "stage", "prospect_id": "prospect", "activity_id": "activity", "follow_up_id": "follow_up",
    "note_id": "note", "move_id": "prospect_event", "view_id": "prospect_view",
}  # fmt: skip


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, user = tenant["org"], tenant["user"]
    yield "prospect_stages", {"id": tenant["stage"], "org_id": org, "name": f"{mark} stage"}
    for position, outcome in enumerate(("won", "lost"), 1):
        yield "prospect_stages", {
            "id": tenant[outcome], "org_id": org, "name": f"{mark} {outcome}", "outcome": outcome, "position": position,
        }  # fmt: skip
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
    about = {"org_id": org, "prospect_id": tenant["prospect"]}
    yield "prospect_events", about | {"id": tenant["prospect_event"], "kind": "changed", "details": {"words": mark}}
    yield "prospect_notes", about | {"id": tenant["note"], "author_id": user, "body": f"{mark} note"}
    yield "prospect_views", {
        "id": tenant["prospect_view"], "org_id": org, "user_id": user, "name": mark, "filters": {"q": mark},
        "is_shared": True,
    }  # fmt: skip
    # Addresses of both kinds of files take one id.
    imported = {"org_id": org, "import_id": tenant["import"]}
    yield "prospect_imports", {
        "id": tenant["import"], "org_id": org, "filename": f"{mark}.csv", "encoding": "utf-8",
        "delimiter": ",", "headers": '["Name"]', "has_headers": True, "row_count": 1, "part_count": 1,
    }  # fmt: skip
    yield "prospect_import_parts", imported | {"number": 0, "cells": f'[["{mark}"]]'}
    yield "prospect_import_keys", imported | {"key": f"e:{mark}@example.com", "row_number": 1}
