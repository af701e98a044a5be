"""People and rows for the platform's pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nexapp.spine.ids import new_id


@pytest.fixture
def add_text(owner_sql: Callable[..., list[Any]]) -> Callable[..., None]:
    """One text in the given state, sent just now."""

    def add(status: str, body: str = "Hello") -> None:
        owner_sql(
            "INSERT INTO messages (id, lane, purpose, to_phone, body, segments, status, attempts, attempted_at)"
            " VALUES (%s, 3, 'slot_available', '+12125550101', %s, 1, %s, 1, now())",
            new_id(), body, status,
        )  # fmt: skip

    return add
