"""One after the other, at a phone: the merchant sees whose turn it is, live, chooses people, and asks who was told."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant
from tests.journeys import acts
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser


@pytest.fixture
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Patient Pedicures")


def test_in_turn_by_hand_and_why(windows: Windows, stack: Stack, merchant: Merchant) -> None:
    first, second, third = (
        Consumer(stack, name=name).join(merchant.slug) for name in ("Ana Able", "Bob Baker", "Cleo Cole")
    )
    slot_id = merchant.add_slot()
    page = windows.open(visitor=merchant)
    page.goto(f"/slots/{slot_id}")
    page.get_by_text("Ask in another way").click()
    page.get_by_label("How people are asked").first.select_option("One after the other")
    acts.press(page, "Open and text the list")
    standing = page.locator("#standing")
    expect(standing).to_contain_text("Ana Able may answer now")
    expect(standing).to_contain_text("So far: 1 of 3 in line")
    first.await_link()
    expect(standing.locator("[data-countdown]")).to_have_text(re.compile(r"\d+:\d\d left"))
    first.hold()
    expect(standing).to_contain_text("Nobody else is asked while it is taken")
    first.release()
    expect(standing).to_contain_text("Bob Baker may answer now")
    second.await_link()
    assert "You are number 2 of 3" in " ".join(second.phone_book.bodies(second.phone))

    page.get_by_role("link", name="Choose people").click()
    expect(page.get_by_role("heading", name="Choose people")).to_be_visible()
    expect(page.get_by_label("Ana Able")).to_be_disabled()
    page.get_by_label("Cleo Cole").check()
    acts.press(page, "Text the people chosen")
    expect(page.get_by_role("heading", name="Who was told")).to_be_visible()
    third.await_link()

    page.get_by_label("Did somebody get a text?").fill("cleo")
    acts.press(page, "Look")
    expect(page.locator("#why-answers")).to_contain_text("Texted at")
    page.get_by_label("Did somebody get a text?").fill("zoe")
    page.get_by_label("Did somebody get a text?").press("Enter")
    expect(page.locator("#why-answers")).to_contain_text("Nobody of that name")
