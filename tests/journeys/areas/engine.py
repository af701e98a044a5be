"""The console's page of what was not sent."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant

NAMES = ["unsent"]


def arrange(places: Any, _merchant: Merchant) -> None:
    places.add(places.paths["admin"][0], unsent="/admin/notices")
