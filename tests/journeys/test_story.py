"""A cancellation becomes a booking: a merchant and two consumers, each in a window of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import fresh_phone, sql
from tests.journeys import acts
from tests.journeys.windows import DESKTOP, Windows

pytestmark = pytest.mark.browser

MOUNTAIN, TOKYO = "America/Denver", "Asia/Tokyo"
TIMES = {"09:30": "9:30 AM", "11:00": "11:00 AM", "14:15": "2:15 PM"}


@dataclass
class Person:
    name: str
    phone: str
    window: Page
    phone_tab: Page
    claim: Page | None = None

    @property
    def page(self) -> Page:
        assert self.claim
        return self.claim


def picture(page: Page, artefacts: Path, name: str) -> None:
    page.mouse.move(0, 0)
    # The default hides the caret by inline styles, which the page's policy refuses once a fragment is swapped.
    page.screenshot(path=artefacts / f"{name}.png", caret="initial")


def sign_up(merchant: Page) -> None:
    """The zone comes from the browser, the code from the local phone in another tab."""
    phone = fresh_phone()
    acts.ask_for_code(merchant, phone)
    with merchant.context.expect_page() as opened:
        merchant.get_by_role("link", name="Open it to read the code").click()
    code = acts.read_code(opened.value, phone)
    opened.value.close()
    merchant.get_by_label("The 6-digit code").fill(code)
    acts.press(merchant, "Sign in")
    expect(merchant.get_by_label("Time zone")).to_have_value(MOUNTAIN)
    acts.set_up_business(merchant, "Downtown Dental", "Dr. Smith")


def add_slots(merchant: Page) -> str:
    """Three drafts for tomorrow; the address of the first."""
    merchant.get_by_text("Client cancelled", exact=True).click()
    merchant.get_by_role("link", name="Another time").click()
    for at, words in TIMES.items():
        acts.fill_in_slot(merchant, acts.tomorrow(MOUNTAIN), at)
        acts.press(merchant, "Save as a draft")
        expect(merchant.get_by_role("heading", level=1)).to_contain_text(words)
        merchant.get_by_role("link", name="Slots").first.click()
        merchant.get_by_role("link", name="Add a slot").first.click()
    merchant.get_by_role("link", name="Slots").first.click()
    rows = merchant.get_by_role("row").filter(has_text="Draft")
    expect(rows).to_have_count(3)
    return str(rows.first.get_by_role("link").get_attribute("href"))


def join(windows: Windows, slug: str, name: str) -> Person:
    """Their phone shows another zone than the business's, and nothing may follow it."""
    window = windows.open(timezone_id=TOKYO)
    person = Person(name, fresh_phone(), window, acts.look_at_phone(window))
    acts.ask_to_join(window, slug, name, person.phone)
    acts.enter_join_code(window, acts.read_code(person.phone_tab, person.phone))
    return person


def open_slot(merchant: Page, address: str) -> None:
    merchant.goto(address)
    merchant.wait_for_load_state("networkidle")
    merchant.evaluate("window.marker = 'not loaded again'")
    acts.press(merchant, "Open and text the list")
    expect(merchant.get_by_text("Texting 2 people").first).to_be_visible()
    expect(merchant.locator("#slot").get_by_text("Delivered").first).to_be_visible()


def is_texted_once(person: Person) -> None:
    offers = acts.offers_on(person.phone_tab, person.phone)
    expect(offers).to_have_count(1)
    expect(offers).to_contain_text("Downtown Dental has a cancellation!")
    expect(offers).to_contain_text(TIMES["09:30"])


def look_at_offer(person: Person) -> None:
    person.claim = acts.tap_link(person.phone_tab, person.phone)
    expect(person.page.locator(".when")).to_contain_text("Tomorrow")
    expect(person.page.locator(".when")).to_contain_text("9:30 AM Mountain Time")
    expect(person.page.get_by_role("button", name="Hold this time for me")).to_be_visible()


