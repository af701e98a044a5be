"""Keys of the API, what it offers, and the plan."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant

NAMES = ["api_keys", "api_reference", "plan"]


def arrange(places: Any, merchant: Merchant) -> None:
    page = merchant.get("/settings/api-keys")
    typed: dict[str, str | list[str]] = {"name": "Reports", "scopes": ["notifications:read", "prospects:read"]}
    merchant.submit(page, "/settings/api-keys", **typed).expect(200)
    places.add(merchant, api_keys="/settings/api-keys", plan="/settings/plan")
    places.add(None, api_reference="/api")
