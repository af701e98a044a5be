"""What people answered to suggestions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES: tuple[str, ...] = ()
SAMPLES: dict[str, str] = {}


def rows(tenant: Any, mark: str, _area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "notification_suggestions", {"user_id": tenant["user"], "name": f"off:{mark}", "is_taken": False}
