"""Browser windows of people who know nothing of each other, watched for errors."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Response, WebError

from tests.blackbox import Visitor

PHONE, DESKTOP, NARROW = 375, 1280, 320
HEIGHTS = {PHONE: 812, DESKTOP: 900}
ENOUGH_MS = 30_000
"""A busy machine is slower, not wrong; only what never comes waits so long."""

REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""Chromium writes it for any refused form; whether the refusal is right is the test's matter."""


class Windows:
    def __init__(self, browser: Browser, address: str) -> None:
        self.troubles: list[str] = []
        self.allowed = [REFUSED]
        self._browser = browser
        self._address = address
        self._contexts: list[BrowserContext] = []

    def open(self, width: int = PHONE, *, visitor: Visitor | None = None, **options: object) -> Page:
        """A window with its own cookies, or with those of somebody who signed in over HTTP."""
        size = {"width": width, "height": HEIGHTS.get(width, 700)}
        context = self._browser.new_context(base_url=self._address, viewport=size, locale="en-US", **options)
        context.set_default_timeout(ENOUGH_MS)
        self._contexts.append(context)
        self._watch(context)
        if visitor:
            sign_in_as(context, visitor, self._address)
        return context.new_page()

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def take_troubles(self) -> list[str]:
        found, self.troubles = self.troubles, []
        return found

    def allow(self, pattern: str) -> None:
        """An error that the test itself causes."""
        self.allowed.append(re.compile(pattern))

    def _watch(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", self._note_error)
        context.on("response", self._note_answer)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(pattern.search(message.text) for pattern in self.allowed):
            self.troubles.append(f"console at {message.location.get('url')}: {message.text}")

    def _note_error(self, error: WebError) -> None:
        self.troubles.append(f"script: {error.error}")

    def _note_answer(self, answer: Response) -> None:
        if answer.status >= 500 or (answer.status >= 400 and "/static/" in answer.url):
            self.troubles.append(f"{answer.status} for {answer.request.method} {answer.url}")


def toasts(page: Page) -> Locator:
    """Where a page says what just happened: with scripts in their place, without them above its content. A moment
    later it says the same to screen readers, elsewhere."""
    return page.locator("#toasts, .flashes")


def sign_in_as(context: BrowserContext, visitor: Visitor, address: str) -> None:
    cookies = [{"name": c.name, "value": str(c.value), "url": address} for c in visitor.http.cookies.jar]
    context.add_cookies(cookies)
