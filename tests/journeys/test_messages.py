"""A merchant on a phone: somebody answers a text, is answered back, and the texts get words of their own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, eventually, fresh_phone, sql
from tests.journeys.test_keyboard import button, press_on, type_in
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser


def answer(page: Page, anna: Consumer) -> None:
    """By keyboard alone: from the list to the text on her phone."""
    press_on(page.get_by_role("link", name=anna.name))
    expect(page.get_by_text("Is parking free?")).to_be_visible()
    expect(page.locator(".nav-count")).to_have_count(0)
    type_in(page.get_by_label("Your answer"), "Yes, in the yard \N{THUMBS UP SIGN}")
    expect(page.locator("#reply-facts")).to_contain_text("1 segment, 19 of 70 characters.")
    press_on(button(page, "Send"))
    expect(page.locator(".bubble-ours").last).to_contain_text("Yes, in the yard")
    expect(page.get_by_label("Your answer")).to_have_value("")
    eventually(lambda: "Yes, in the yard \N{THUMBS UP SIGN}" in anna.phone_book.bodies(anna.phone), 10, "the answer")
    expect(page.locator(".said-ours").last).to_contain_text("Delivered")


def settle(page: Page, anna: Consumer) -> None:
    """What sounds like a stop shows at once, takes the answer's form away, and is put right."""
    page.get_by_label("Your answer").fill("half a sentence")
    anna.phone_book.reply(anna.phone, "haha leave me alone, see you Tuesday")
    page.get_by_label("Your answer").blur()
    expect(page.locator("#opted-out")).to_contain_text("This person gets no texts.")
    expect(page.get_by_label("Your answer")).to_be_hidden()
    button(page, "No, text them again").click()
    expect(page.get_by_text("They get texts again.").first).to_be_visible()
    expect(page.get_by_label("Your answer")).to_be_visible()


def word_the_offer(page: Page) -> None:
    page.goto("/settings/texts")
    page.get_by_role("link", name="A time is open", exact=True).click()
    wording = page.get_by_label("Wording")
    wording.fill("Free at ")
    button(page, "{{time}}").click()
    expect(page.locator("#preview")).to_contain_text("This text needs {{url}}.")
    wording.press_sequentially(": ")
    button(page, "{{url}}").click()
    expect(page.locator("#preview .bubble")).to_contain_text("Free at Tue 24 Nov, 3:30 PM ET: http")
    expect(page.locator("#preview")).to_contain_text("of 160 characters")
    button(page, "Save and use").click()
    expect(page.get_by_text("Version 1", exact=True)).to_be_visible()


def test_answers_on_a_phone(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Inbox Dental")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    page = windows.open(visitor=merchant)
    page.goto("/home")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    anna.phone_book.reply(anna.phone, "Is parking free?")
    expect(page.locator(".nav-count")).to_contain_text("1")
    page.get_by_role("link", name="Inbox").click()
    answer(page, anna)
    settle(page, anna)
    word_the_offer(page)
    merchant.open_slot()
    eventually(lambda: any("Free at " in body for body in anna.phone_book.bodies(anna.phone)), 10, "the new wording")


def test_answers_without_scripts(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Plain Inbox")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    anna.phone_book.reply(anna.phone, "Is parking free?")
    counted = "SELECT 1 FROM conversations WHERE org_id = %s"
    eventually(lambda: sql(stack, counted, merchant.org_id), 10, "the conversation")
    page = windows.open(visitor=merchant, java_script_enabled=False)
    page.goto("/inbox")
    page.get_by_role("link", name=anna.name).click()
    button(page, "Mark as read").click()
    expect(button(page, "Mark as read")).to_have_count(0)
    page.get_by_label("Your answer").fill("Yes!")
    button(page, "Send").click()
    expect(page.locator(".bubble-ours").last).to_have_text("Yes!")
    page.goto("/settings/texts/reminder")
    page.get_by_label("Wording").fill("Soon: {{time}}")
    button(page, "Preview").click()
    expect(page.locator("#preview .bubble")).to_have_text("Soon: Tue 24 Nov, 3:30 PM ET")
