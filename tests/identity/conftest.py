"""People who sign in through the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from nexapp.identity.events import SignInCodeRequested
from tests.identity.people import ANA, TEXTED, Browser


@pytest.fixture
def texted() -> Iterator[list[SignInCodeRequested]]:
    """Every code asked for in this test, the newest last."""
    TEXTED.clear()
    yield TEXTED
    TEXTED.clear()


@pytest.fixture
def browser(app: Flask, texted: list[SignInCodeRequested]) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def new_browser(app: Flask, texted: list[SignInCodeRequested]) -> Callable[[], Browser]:
    return lambda: Browser(app.test_client())


@pytest.fixture
def owner(browser: Browser) -> Browser:
    """Signed in, with one business."""
    browser.sign_in(ANA)
    assert browser.found().status_code == 303
    return browser
