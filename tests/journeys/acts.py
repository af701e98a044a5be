"""What people do on the pages, as they would: by the words they read, with the local phone in another tab."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.blackbox import CLAIM_LINK, CODE


def national(phone: str) -> str:
    """+15552000000 as Americans write it."""
    return f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}"


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words).click()


# The local phone


def look_at_phone(page: Page) -> Page:
    """A tab with everybody's phones."""
    tab = page.context.new_page()
    tab.goto("/dev/phone")
    return tab


def texts_on(tab: Page, phone: str) -> Locator:
    return tab.locator(f'article[data-number="{phone}"] .text.received .body')


def read_code(tab: Page, phone: str) -> str:
    """From the newest text, as a person reads it."""
    newest = texts_on(tab, phone).last
    expect(newest).to_contain_text(CODE)
    found = CODE.search(newest.inner_text())
    assert found
    return found.group()


def offers_on(tab: Page, phone: str) -> Locator:
    return texts_on(tab, phone).filter(has_text=re.compile(r"/c/"))


def tap_link(tab: Page, phone: str) -> Page:
    """Tap the newest claim link; the page that it opens."""
    link = offers_on(tab, phone).last.get_by_role("link")
    expect(link).to_have_text(CLAIM_LINK)
    with tab.context.expect_page() as opened:
        link.click()
    return opened.value


# The merchant


def ask_for_code(page: Page, phone: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign in or start").click()
    page.get_by_label("Your mobile number").fill(national(phone))
    press(page, "Text me a code")
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()


def set_up_business(page: Page, name: str, owner: str) -> None:
    page.get_by_label("Name of the business").fill(name)
    page.get_by_label("Your name").fill(owner)
    press(page, "Set up the business")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()


def tomorrow(zone: str) -> date:
    return datetime.now(ZoneInfo(zone)).date() + timedelta(days=1)


def fill_in_slot(page: Page, on: date, at: str) -> None:
    page.get_by_label("Day").fill(on.isoformat())
    page.get_by_label("Start", exact=True).fill(at)


# The consumer


def ask_to_join(page: Page, slug: str, name: str, phone: str) -> None:
    page.goto(f"/b/{slug}")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Mobile number").fill(national(phone))
    page.locator("#consent").check()
    press(page, "Text me the code")
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()


def enter_join_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    press(page, "Join the waiting list")
    expect(page.get_by_role("heading", name="Your place on the list")).to_be_visible()


def confirm(page: Page, name: str) -> None:
    page.get_by_label("Your name").fill(name)
    press(page, "Confirm this time")
    expect(page.get_by_role("heading", name="You're booked")).to_be_visible()
