"""The same story with scripts switched off: forms, links and reloads alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, fresh_phone, sql
from tests.journeys import acts
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser


def sign_in(window: Page, merchant: Merchant) -> None:
    known = len(merchant.phone_book.texts(merchant.phone))
    acts.ask_for_code(window, merchant.phone)
    window.get_by_label("The 6-digit code").fill(merchant.await_code(merchant.phone, known))
    acts.press(window, "Sign in")
    expect(window.get_by_role("heading", name="Today", exact=True)).to_be_visible()


def open_slot(window: Page, merchant: Merchant) -> None:
    window.get_by_text("Client cancelled", exact=True).click()
    window.get_by_role("link", name="Another time").click()
    acts.fill_in_slot(window, acts.tomorrow(merchant.zone), "10:00")
    acts.press(window, "Open and text the list")
    expect(window.get_by_text("Texting 1 person.")).to_be_visible()
    expect(window.locator("#slot-state")).to_contain_text("Open")


def join(window: Page, merchant: Merchant, anna: Consumer) -> None:
    acts.ask_to_join(window, merchant.slug, anna.name, anna.phone)
    acts.enter_join_code(window, anna.await_code(anna.phone))


def claim(window: Page, anna: Consumer) -> None:
    window.goto(anna.await_link())
    acts.press(window, "Hold this time for me")
    expect(window.get_by_role("heading", name="Held for you")).to_be_visible()
    expect(window.locator("time[data-countdown]")).to_contain_text("until")
    acts.confirm(window, "Anna B. Able")


def test_a_slot_is_filled_without_scripts(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Plain Paper Barbers")
    anna = Consumer(stack, fresh_phone())
    counter, pocket = (windows.open(java_script_enabled=False) for _ in range(2))

    join(pocket, merchant, anna)
    sign_in(counter, merchant)
    open_slot(counter, merchant)
    claim(pocket, anna)

    counter.reload()
    state = counter.locator("#slot-state")
    expect(state).to_contain_text("Booked")
    expect(state).to_contain_text("Anna B. Able")


def test_a_hold_is_given_back_without_scripts(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Plain Paper Tailors")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    merchant.open_slot()
    window = windows.open(java_script_enabled=False)
    window.goto(anna.await_link())
    acts.press(window, "Hold this time for me")
    acts.press(window, "Give it back")
    expect(window.get_by_text("You gave it back.")).to_be_visible()
    expect(window.get_by_role("button", name="Hold this time for me")).to_be_visible()


def test_dialogs_are_plain_buttons_without_scripts(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Plain Paper Opticians")
    slot_id = merchant.add_slot()
    window = windows.open(java_script_enabled=False, visitor=merchant)
    window.goto(f"/slots/{slot_id}")
    window.locator("button[data-dialog=cancel]").click()
    expect(window.locator("#slot-state")).to_contain_text("Cancelled")


def add_prospect(window: Page) -> None:
    window.get_by_role("link", name="Prospects", exact=True).click()
    window.get_by_role("link", name="Add a prospect").first.click()
    window.get_by_label("Name", exact=True).fill("Ana Ruiz")
    window.get_by_label("Phone").fill("(312) 555-0142")
    acts.press(window, "Add")
    expect(window.get_by_role("heading", name="Ana Ruiz", level=1)).to_be_visible()


def plan_and_tick_off(window: Page) -> None:
    acts.press(window, "Tomorrow")
    expect(window.get_by_role("heading", name="Ana Ruiz", level=1)).to_be_visible()
    expect(window.get_by_text("Nothing is planned.")).to_have_count(0)
    window.get_by_role("link", name="Follow-ups", exact=True).click()
    acts.press(window, "Done Ana Ruiz")
    expect(window.get_by_text("Nothing to follow up")).to_be_visible()


def write_note(window: Page) -> None:
    window.get_by_label("Note", exact=True).fill("Asked for the price list")
    acts.press(window, "Keep the note")
    expect(window.get_by_text("Asked for the price list")).to_be_visible()


def read_the_bell(window: Page, stack: Stack, team: Merchant) -> None:
    notice = (
        "INSERT INTO notifications (id, user_id, org_id, type, title, message, icon, priority)"
        " SELECT gen_random_uuid(), user_id, org_id, 'followup_due', 'Call Ana', 'About the offer', '🕒', 'high'"
        " FROM memberships WHERE org_id = %s"
    )
    sql(stack, notice, team.org_id)
    window.goto("/sales")
    window.locator("#bell-button").click()
    expect(window.get_by_role("heading", name="Notifications", level=1)).to_be_visible()
    acts.press(window, "Mark all as read")
    expect(window.get_by_role("button", name="Mark all as read")).to_have_count(0)


def test_a_sales_team_works_without_scripts(windows: Windows, stack: Stack) -> None:
    team = Merchant(stack).sign_up("Plain Paper Sales", kind="sales")
    window = windows.open(visitor=team, java_script_enabled=False)
    window.goto("/sales")
    add_prospect(window)
    write_note(window)
    plan_and_tick_off(window)
    read_the_bell(window, stack, team)