def hold(anna: Person) -> None:
    acts.press(anna.page, "Hold this time for me")
    expect(anna.page.get_by_role("heading", name="Held for you")).to_be_visible()
    expect(anna.page.locator(".countdown")).to_have_text(re.compile(r"^2:\d\d left$"))


def sees_the_hold(merchant: Page, name: str) -> None:
    state = merchant.locator("#slot-state")
    expect(state).to_contain_text(f"{name} is holding it")
    expect(state.locator(".countdown")).to_have_text(re.compile(r"^2:\d\d left$"))


def sees_the_booking(merchant: Page, name: str) -> None:
    state = merchant.locator("#slot-state")
    expect(state.locator(".state-booked")).to_have_text(re.compile("Booked"))
    expect(state).to_contain_text(name)
    assert merchant.evaluate("window.marker") == "not loaded again"


def learns_that_it_is_gone(ben: Person) -> None:
    """The open page says so by itself; so does the link, tapped again."""
    for page in (ben.page, acts.tap_link(ben.phone_tab, ben.phone)):
        expect(page.get_by_role("heading", name="Just taken — you stay on the list")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)


def taps_too_late(windows: Windows, address: str) -> Page:
    """A page that doesn't change by itself still has its button."""
    window = windows.open(java_script_enabled=False)
    window.goto(address)
    expect(window.get_by_role("button", name="Hold this time for me")).to_be_visible()
    return window


def test_a_cancellation_becomes_a_booking(windows: Windows, stack: Stack, artefacts: Path) -> None:
    assert not sql(stack, "SELECT 1 FROM users UNION ALL SELECT 1 FROM consumers"), "the story begins with nothing"
    merchant = windows.open(DESKTOP, timezone_id=MOUNTAIN, color_scheme="light")
    sign_up(merchant)
    sql(stack, "UPDATE organizations SET quiet_starts = '00:00', quiet_ends = '00:00'")
    address = add_slots(merchant)
    anna, ben = (join(windows, "downtown-dental", name) for name in ("Anna Able", "Ben Baker"))

    open_slot(merchant, address)
    for person in (anna, ben):
        is_texted_once(person)
        look_at_offer(person)
    picture(anna.page, artefacts, "claim-page")
    late = taps_too_late(windows, ben.page.url)

    hold(anna)
    sees_the_hold(merchant, "Anna Able")
    learns_that_it_is_gone(ben)
    keep_pictures_of_the_hold(merchant, anna, ben, artefacts)
    acts.press(late, "Hold this time for me")
    expect(late.get_by_role("heading", name="Just taken — you stay on the list")).to_be_visible()

    acts.confirm(anna.page, "Anna Able")
    sees_the_booking(merchant, "Anna Able")
    learns_that_it_is_gone(ben)
    only_the_winner_is_told(anna, ben)
    picture(merchant, artefacts, "slot-booked")
    picture(anna.page, artefacts, "claim-booked")
    picture(anna.phone_tab, artefacts, "local-phone-narrow")


def keep_pictures_of_the_hold(merchant: Page, anna: Person, ben: Person, artefacts: Path) -> None:
    picture(merchant, artefacts, "slot-held")
    picture(anna.page, artefacts, "claim-held")
    picture(ben.page, artefacts, "claim-taken")
    home = merchant.context.new_page()
    home.goto("/home")
    expect(home.get_by_text("Anna Able is holding")).to_be_visible()
    picture(home, artefacts, "merchant-home")
    phones = acts.look_at_phone(merchant)
    picture(phones, artefacts, "local-phone")
    home.close()
    phones.close()


def only_the_winner_is_told(anna: Person, ben: Person) -> None:
    booked = re.compile(r"You're booked at Downtown Dental: .*9:30 AM")
    expect(acts.texts_on(anna.phone_tab, anna.phone).filter(has_text=booked)).to_have_count(1)
    # A code and one offer.
    expect(acts.texts_on(ben.phone_tab, ben.phone)).to_have_count(2)
