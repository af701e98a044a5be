"""Conversations, canned replies and versions of wordings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("canned",)
SAMPLES = {"template_id": "template", "reply_id": "canned", "inbound_id": "inbound"}


def rows(t: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org = t["org"]
    yield "canned_replies", {"id": t["canned"], "org_id": org, "title": f"{mark} title", "body": f"{mark} reply"}
    yield "conversations", {
        "org_id": org, "consumer_id": t["consumer"], "phone": f"+1{area}5550102", "last_body": mark,
    }  # fmt: skip
