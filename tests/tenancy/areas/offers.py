"""Rounds of offers, and several slots in one text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("slot_round", "bundle")
SAMPLES: dict[str, str] = {}


def rows(t: Any, mark: str, _area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    own = {"org_id": t["org"]}
    yield "slot_rounds", own | {
        "id": t["slot_round"], "slot_id": t["slot"], "round": 1, "mode": "everyone", "state": "done", "at_once": 1,
        "wait_minutes": 0,
    }  # fmt: skip
    yield "offer_bundles", own | {"id": t["bundle"], "consumer_id": t["consumer"], "token_hash": mark.encode()}
