"""What goes wrong is said next to where it went wrong, and nothing that was typed is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, fresh_phone, sql
from tests.crowd import join_list, offer_slots
from tests.journeys import acts
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Careful Carpets")


def expect_refused(field: Locator, typed: str, words: str) -> None:
    """The field keeps what was typed and is described by its error."""
    expect(field).to_have_value(typed)
    expect(field).to_have_attribute("aria-invalid", "true")
    names = (field.get_attribute("aria-describedby") or "").split()
    described = " ".join(field.page.locator(f"#{name}").inner_text() for name in names)
    assert words in described, f"{words!r} is not in {described!r}"


def summary(page: Page) -> Locator:
    return page.locator("[data-error-summary]")


def test_a_wrong_number_is_kept_and_explained(windows: Windows) -> None:
    page = windows.open()
    page.goto("/sign-in")
    page.get_by_label("Your mobile number").fill("305 555")
    acts.press(page, "Text me a code")
    expect_refused(page.get_by_label("Your mobile number"), "305 555", "too short")


def test_joining_asks_for_what_is_missing(windows: Windows, merchant: Merchant) -> None:
    page = windows.open()
    page.goto(f"/b/{merchant.slug}")
    page.get_by_label("Your name").fill("Anna Able")
    page.get_by_label("Mobile number").fill("hello")
    acts.press(page, "Text me the code")
    expect(summary(page)).to_be_focused()
    expect_refused(page.get_by_label("Mobile number"), "hello", "not a phone number")
    expect(page.get_by_label("Your name")).to_have_value("Anna Able")
    expect(page.locator("#consent")).to_have_attribute("aria-describedby", "consent-error")
    summary(page).get_by_role("link", name="Mobile number").click()
    expect(page.get_by_label("Mobile number")).to_be_focused()


def test_a_wrong_code_on_the_list_says_so(windows: Windows, merchant: Merchant) -> None:
    page = windows.open()
    acts.ask_to_join(page, merchant.slug, "Anna Able", fresh_phone())
    page.get_by_label("Code").fill("00000")
    acts.press(page, "Join the waiting list")
    expect_refused(page.get_by_label("Code"), "00000", "6 digits")


def test_an_overlapping_slot_is_refused_in_words(windows: Windows, merchant: Merchant) -> None:
    page = windows.open(visitor=merchant)
    for _ in range(2):
        page.goto("/slots/new")
        acts.fill_in_slot(page, acts.tomorrow(merchant.zone), "19:00")
        page.get_by_label("Note").fill("Two rooms, stairs")
        acts.press(page, "Save as a draft")
        page.wait_for_load_state()
    expect(summary(page)).to_be_focused()
    expect(page.get_by_label("Start", exact=True)).to_have_value("19:00")
    expect(page.get_by_label("Note")).to_have_value("Two rooms, stairs")
    expect(page.get_by_label("Start", exact=True)).to_have_attribute("aria-invalid", "true")


def test_two_clicks_add_one_slot(windows: Windows, stack: Stack, merchant: Merchant) -> None:
    page = windows.open(visitor=merchant)
    page.goto("/slots/new")
    acts.fill_in_slot(page, acts.tomorrow(merchant.zone), "20:30")
    page.get_by_role("button", name="Save as a draft").dblclick()
    expect(page.locator("#slot-state")).to_contain_text("Draft")
    held = "SELECT count(*) AS slots FROM slots WHERE org_id = %s AND (starts_at AT TIME ZONE %s)::time = '20:30'"
    assert sql(stack, held, merchant.org_id, merchant.zone)[0].slots == 1


def test_two_taps_hold_and_book_once(windows: Windows, stack: Stack, merchant: Merchant) -> None:
    people = join_list(merchant, 1)
    (slot,) = offer_slots(merchant, [people])
    page = windows.open()
    page.goto(f"/c/{slot.tokens[0]}")
    page.get_by_role("button", name="Hold this time for me").dblclick()
    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()
    page.get_by_label("Your name").fill("Anna Able")
    page.get_by_role("button", name="Confirm this time").dblclick()
    expect(page.get_by_role("heading", name="You're booked")).to_be_visible()
    kinds = sql(stack, "SELECT kind FROM slot_events WHERE slot_id = %s AND kind IN ('held', 'booked')", slot.id)
    assert sorted(row.kind for row in kinds) == ["booked", "held"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/c/AbCdEfGhIjKlMnOpQrStUv", "We don't know this link"),
        ("/w/AbCdEfGhIjKlMnOpQrStUv", "link"),
        ("/b/nobody-at-all", "Not found"),
        ("/nothing/here", "Not found"),
    ],
)
def test_an_unknown_link_explains_itself(windows: Windows, path: str, words: str) -> None:
    page = windows.open()
    answer = page.goto(path)
    assert answer
    assert answer.status == 404
    expect(page.locator("main")).to_contain_text(words)


def test_a_link_to_a_past_time_says_so(windows: Windows, stack: Stack, merchant: Merchant) -> None:
    (slot,) = offer_slots(merchant, [join_list(merchant, 1)])
    sql(stack, "UPDATE slots SET starts_at = now() - interval '1 hour', ends_at = now() WHERE id = %s", slot.id)
    page = windows.open()
    page.goto(f"/c/{slot.tokens[0]}")
    expect(page.get_by_role("heading", name="This time has passed")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_spent_code_does_not_join_twice(windows: Windows, stack: Stack, merchant: Merchant) -> None:
    anna = Consumer(stack, fresh_phone())
    page = windows.open()
    acts.ask_to_join(page, merchant.slug, anna.name, anna.phone)
    address = page.url
    acts.enter_join_code(page, anna.await_code(anna.phone))
    page.goto(address)
    expect(page.get_by_role("heading", name="This code has ended")).to_be_visible()


def test_without_a_network_nothing_typed_is_lost(windows: Windows, merchant: Merchant) -> None:
    windows.allow(r"ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|WebSocket|htmx:(sendError|afterRequest)")
    page = windows.open(visitor=merchant)
    page.goto(f"/slots/{merchant.add_slot()}")
    page.get_by_text("Book it by hand").click()
    page.get_by_label("Name").fill("Walter Walk-in")
    page.context.set_offline(True)
    acts.press(page, "Book it")
    expect(page.locator("#toasts")).to_contain_text("No connection. What you typed is kept")
    expect(page.get_by_label("Name")).to_have_value("Walter Walk-in")
    page.context.set_offline(False)
    acts.press(page, "Book it")
    expect(page.locator("#slot-state")).to_contain_text("Walter Walk-in")


def test_a_refresh_keeps_what_was_typed(windows: Windows, merchant: Merchant) -> None:
    page = windows.open(visitor=merchant)
    page.goto(f"/slots/{merchant.add_slot()}")
    page.wait_for_load_state("networkidle")
    page.get_by_text("Book it by hand").click()
    page.get_by_label("Name").fill("Walter Walk-in")
    page.get_by_role("heading", level=1).click()
    page.evaluate("document.getElementById('slot').append(document.createElement('hr'))")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('slots-changed'))")
    expect(page.locator("#slot > hr")).to_have_count(0)
    expect(page.get_by_label("Name")).to_have_value("Walter Walk-in")


def test_back_shows_whole_pages(windows: Windows, stack: Stack) -> None:
    admin = Merchant(stack)
    admin.sign_in()
    sql(stack, "UPDATE users SET is_platform_admin = true WHERE phone = %s", admin.phone)
    admin.pass_second_factor()
    page = windows.open(visitor=admin)
    page.goto("/admin/errors")
    page.get_by_label("State").select_option("resolved")
    expect(page).to_have_url(re.compile("state=resolved"))
    page.get_by_role("link", name="Platform").click()
    expect(page.get_by_role("heading", name="Platform", level=1)).to_be_visible()
    for state in ("resolved", "open"):
        page.go_back()
        expect(page.get_by_label("State")).to_have_value(state)
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_page_from_before_the_sign_out_leads_to_the_sign_in(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Locked Lockers")
    page = windows.open(visitor=merchant)
    page.goto(f"/slots/{merchant.add_slot()}")
    page.wait_for_load_state("networkidle")
    sql(stack, "DELETE FROM user_sessions WHERE user_id = (SELECT id FROM users WHERE phone = %s)", merchant.phone)
    acts.press(page, "Open and text the list")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
