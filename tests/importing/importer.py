"""A manager's browser, and the workers behind it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from tests.people import Browser, words


class Importer:
    address: str
    """Where the files are."""

    def __init__(self, browser: Browser, run_jobs: Callable[[], None]) -> None:
        self.browser, self.run_jobs = browser, run_jobs

    def fields(self, address: str, chosen: dict[str, str]) -> dict[str, str]:
        """What is typed where the columns are named."""
        raise NotImplementedError

    def upload(self, content: str | bytes, filename: str = "people.csv") -> Any:
        raw = content.encode() if isinstance(content, str) else content
        return self.browser.post(self.address, file=(io.BytesIO(raw), filename))

    def check(self, content: str | bytes, **chosen: str) -> str:
        """Upload, name the columns, check; the address of the import."""
        answer = self.upload(content)
        assert answer.status_code == 303, words(answer)[:3000]
        address: str = answer.location
        mapped = self.browser.post(f"{address}/mapping", **self.fields(address, chosen))
        assert mapped.status_code == 303, words(mapped)[:5000]
        self.run_jobs()
        return address

    def run(self, content: str | bytes, **chosen: str) -> str:
        address = self.check(content, **chosen)
        assert self.browser.post(f"{address}/run").status_code == 303
        self.run_jobs()
        return address

    def undo(self, address: str) -> str:
        assert self.browser.post(f"{address}/undo").status_code == 303
        self.run_jobs()
        return self.browser.page(address)

    def counts(self, address: str) -> dict[str, int]:
        """As the page says them."""
        page = self.browser.page(address)
        found = re.findall(r'figure-value">([\d,]+)</div>\s*<div class="figure-label">([^<]+)', page)
        return {name: int(value.replace(",", "")) for value, name in found}
