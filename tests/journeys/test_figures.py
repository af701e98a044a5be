"""What an owner reads of a filled slot on a phone: live, by touch, as a file, and without scripts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, fresh_phone
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser
AHEAD = "/analytics?range=ahead"


def claim(consumer: Consumer) -> None:
    consumer.await_link()
    consumer.hold().expect(200)
    consumer.confirm().expect(200)


def read_chart(page: Page) -> None:
    """A finger on a bar reads it out above the chart."""
    card = page.locator("section", has=page.get_by_role("heading", name="Slots by day"))
    expect(card).to_contain_text("1 of 1 slot filled.")
    card.locator("[data-bar*='1 of 1 slot filled']").locator(".look-booked").tap()
    expect(card.locator(".chart-words")).to_contain_text(": 1 of 1 slot filled")
    card.get_by_text("As a table").tap()
    expect(card.get_by_role("cell", name="100%")).to_be_visible()


def test_a_filled_slot_shows_without_a_reload(windows: Windows, stack: Stack, tmp_path: Path) -> None:
    merchant = Merchant(stack).sign_up("Counting House Barbers")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    phone = windows.open(visitor=merchant, has_touch=True)
    phone.goto("/home")
    phone.get_by_role("link", name="Figures").click()
    expect(phone.get_by_text("No figures yet")).to_be_visible()
    phone.get_by_role("link", name="Ahead").click()

    merchant.open_slot()
    expect(phone.get_by_text("1 slot was opened to the list: 1 still open.")).to_be_visible()
    claim(anna)
    expect(phone.get_by_text("1 slot was opened to the list: 1 booked.")).to_be_visible()
    expect(phone.locator(".figure-value", has_text="100.00%")).to_be_visible()
    read_chart(phone)

    with phone.expect_download() as download:
        phone.get_by_role("link", name="Days (CSV)").click()
    download.value.save_as(tmp_path / "days.csv")
    days = list(csv.DictReader((tmp_path / "days.csv").open(encoding="utf-8-sig")))
    assert [sum(int(day[name]) for day in days) for name in ("Slots", "Booked", "Converted")] == [1, 1, 1]


def test_the_figures_need_no_script(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Counting House Tailors")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    merchant.open_slot()
    claim(anna)
    page = windows.open(visitor=merchant, java_script_enabled=False)
    page.goto("/analytics")
    page.get_by_role("link", name="Ahead").first.click()
    expect(page.get_by_text("1 slot was opened to the list: 1 booked.")).to_be_visible()
    expect(page.get_by_role("img", name="Slots by day")).to_be_visible()
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("table", name="Slots and bookings")).to_be_visible()
