"""A sales team on a phone: it signs up, adds a prospect, moves it on the board, brings a list and takes it back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, sql
from tests.journeys.windows import DESKTOP, Windows

pytestmark = pytest.mark.browser


def column(page: Page, stage: str) -> Locator:
    return page.get_by_role("region", name=stage, exact=True)


def test_a_prospect_is_added_moved_by_keys_and_lost_for_a_reason(windows: Windows, stack: Stack) -> None:
    team = Merchant(stack).sign_up("Journey Sales", kind="sales")
    page, colleague = windows.open(visitor=team), windows.open(DESKTOP, visitor=team)
    colleague.goto("/prospects/board")
    page.goto("/prospects")
    page.get_by_role("link", name="Add a prospect").click()
    page.get_by_label("Name", exact=True).fill("Ana Ruiz")
    page.get_by_label("Company").fill("Ruiz Ltd")
    page.get_by_label("What a deal would bring").fill("1200")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Ana Ruiz", level=1)).to_be_visible()
    # The colleague's board has it without being reloaded.
    expect(column(colleague, "New").get_by_role("link", name="Ana Ruiz")).to_be_visible()

    thumb = windows.open(visitor=team, is_mobile=True, has_touch=True)
    thumb.goto("/prospects/board")
    expect(thumb.get_by_text("Hold a card")).to_be_visible()
    expect(thumb.get_by_text("press M")).to_be_hidden()

    card = colleague.get_by_role("link", name="Ana Ruiz")
    card.focus()
    colleague.keyboard.press("m")
    colleague.keyboard.press("ArrowRight")
    colleague.keyboard.press("Enter")
    expect(column(colleague, "Qualified").get_by_role("link", name="Ana Ruiz")).to_be_visible()
    expect(page.locator("#prospect [data-outcome]", has_text="Qualified")).to_be_visible()
    expect(page.get_by_text("New → Qualified")).to_be_visible()
    colleague.get_by_role("button", name="Undo").click()
    expect(column(colleague, "New").get_by_role("link", name="Ana Ruiz")).to_be_visible()

    colleague.get_by_role("link", name="Ana Ruiz").drag_to(column(colleague, "Lost"))
    colleague.get_by_label("The reason").fill("Price")
    colleague.get_by_role("button", name="It is lost").click()
    expect(column(colleague, "Lost").get_by_role("link", name="Ana Ruiz")).to_be_visible()
    expect(page.get_by_text("Because: Price", exact=True)).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0


def test_a_list_is_imported_on_a_phone_and_taken_back(windows: Windows, stack: Stack, tmp_path: Path) -> None:
    team = Merchant(stack).sign_up("Import Sales", kind="sales")
    file = tmp_path / "people.csv"
    file.write_text("Contact;Mail;Shoe size\nAna;ana@example.com;7\nBen;ben@example.com;8\nCy;12@;9\n")
    page = windows.open(visitor=team)
    page.goto("/prospects")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("Mail")).to_have_value("email")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("What it would do")).to_be_visible(timeout=30_000)
    assert page.locator(".figure-value").all_inner_texts() == ["2", "0", "0", "1"]
    page.get_by_role("button", name="Import 2 prospects").press("Enter")
    expect(page.get_by_role("heading", name="What it did")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Undo this import").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 prospects were removed.")).to_be_visible(timeout=30_000)
    assert sql(stack, "SELECT count(*) FROM prospects WHERE org_id = %s", team.org_id)[0][0] == 0


def test_without_javascript_a_card_moves_by_its_form(windows: Windows, stack: Stack) -> None:
    team = Merchant(stack).sign_up("Plain Sales", kind="sales")
    page = windows.open(visitor=team, java_script_enabled=False)
    page.goto("/prospects/new")
    page.get_by_label("Name", exact=True).fill("Ben Okri")
    page.get_by_role("button", name="Add", exact=True).click()
    page.goto("/prospects/board")
    page.locator("summary", has_text="Move to…").click()
    page.get_by_label("Stage", exact=True).select_option(label="Won")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(column(page, "Won").get_by_role("link", name="Ben Okri")).to_be_visible()
