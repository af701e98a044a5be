"""Scores and their reasons, streaks, missions, coins, achievements, insights and pitch decks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

NAMES = ("score_change", "mission_completion", "coin_entry", "achievement", "insight", "deck")
SAMPLES = {"deck_id": "deck"}
DAY = "2026-01-05"


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, user, prospect = tenant["org"], tenant["user"], tenant["prospect"]
    own = {"org_id": org, "user_id": user}
    yield "score_weights", {
        "org_id": org, "recency": 30, "replies": 25, "meetings": 20, "fit": 15, "value": 10,
        "full_value_cents": 1_000_000, "fit_words": [mark],
    }  # fmt: skip
    yield "score_changes", {
        "id": tenant["score_change"], "org_id": org, "prospect_id": prospect, "before": 0, "after": 30,
        "parts_before": {}, "parts": {"recency": 30, "mark": mark}, "cause": "activity", "changed_at": "2026-01-05Z",
    }  # fmt: skip
    yield "active_days", own | {"on_date": DAY}
    yield "streaks", own | {
        "current_days": 1, "longest_days": 1, "total_days": 1, "started_on": DAY, "last_on": DAY,
        "alive_until": "2026-01-08",
    }  # fmt: skip
    yield "mission_completions", own | {
        "id": tenant["mission_completion"], "mission": "calls", "starts_on": DAY, "coins": 10,
    }  # fmt: skip
    yield "coin_balances", own | {"balance": 10}
    yield "coin_entries", own | {
        "id": tenant["coin_entry"], "amount": 10, "balance": 10, "reason": "mission", "entry_key": mark, "on_date": DAY,
    }  # fmt: skip
    yield "achievements", own | {"id": tenant["achievement"], "name": "streak_7"}
    yield "insights", own | {
        "id": tenant["insight"], "rule": "hot_alone", "week_on": DAY, "prospect_id": prospect,
        "evidence": {"name": mark, "score": 90, "count": 1},
    }  # fmt: skip
    yield "pitch_decks", {
        "id": tenant["deck"], "org_id": org, "prospect_id": prospect, "user_id": user, "title": f"{mark} deck",
        "slides": json.dumps([{"title": mark, "lines": []}]),
    }  # fmt: skip
