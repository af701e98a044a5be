"""An open page in a real browser shows what others do, without being loaded again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, Phone
from tests.browser import open_chromium
from tests.crowd import join_list

pytestmark = [pytest.mark.slow, pytest.mark.browser]

BY_ITSELF_MS = 20_000
"""Before a page asks by itself again, which it does after half a minute, and only without a connection."""

SIGNAL_SECONDS = 0.8
POLLED_MS = 70_000
AFTER_RESTART_MS = 60_000


LISTEN = """() => {
    window.told = new Promise((done) => {
        let timer = 0;
        document.body.addEventListener("slots-changed", () => {
            clearTimeout(timer);
            timer = setTimeout(() => done(true), 2_000);
        });
    });
}"""
"""Until the last signal of a change has come; the booking's text makes some of its own."""

REFRESH_THE_INBOX = """() => new Promise((done) => {
    document.querySelector(".nav-badge").addEventListener("htmx:afterSettle", () => done(true), { once: true });
    document.body.dispatchEvent(new CustomEvent("inbox-changed"));
})"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    yield from open_chromium(playwright)


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Live Salon")


@pytest.fixture
def window(chromium: Browser, stack: Stack, merchant: Merchant) -> Iterator[BrowserContext]:
    """The merchant's browser, signed in."""
    context = chromium.new_context(base_url=stack.url, viewport={"width": 375, "height": 812})
    context.add_cookies([{"name": c.name, "value": str(c.value), "url": stack.url} for c in merchant.http.cookies.jar])
    yield context
    context.close()


@pytest.fixture
def anna(stack: Stack, merchant: Merchant, phone: Phone) -> Consumer:
    merchant.empty_list()
    (person,) = join_list(merchant, 1)
    return Consumer(stack, person.phone)


def open_page(window: BrowserContext, merchant: Merchant, anna: Consumer) -> tuple[Page, UUID]:
    """The page of an open slot whose text has arrived: nothing more is on its way."""
    slot_id = merchant.open_slot()
    anna.await_link()
    page = window.new_page()
    page.goto(f"/slots/{slot_id}")
    page.wait_for_load_state("networkidle")
    page.evaluate("window.marker = 'not loaded again'")
    return page, slot_id


def expect_unloaded(page: Page) -> None:
    assert page.evaluate("window.marker") == "not loaded again"


def test_the_slots_page_changes_by_itself(window: BrowserContext, merchant: Merchant, anna: Consumer) -> None:
    page, _ = open_page(window, merchant, anna)
    # Of many signals within a quarter second the last waits: let those of the text pass.
    page.wait_for_timeout(1_500)
    state = page.locator("#slot-state")

    anna.hold().expect(200)
    expect(state).to_contain_text("holding", timeout=BY_ITSELF_MS)
    anna.confirm("Anna Able").expect(200)
    expect(state).to_contain_text("Booked", timeout=BY_ITSELF_MS)
    expect(state).to_contain_text("Anna Able", timeout=BY_ITSELF_MS)
    expect_unloaded(page)


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "while another part of the page is refreshed"])
def test_a_change_during_a_refresh_is_shown_too(
    window: BrowserContext, merchant: Merchant, anna: Consumer, beside: bool
) -> None:
    page, _ = open_page(window, merchant, anna)
    page.wait_for_timeout(1_500)
    refreshes = []

    def answer_late(route: Route) -> None:
        """The first refresh shows the hold; the booking's signal has come when its answer does."""
        answer = route.fetch()
        refreshes.append(answer)
        if len(refreshes) == 1:
            # The hold's own last signal may be on its way still.
            time.sleep(SIGNAL_SECONDS)
            page.evaluate(LISTEN)
            anna.confirm("Anna Able").expect(200)
            page.evaluate("window.told")
            if beside:
                page.evaluate(REFRESH_THE_INBOX)
        route.fulfill(response=answer)

    page.route(f"{page.url}*", answer_late)
    anna.hold().expect(200)
    expect(page.locator("#slot-state")).to_contain_text("Booked", timeout=BY_ITSELF_MS)
    expect_unloaded(page)


def test_without_sockets_the_page_asks_by_itself(window: BrowserContext, merchant: Merchant, anna: Consumer) -> None:
    window.route_web_socket("**/socket.io/**", lambda line: line.close())
    window.route("**/socket.io/**", lambda route: route.abort())
    page, _ = open_page(window, merchant, anna)

    anna.hold().expect(200)
    expect(page.locator("#slot-state")).to_contain_text("holding", timeout=POLLED_MS)
    expect(page.locator("#connection")).to_be_visible()
    expect_unloaded(page)


def test_the_page_goes_on_after_redis_was_restarted(
    stack: Stack, window: BrowserContext, merchant: Merchant, anna: Consumer
) -> None:
    page, slot_id = open_page(window, merchant, anna)
    stack.kill("redis")
    page.wait_for_timeout(5_000)

    anna.hold().expect(200)
    expect(page.locator("#slot-state")).to_contain_text("holding", timeout=AFTER_RESTART_MS)
    merchant.submit(merchant.get(f"/slots/{slot_id}"), f"/slots/{slot_id}/release").expect(200)
    expect(page.locator("#slot-state")).to_contain_text("Open", timeout=BY_ITSELF_MS)
    expect_unloaded(page)
