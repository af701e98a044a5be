"""Keys of the API and what they repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

NAMES = ("api_key", "api_caller")
SAMPLES = {"api_key_id": "api_key"}


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "api_keys", {
        "id": tenant["api_key"], "org_id": tenant["org"], "user_id": tenant["user"], "kind": "personal",
        "name": f"{mark} key", "hint": f"nxk_{mark}"[:10], "key_hash": hashlib.sha256(f"k-{mark}".encode()).digest(),
        "scopes": ["prospects:read"],
    }  # fmt: skip
    yield "api_replays", {
        "caller_id": tenant["api_caller"], "key": mark, "org_id": tenant["org"],
        "fingerprint": hashlib.sha256(mark.encode()).digest(), "status": 200,
    }  # fmt: skip
