"""What open pages hear of notices: the new count for the badge, and what came back. What is new, they ask for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from nexapp.spine.realtime import publish_each

CHANGED, BACK = "notices-changed", "notice-back"
_TOPICS_AT_ONCE = 1000


def topic_of(user_id: UUID | str) -> str:
    return f"user:{user_id}"


def signal_count(user_id: UUID, unread: int, counted_at: float | None = None) -> None:
    """Tell a person's pages their new count; `at` orders two that arrive the wrong way round."""
    name = topic_of(user_id)
    payload = {"unread": unread, "at": counted_at or time.time()}
    publish_each([name], CHANGED, payload, key=("signal", name, CHANGED))


def signal_back(user_id: UUID, notice: dict[str, Any]) -> None:
    """For a toast: pages that ask what is new don't learn of what was made long ago."""
    publish_each([topic_of(user_id)], BACK, notice)


def signal_crowd(user_ids: Iterable[UUID | str]) -> None:
    """Tell many that something changed: their pages ask for their own count."""
    names = [topic_of(user_id) for user_id in user_ids]
    for batch in _batches(names):
        publish_each(batch, CHANGED, {})


def _batches(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[n : n + _TOPICS_AT_ONCE] for n in range(0, len(names), _TOPICS_AT_ONCE))
