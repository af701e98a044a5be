"""A rep on a phone: plans in one tap, ticks off and takes back; a due step is sent with the words that were written."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, eventually, fresh_phone, sql
from tests.journeys.areas.follow_ups import add_prospect
from tests.journeys.windows import DESKTOP, Windows

pytestmark = pytest.mark.browser

LINES = "all => all.map(it => Math.round(it.offsetHeight / parseFloat(getComputedStyle(it).lineHeight)))"


def fits(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{page.url} is {width} px too wide"


def test_planned_in_one_tap_and_ticked_off_live(windows: Windows, stack: Stack) -> None:
    team = Merchant(stack).sign_up("Tap Sales", kind="sales")
    prospect = add_prospect(team, "Ana Ruiz")
    page, desk = windows.open(visitor=team), windows.open(DESKTOP, visitor=team)
    desk.goto("/follow-ups")
    expect(desk.get_by_text("Nothing to follow up")).to_be_visible()
    page.goto(prospect)
    fits(page)
    assert page.locator(".tap-time").evaluate_all(LINES) == [1, 1, 1]
    page.get_by_role("button", name="Tomorrow").click()
    expect(page.get_by_text("Nothing is planned.")).to_have_count(0)
    # The agenda on the desk has it without being reloaded.
    expect(desk.get_by_role("link", name="Ana Ruiz", exact=True)).to_be_visible()
    page.goto("/follow-ups")
    fits(page)
    done = page.get_by_role("button", name="Done Ana Ruiz")
    done.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing to follow up")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Ana Ruiz", exact=True)).to_be_visible()


def test_a_step_is_written_begun_and_sent(windows: Windows, stack: Stack) -> None:
    team = Merchant(stack).sign_up("Step Sales", kind="sales")
    phone = fresh_phone()
    prospect = add_prospect(team, "Ben Okafor")
    sql(stack, "UPDATE prospects SET phone = %s WHERE org_id = %s", phone, team.org_id)
    page = windows.open(visitor=team)
    page.goto("/sequences")
    page.get_by_role("link", name="New sequence").click()
    page.get_by_label("Name", exact=True).fill("Welcome")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Write what this step says.").last).to_be_visible()
    page.get_by_label("Words").fill("Hi {{first_name}}, ten minutes tomorrow?")
    page.get_by_role("button", name="Add a step").click()
    expect(page.get_by_label("Words")).to_have_count(2)
    page.get_by_label("Words").last.fill("Still there, {{first_name}}?")
    fits(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Welcome", level=1)).to_be_visible()
    fits(page)
    page.goto(prospect)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("1 prospect begins.").first).to_be_visible()
    page.goto("/follow-ups")
    page.get_by_role("link", name="Open the text for Ben Okafor").click()
    expect(page.get_by_label("Words")).to_have_value("Hi Ben, ten minutes tomorrow?")
    fits(page)
    page.get_by_role("button", name="Send as a text").click()
    expect(page.get_by_text("Welcome, step 2 of 2")).to_be_visible()
    sent = "Step Sales: Hi Ben, ten minutes tomorrow? Reply STOP to opt out."
    eventually(lambda: sent in team.phone_book.bodies(phone), 30, "the text")
