"""Summary rows of the figures. Marks to count again are made by triggers, with the rows of the slots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("text_figures",)
SAMPLES: dict[str, str] = {}


def rows(tenant: Any, mark: str, _area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, slot = tenant["org"], tenant["booked"]
    yield "slot_figures", {
        "org_id": org, "slot_id": slot, "staff_member_id": tenant["staff"], "starts_at": "2099-01-07 15:00Z",
        "outcome": "otherwise",
    }  # fmt: skip
    yield "slot_text_figures", {
        "id": tenant["text_figures"], "org_id": org, "slot_id": slot, "purpose": mark,
        "staff_member_id": tenant["staff"], "starts_at": "2099-01-07 15:00Z",
    }  # fmt: skip
    yield "figures_nights", {"org_id": org, "night": "2099-01-07"}
