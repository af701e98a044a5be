"""Files that people upload, and a business that takes them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from tests.slots.conftest import other_shop, shop  # noqa: F401 - fixtures
from tests.slots.merchant_world import Browser, Shop

SOURCE = "They signed the list at our counter"
MAPPED = {"columns-0": "name", "columns-1": "phone", "source": SOURCE, "on_known": "update"}


class Importer:
    """A manager's browser, and the workers behind it."""

    def __init__(self, browser: Browser, run_jobs: Callable[[], None]) -> None:
        self.browser = browser
        self.run_jobs = run_jobs

    def upload(self, content: bytes | str, filename: str = "people.csv") -> Any:
        raw = content.encode() if isinstance(content, str) else content
        return self.browser.post("/waiting-list/imports", file=(io.BytesIO(raw), filename))

    def check(self, content: bytes | str, **mapping: str) -> str:
        """Upload, name the columns, check; the address of the import."""
        answer = self.upload(content)
        assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
        address: str = answer.location
        mapped = self.browser.post(f"{address}/mapping", **(mapping or MAPPED))
        assert mapped.status_code == 303, mapped.get_data(as_text=True)[:5000]
        self.run_jobs()
        return address

    def run(self, content: bytes | str, **mapping: str) -> str:
        address = self.check(content, **mapping)
        assert self.browser.post(f"{address}/run").status_code == 303
        self.run_jobs()
        return address

    def page(self, address: str) -> str:
        return unescape(self.browser.get(address).get_data(as_text=True))

    def counts(self, address: str) -> dict[str, int]:
        """As the page says them."""
        found = re.findall(r'figure-value">([\d,]+)</div>\s*<div class="figure-label">([^<]+)', self.page(address))
        return {name: int(value.replace(",", "")) for value, name in found}


@pytest.fixture
def importer(shop: Shop, run_jobs: Callable[[], None]) -> Importer:  # noqa: F811
    return Importer(shop.browser(), run_jobs)
