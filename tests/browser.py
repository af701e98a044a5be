"""The one Chromium that browser tests drive: the machine's own, or none with the reason printed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from nexapp.local.browser import find_browser, launch_arguments, reason_without


def open_chromium(playwright: Playwright) -> Iterator[Browser]:
    """For a fixture of any scope: `yield from open_chromium(playwright)`."""
    path = find_browser()
    if path is None:
        pytest.skip(reason_without())
    browser = playwright.chromium.launch(executable_path=path, args=launch_arguments())
    yield browser
    browser.close()
