"""Setting what one is told, on a phone: kept at once, live in the other tab, by keys, and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, eventually, sql
from tests.journeys.windows import NARROW, Windows

pytestmark = pytest.mark.browser
PAGE = "/notification-settings"


def kept(stack: Stack, merchant: Merchant) -> dict[str, bool]:
    rows = sql(
        stack,
        "SELECT p.name, p.channel, p.is_on FROM notification_preferences p JOIN users u ON u.id = p.user_id"
        " WHERE u.phone = %s",
        merchant.phone,
    )
    return {f"{row.name}.{row.channel}": row.is_on for row in rows}


def first_switch(page: Page) -> str:
    """The name of the first e-mail switch of the matrix."""
    return str(page.locator("#notice-matrix input[name$='.email']:not([disabled])").first.get_attribute("name"))


def test_a_switch_keeps_itself_and_moves_in_the_other_tab(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Switching Salon")
    phone = windows.open(NARROW, visitor=merchant)
    phone.goto(PAGE)
    other = phone.context.new_page()
    other.goto(PAGE)
    name = first_switch(phone)
    before = phone.locator(f"[name='{name}']").is_checked()
    phone.locator(f".switch-tap:has([name='{name}'])").click()
    expect(phone.locator(f".switch-cell:has([name='{name}']) .saved")).to_be_visible()
    expect(phone.locator("#announcer")).to_have_text("Saved")
    expect(other.locator(f"[name='{name}']")).to_be_checked(checked=not before)
    assert kept(stack, merchant) == {name: not before}
    # By key, too; the focus stays where it is.
    phone.locator(f"[name='{name}']").focus()
    phone.keyboard.press("Space")
    expect(other.locator(f"[name='{name}']")).to_be_checked(checked=before)
    expect(phone.locator(f"[name='{name}']")).to_be_focused()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_quiet_hours_and_pause_on_a_phone(windows: Windows, stack: Stack) -> None:
    phone = windows.open(visitor=Merchant(stack).sign_up("Quiet Salon"))
    phone.goto(PAGE)
    phone.get_by_label("From", exact=True).select_option("08:00")
    expect(phone.locator("#notice-quiet")).to_contain_text("Choose an end that differs from the start.")
    phone.get_by_label("From", exact=True).select_option("22:00")
    expect(phone.locator("#notice-quiet .saved")).to_be_visible()
    phone.get_by_label("Keep quiet at night").check()
    expect(phone.locator("#notice-quiet .saved")).to_be_visible()
    phone.get_by_text("Pause everything").click()
    phone.get_by_label("For 4 hours").check()
    phone.get_by_role("button", name="Pause").click()
    expect(phone.get_by_text("Nothing is sent to you until")).to_be_visible()
    phone.get_by_role("button", name="Go on now").click()
    expect(phone.get_by_text("Pause everything")).to_be_visible()


def test_a_switch_that_was_not_kept_goes_back(windows: Windows, stack: Stack) -> None:
    phone = windows.open(visitor=Merchant(stack).sign_up("Tunnel Salon"))
    windows.allow("ERR_FAILED|Failed to load resource|htmx:")
    phone.goto(PAGE)
    name = first_switch(phone)
    before = phone.locator(f"[name='{name}']").is_checked()
    phone.route("**/switches/**", lambda route: route.abort())
    phone.locator(f".switch-tap:has([name='{name}'])").click()
    expect(phone.locator("#toasts .toast")).to_be_visible()
    expect(phone.locator(f"[name='{name}']")).to_be_checked(checked=before)


def test_the_settings_need_no_script(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Plain Salon")
    phone = windows.open(visitor=merchant, java_script_enabled=False)
    phone.goto(PAGE)
    name = first_switch(phone)
    before = phone.locator(f"[name='{name}']").is_checked()
    phone.locator(f"[name='{name}']").set_checked(not before)
    phone.locator("#notice-matrix").get_by_role("button", name="Save").click()
    expect(phone.locator(f"[name='{name}']")).to_be_checked(checked=not before)
    eventually(lambda: kept(stack, merchant) == {name: not before}, 30, "the switch is kept")
