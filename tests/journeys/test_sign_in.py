"""Signing in and out, choosing a business, and how the pages look."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, sql
from tests.journeys import acts
from tests.journeys.windows import DESKTOP, Windows

pytestmark = pytest.mark.browser

SECOND_BUSINESS = "Second Shoes"


def type_code(page: Page, code: str) -> None:
    page.get_by_label("The 6-digit code").fill(code)
    acts.press(page, "Sign in")


def test_a_wrong_code_leaves_more_tries(windows: Windows, stack: Stack) -> None:
    owner, page = Merchant(stack), windows.open()
    acts.ask_for_code(page, owner.phone)
    right = owner.await_code(owner.phone)
    type_code(page, f"{(int(right) + 1) % 1_000_000:06d}")
    error = page.locator("#code-error")
    expect(error).to_contain_text("4 tries are left")
    expect(page.get_by_label("The 6-digit code")).to_have_attribute("aria-describedby", re.compile("code-error"))
    type_code(page, f" {right[:3]} {right[3:]}")
    expect(page.get_by_role("heading", name="Set up your business")).to_be_visible()


def test_another_code_can_be_asked_for_after_a_while(windows: Windows, stack: Stack) -> None:
    owner, page = Merchant(stack), windows.open()
    acts.ask_for_code(page, owner.phone)
    first = owner.await_code(owner.phone)
    acts.press(page, "Text me another code")
    expect(page.locator("#code-error")).to_contain_text(re.compile(r"another one in \d+ seconds"))
    sql(stack, "UPDATE verification_codes SET created_at = created_at - interval '31 s' WHERE phone = %s", owner.phone)
    acts.press(page, "Text me another code")
    expect(page.locator("#toasts")).to_contain_text("Another code is on its way.")
    second = owner.await_code(owner.phone, known=1)
    type_code(page, first)
    expect(page.locator("#code-error")).to_contain_text("not the code of the newest text")
    type_code(page, second)
    expect(page.get_by_role("heading", name="Set up your business")).to_be_visible()


def test_signing_out_ends_it_everywhere_in_this_browser(windows: Windows, stack: Stack) -> None:
    owner = Merchant(stack).sign_up("Out and About")
    page = windows.open(visitor=owner)
    page.goto("/home")
    page.locator("details[data-menu] > summary").last.click()
    acts.press(page, "Sign out")
    expect(page.get_by_text("You're signed out.").first).to_be_visible()
    page.goto("/slots")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_who_has_two_businesses_chooses(windows: Windows, stack: Stack) -> None:
    owner = Merchant(stack).sign_up("First Flowers")
    fields = {"business_name": SECOND_BUSINESS, "owner_name": "Olivia Owner", "time_zone": "America/Los_Angeles"}
    owner.submit(owner.get("/onboarding"), "/onboarding", **fields).expect(200)
    page = windows.open(DESKTOP, visitor=owner)
    page.goto("/home")
    expect(page.get_by_text("Pacific Time").first).to_be_visible()
    page.locator("summary").filter(has_text=SECOND_BUSINESS).click()
    page.get_by_role("button", name="First Flowers").click()
    expect(page.locator("summary").filter(has_text="First Flowers")).to_be_visible()
    expect(page.get_by_text("Eastern Time").first).to_be_visible()
    page.reload()
    expect(page.locator("summary").filter(has_text="First Flowers")).to_be_visible()


def test_the_chosen_look_stays(windows: Windows, stack: Stack) -> None:
    owner = Merchant(stack).sign_up("Dark Desserts")
    page = windows.open(visitor=owner, color_scheme="light")
    page.goto("/home")
    look = page.locator("html")
    expect(look).to_have_attribute("data-bs-theme", "light")
    page.locator("details[data-menu] > summary").last.click()
    with page.expect_response("**/theme"):
        acts.press(page, "Dark")
    expect(look).to_have_attribute("data-bs-theme", "dark")
    page.goto("/slots")
    expect(look).to_have_attribute("data-theme-choice", "dark")
    expect(look).to_have_attribute("data-bs-theme", "dark")
