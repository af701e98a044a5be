"""Sequences, the prospects in them, and what was done to follow-ups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("sequence", "sequence_step", "enrolment", "follow_up_change")
SAMPLES = {"sequence_id": "sequence", "enrolment_id": "enrolment", "change_id": "follow_up_change"}


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, user = tenant["org"], tenant["user"]
    yield "sequences", {"id": tenant["sequence"], "org_id": org, "name": f"{mark} sequence"}
    yield "sequence_steps", {
        "id": tenant["sequence_step"], "org_id": org, "sequence_id": tenant["sequence"], "position": 1,
        "wait_days": 0, "body": f"{mark} body",
    }  # fmt: skip
    yield "sequence_enrolments", {
        "id": tenant["enrolment"], "org_id": org, "sequence_id": tenant["sequence"],
        "prospect_id": tenant["prospect"], "owner_id": user,
    }  # fmt: skip
    yield "follow_up_changes", {
        "id": tenant["follow_up_change"], "org_id": org, "follow_up_id": tenant["follow_up"], "user_id": user,
        "kind": "snoozed", "before": {"mark": mark},
    }  # fmt: skip
