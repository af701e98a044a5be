"""Addresses that a sales team wrote to, and who asked it not to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("letter_address",)
SAMPLES: dict[str, str] = {}


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "letter_addresses", {
        "id": tenant["letter_address"], "org_id": tenant["org"], "email": f"{mark}@letters.example".lower(),
        "stopped_at": "2026-01-05",
    }  # fmt: skip
