"""A booking system's cancellation opens the slot by itself, on a phone."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, eventually, fresh_phone
from tests.booking_systems.senders import soon, written
from tests.journeys.acts import press
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser


def connect(page: Page) -> tuple[str, str]:
    """Connect another sender; its address and key, as the page shows them."""
    page.goto("/settings")
    page.get_by_role("link", name="Booking systems").click()
    page.get_by_role("link", name="Connect one").click()
    page.get_by_label("Another one that can post JSON").check()
    page.get_by_label("Name", exact=True).fill("Salon software")
    expect(page.get_by_label("Address of the calendar")).to_be_hidden()
    press(page, "Connect")
    expect(page.get_by_role("heading", name="Salon software")).to_be_visible()
    page.get_by_text("Show the key").click()
    address, key = page.locator("#address ~ .text-and-copy code"), page.locator("#shown-key code")
    return address.inner_text(), key.inner_text()


def post(address: str, key: str, body: dict[str, Any]) -> int:
    raw = json.dumps(body).encode()
    signature = hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Signature": signature}
    return httpx.post(address, content=raw, headers=headers, trust_env=False).status_code


def cancelled(number: int, staff: str) -> dict[str, Any]:
    booking = {"id": f"b-{number}", "starts_at": written(soon(50 + number)), "minutes": 30, "staff": staff}
    return {"id": f"e-{number}", "type": "cancelled", "booking": booking}


def test_a_cancellation_over_there_opens_the_slot_here(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Hooked Hair")
    merchant.add_staff("Sam Second")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    page = windows.open(visitor=merchant)
    address, key = connect(page)
    expect(page.get_by_text("Nothing came in yet")).to_be_visible()

    # The page hears of it by itself, and Anna gets her text.
    assert post(address, key, cancelled(1, "Sam Second")) == 202
    expect(page.get_by_text("Opened its time")).to_be_visible()
    anna.await_link()

    # A name that nobody knows is asked about, once.
    assert post(address, key, cancelled(2, "sam@elsewhere.example")) == 202
    expect(page.get_by_role("heading", name="Who is “sam@elsewhere.example”?")).to_be_visible()
    page.get_by_label("On your team").first.select_option(label="Sam Second")
    page.locator("form", has=page.get_by_role("heading", name="Who is")).get_by_role("button", name="Save").click()
    expect(page.get_by_text("Opened its time")).to_have_count(2)
    assert post(address, key, cancelled(3, "sam@elsewhere.example")) == 202
    expect(page.get_by_text("Opened its time")).to_have_count(3)

    page.get_by_text("Details").first.click()
    page.get_by_role("link", name="The slot").first.click()
    expect(page.locator("#slot-state")).to_contain_text("Open")


def test_it_works_without_javascript(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Plain Pedicures")
    page = windows.open(visitor=merchant, java_script_enabled=False)
    address, key = connect(page)
    assert post(address, key, cancelled(1, "")) == 202
    eventually(
        lambda: page.reload() and page.get_by_text("Opened its time").count(), 10, "the line of the cancellation"
    )
    page.goto("/settings/calendars")
    press(page, "Make an address")
    expect(page.locator("code")).to_contain_text("/calendars/")
