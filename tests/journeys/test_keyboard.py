"""Without a mouse: Tab, Enter and Space reach everything, and show where one is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, fresh_phone
from tests.journeys import acts
from tests.journeys.windows import DESKTOP, Windows

pytestmark = pytest.mark.browser

MOST_STOPS = 60
HAS_FOCUS = "element => element === document.activeElement"
SHOWS_FOCUS = """() => {
  // On the body, the browser's own bar has it.
  if (document.activeElement === document.body) return true;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
}"""


def tab_to(target: Locator) -> None:
    """Press Tab until the target has the focus; every stop on the way shows that it has it."""
    page = target.page
    expect(target).to_be_visible()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert page.evaluate(SHOWS_FOCUS), f"no visible focus on {stop}"
        if target.evaluate(HAS_FOCUS):
            return
    raise AssertionError(f"{target} can't be reached by Tab")


def press_on(target: Locator, key: str = "Enter") -> None:
    tab_to(target)
    target.page.keyboard.press(key)


def type_in(target: Locator, words: str) -> None:
    tab_to(target)
    target.page.keyboard.type(words)


def button(page: Page, words: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("button", name=words)


def sign_up(page: Page, merchant: Merchant) -> None:
    page.goto("/sign-in")
    expect(page.get_by_label("Your mobile number")).to_be_focused()
    page.keyboard.type(acts.national(merchant.phone))
    page.keyboard.press("Enter")
    expect(page.get_by_label("The 6-digit code")).to_be_focused()
    page.keyboard.type(merchant.await_code(merchant.phone))
    page.keyboard.press("Enter")
    type_in(page.get_by_label("Name of the business"), "Keys and Locks")
    type_in(page.get_by_label("Your name"), "Kay Keeper")
    press_on(button(page, "Set up the business"), "Space")


def add_slot(page: Page) -> None:
    press_on(page.locator("#client-cancelled > summary"))
    press_on(page.get_by_role("link", name="Another time"))
    # The parts of a date and a time are typed as the browser's language orders them.
    type_in(page.get_by_label("Day"), acts.tomorrow("America/New_York").strftime("%m%d%Y"))
    type_in(page.get_by_label("Start", exact=True), "0930AM")
    press_on(button(page, "Open and text the list"))
    expect(page.locator("#slot-state")).to_contain_text("Open")


def think_again(page: Page) -> None:
    """A dialog takes the focus, gives it back on Escape, and does nothing by that."""
    opener = page.locator("button[data-dialog=cancel]")
    press_on(opener)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("element => element.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_merchant_needs_no_mouse(windows: Windows, stack: Stack) -> None:
    page = windows.open(DESKTOP, timezone_id="America/New_York")
    sign_up(page, Merchant(stack))
    add_slot(page)
    think_again(page)
    page.keyboard.press("Enter")
    press_on(page.get_by_role("dialog").get_by_role("button", name="Cancel the slot"), "Space")
    expect(page.locator("#slot-state")).to_contain_text("Cancelled")


def test_a_consumer_needs_no_mouse(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Keyboard Kitchen")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    merchant.open_slot()
    page = windows.open()
    page.goto(anna.await_link())
    press_on(button(page, "Hold this time for me"))
    name = page.get_by_label("Your name")
    tab_to(name)
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("Anna Able")
    press_on(button(page, "Confirm this time"), "Space")
    expect(page.get_by_role("heading", name="You're booked")).to_be_visible()


def test_the_first_stop_skips_to_the_content(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Shortcut Salon")
    page = windows.open(visitor=merchant)
    page.goto("/slots")
    skip = page.get_by_role("link", name="Skip to the content")
    press_on(skip)
    expect(page.locator("main")).to_be_focused()


def test_a_menu_opens_and_closes_by_keys(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Menu Manicures")
    page = windows.open(visitor=merchant)
    page.goto("/slots")
    menu = page.locator("details[data-menu] > summary").last
    press_on(menu)
    expect(button(page, "Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button(page, "Sign out")).to_be_hidden()
    expect(menu).to_be_focused()


def menu_link(page: Page, words: str) -> Locator:
    return page.get_by_role("navigation", name="Main").get_by_role("link", name=words, exact=True)


def found_team(page: Page, team: Merchant) -> None:
    page.goto("/sign-in")
    page.keyboard.type(acts.national(team.phone))
    page.keyboard.press("Enter")
    expect(page.get_by_label("The 6-digit code")).to_be_focused()
    page.keyboard.type(team.await_code(team.phone))
    page.keyboard.press("Enter")
    tab_to(page.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    expect(page.locator('[name="kind"][value="sales"]')).to_be_checked()
    type_in(page.get_by_label("Name of the business"), "Keys and Leads")
    type_in(page.get_by_label("Your name"), "Kay Keeper")
    press_on(button(page, "Set up the business"))
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()


def add_prospect(page: Page) -> None:
    press_on(menu_link(page, "Prospects"))
    press_on(page.get_by_role("link", name="Add a prospect"))
    type_in(page.get_by_label("Name", exact=True), "Ana Ruiz")
    type_in(page.get_by_label("Phone"), "(312) 555-0142")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ana Ruiz", level=1)).to_be_visible()


def plan_tomorrow(page: Page) -> None:
    """The tap is where it was, and still under the fingers, when the panel has come back."""
    press_on(button(page, re.compile("^Tomorrow")))
    expect(page.get_by_text("Nothing is planned.")).to_have_count(0)
    expect(page.locator("#follow-up-panel :focus, #follow-up-panel:focus")).to_have_count(1)


def move_on_the_board(page: Page) -> None:
    press_on(menu_link(page, "Prospects"))
    press_on(page.get_by_role("link", name="Board"))
    tab_to(page.get_by_role("link", name="Ana Ruiz"))
    for key in ("m", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    moved = page.get_by_role("region", name="Qualified", exact=True).get_by_role("link", name="Ana Ruiz")
    expect(moved).to_be_visible()
    expect(moved).to_be_focused()


def tick_off(page: Page) -> None:
    press_on(menu_link(page, "Follow-ups"))
    press_on(button(page, "Done Ana Ruiz"))
    expect(page.get_by_text("Nothing to follow up")).to_be_visible()
    press_on(button(page, "Undo"))
    expect(page.get_by_role("link", name="Ana Ruiz", exact=True)).to_be_visible()


def switch_off_a_way(page: Page) -> None:
    press_on(menu_link(page, "Settings"))
    press_on(page.get_by_role("main").get_by_role("link", name=re.compile("^Notifications")))
    switch = page.get_by_role("switch", name=re.compile("Follow-up reminders.*E-mail")).first
    tab_to(switch)
    was = switch.is_checked()
    page.keyboard.press("Space")
    expect(switch).to_be_checked(checked=not was)
    expect(switch).to_be_focused()


def pause(page: Page) -> None:
    """The button is gone with what it did: one goes on in its place, not at the top of the page."""
    press_on(page.locator("#pause-details > summary"))
    press_on(button(page, "Pause"))
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    expect(page.locator("#notice-pause")).to_be_focused()
    press_on(button(page, "Go on now"))
    expect(page.locator("#notice-pause")).to_be_focused()


def test_a_sales_team_needs_no_mouse(windows: Windows, stack: Stack) -> None:
    page = windows.open(DESKTOP, timezone_id="America/New_York")
    found_team(page, Merchant(stack))
    add_prospect(page)
    plan_tomorrow(page)
    move_on_the_board(page)
    tick_off(page)
    switch_off_a_way(page)
    pause(page)
