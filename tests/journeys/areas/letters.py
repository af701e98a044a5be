"""The page behind the link in a letter to a prospect."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant

NAMES = ["letters_unknown"]


def arrange(places: Any, _merchant: Merchant) -> None:
    places.add(None, letters_unknown="/e/not-a-link-of-ours")
