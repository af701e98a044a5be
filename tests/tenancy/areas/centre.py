"""What a person may take back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("notice_undo", "notice_action")
SAMPLES = {"undo_id": "notice_undo", "action_kind": "notice_action"}


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "notification_undos", {
        "id": tenant["notice_undo"], "user_id": tenant["user"], "verb": "archive",
        "notification_ids": [tenant["notification"]],
    }  # fmt: skip
