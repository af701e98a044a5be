"""One running stack and one Chromium for all journeys; each test opens windows of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect

from nexapp.local.stack import Stack
from tests import blackbox
from tests.browser import open_chromium
from tests.journeys.windows import ENOUGH_MS, Windows

expect.set_options(timeout=ENOUGH_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The story comes first: it begins with an empty database."""
    here = Path(__file__).parent
    places = [place for place, item in enumerate(items) if item.path.parent == here]
    ordered = sorted((items[place] for place in places), key=lambda item: item.path.name != "test_story.py")
    for place, item in zip(places, ordered, strict=True):
        items[place] = item


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    yield from open_chromium(playwright)


@pytest.fixture(scope="package")
def stack(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with blackbox.running_stack(tmp_path_factory.mktemp("journeys"), web_processes=2) as running:
        yield running


@pytest.fixture
def windows(chromium: Browser, stack: Stack) -> Iterator[Windows]:
    """Any error in a window's console, script or answers fails the test at its end."""
    windows = Windows(chromium, stack.url)
    yield windows
    windows.close()
    assert not windows.troubles, "\n".join(windows.troubles)
