"""What the jobs of a person's day and week leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("daily_top", "weekly_report")
SAMPLES = {"job_id": "job"}


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    whose = {"org_id": tenant["org"], "user_id": tenant["user"], "on_date": "2026-01-04"}
    yield "local_runs", whose | {"job": f"{mark} job"}
    yield "daily_top_prospects", whose | {"id": tenant["daily_top"], "hot": 1, "total": 1}
    yield "weekly_reports", whose | {"id": tenant["weekly_report"], "counts": {"mark": mark}}
    yield "quiet_spells", {
        "org_id": tenant["org"], "prospect_id": tenant["prospect"], "since": "2026-01-01T00:00Z"
    }  # fmt: skip
