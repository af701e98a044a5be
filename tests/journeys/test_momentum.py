"""At a phone: scan somebody, see why their score, draft a message, make a deck, and watch the streak begin."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from nexapp.local.stack import Stack
from tests.journeys import acts
from tests.journeys.areas.momentum import sales_owner
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser
SIGNATURE = "Maria Garcia\nHead of Operations | Acme Inc.\nmaria@acme.com\n+1 312 555 0142\nChicago, IL"


def test_from_a_scan_to_a_streak(windows: Windows, stack: Stack) -> None:
    owner = sales_owner(SimpleNamespace(stack=stack), "Journey Sales")
    page, progress = windows.open(visitor=owner), windows.open(visitor=owner)
    progress.goto("/progress")
    expect(progress.locator("#progress")).to_contain_text("nothing yet today")

    page.goto("/prospects/scan")
    page.get_by_label("Text or link").fill(SIGNATURE)
    acts.press(page, "Scan")
    expect(page.get_by_role("heading", name="6 details were found")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Maria Garcia")
    page.get_by_label("Company").fill("Acme Logistics")
    acts.press(page, "Save")
    expect(page.get_by_role("heading", name="Maria Garcia", level=1)).to_be_visible()
    expect(progress.locator("#progress")).to_contain_text("today counts")

    page.get_by_role("link", name="Why this score").click()
    expect(page.get_by_role("heading", name="What it is made of")).to_be_visible()
    expect(page.get_by_text("Everything is known")).to_be_visible()
    page.get_by_role("link", name="Maria Garcia").click()

    page.get_by_role("link", name="Draft a message").click()
    page.get_by_label("Formal").check()
    acts.press(page, "Write a draft")
    expect(page.get_by_label("Words")).to_have_value(re.compile(r"^Dear Maria Garcia,[\s\S]*Acme Logistics"))
    expect(progress.locator(".mission-done")).to_contain_text("Draft a message today")
    page.get_by_role("link", name="Maria Garcia").click()

    page.get_by_role("link", name="Pitch deck").click()
    acts.press(page, "Make a pitch deck")
    expect(page.get_by_role("heading", name="A proposal for Acme Logistics", level=1)).to_be_visible()
    with page.expect_download() as coming:
        page.get_by_role("link", name="PDF").click()
    assert re.fullmatch(r"a-proposal-for-acme-logistics\.pdf", coming.value.suggested_filename)
    page.get_by_text("Change the slides").click()
    page.get_by_label("Slides").last.fill("# Our own words\nOne line")
    acts.press(page, "Save")
    expect(page.get_by_role("heading", name="Our own words", level=1)).to_be_visible()
