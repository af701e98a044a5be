"""Every page for everybody: axe-core in all looks, nothing wider than a small phone, targets that a thumb hits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from nexapp.local.stack import Stack
from tests.blackbox import Visitor
from tests.journeys import axe, places
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser

LEAST_PX = 24
CLAIM_LEAST_PX = 44


@pytest.fixture(scope="module")
def everywhere(stack: Stack) -> places.Places:
    return places.arrange(stack)


class Eyes:
    """One window for each visitor: what it loaded for one page it has for the next."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self._pages: dict[Visitor | None, Page] = {}

    def visit(self, who: Visitor | None, path: str) -> Page:
        if who not in self._pages:
            self._pages[who] = self.windows.open(visitor=who, reduced_motion="reduce")
        page = self._pages[who]
        page.goto(path)
        return page


@pytest.fixture(scope="module")
def eyes(chromium: Browser, stack: Stack) -> Iterator[Eyes]:
    windows = Windows(chromium, stack.url)
    yield Eyes(windows)
    windows.close()


@pytest.mark.parametrize("name", places.NAMES)
def test_anybody_can_use(eyes: Eyes, everywhere: places.Places, name: str) -> None:
    page = eyes.visit(*everywhere.paths[name])
    least = CLAIM_LEAST_PX if name in places.CLAIMS else LEAST_PX
    found = {
        "axe": axe.violations(page),
        "wider than 320 px": axe.overflowing(page),
        f"smaller than {least} px": axe.small_targets(page, least),
        "error": eyes.windows.take_troubles(),
    }
    wrong = [f"{kind}: {line}" for kind, lines in found.items() for line in lines]
    assert not wrong, "\n".join(wrong)


def test_every_place_is_looked_at(everywhere: places.Places) -> None:
    assert sorted(places.NAMES) == sorted(everywhere.paths)
