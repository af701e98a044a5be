"""A merchant on a phone brings a list along: a file, its effect before it happens, a yes by text, and back again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, Phone, eventually, fresh_phone, sql
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser


def figures(page: Page) -> list[str]:
    return page.locator(".figure-value").all_inner_texts()


def upload(page: Page, file: Path) -> None:
    page.goto("/waiting-list")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()


def name_columns(page: Page) -> None:
    """Guessed: only the sentence is missing, and says so."""
    expect(page.get_by_label("Cell #")).to_have_value("phone")
    expect(page.get_by_label("Shoe size")).to_have_value("")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("group", name="Check what you entered")).to_be_focused()
    page.get_by_label("How did these people ask for it?").fill("They signed our list in October")
    page.get_by_role("button", name="Check the file").click()


def test_a_list_comes_by_file_and_its_people_say_yes(windows: Windows, stack: Stack, tmp_path: Path) -> None:
    merchant, phone, ana, ben = Merchant(stack).sign_up("Import Salon"), Phone(stack), fresh_phone(), fresh_phone()
    file = tmp_path / "people.csv"
    file.write_bytes(f"Name;Cell #;Shoe size\nZo\xeb;{ana};7\nBen;{ben};8\nCy;12;9\nZo\xeb;{ana};7\n".encode("cp1252"))
    page = windows.open(visitor=merchant)
    upload(page, file)
    name_columns(page)
    expect(page.get_by_text("What it would do")).to_be_visible()
    assert figures(page) == ["2", "0", "0", "2"]
    assert phone.texts(ana) == []

    page.get_by_role("button", name="Import 2 people").press("Enter")
    expect(page.get_by_role("heading", name="What it did")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Done", exact=True)).to_be_visible()
    eventually(lambda: phone.texts(ana) and phone.texts(ben), 15, "the invitations")
    assert "Reply YES" in phone.bodies(ana)[0]

    page.goto("/waiting-list?q=zo%C3%AB")
    page.get_by_role("link", name="Zo\xeb").click()
    expect(page.get_by_text("They have not answered YES yet.")).to_be_visible()
    phone.reply(ana, "Yes")
    agreed = "SELECT r.status FROM notify_requests r JOIN consumers c ON c.id = r.consumer_id WHERE c.phone = %s"
    eventually(lambda: sql(stack, agreed, ana)[0].status == "active", 30, "the answer was read")
    expect(page.locator("#person [data-state=active]")).to_be_visible()
    eventually(lambda: any(re.search("/w/", body) for body in phone.bodies(ana)), 10, "the link to their page")

    page.get_by_role("button", name="Take off the list").click()
    expect(page.get_by_text("You took them off the list.")).to_be_visible()
    page.get_by_role("button", name="Put back on the list").click()
    expect(page.locator("#person [data-state=active]")).to_be_visible()


def test_an_import_is_undone_and_one_is_added_without_javascript(
    windows: Windows, stack: Stack, tmp_path: Path
) -> None:
    merchant, phone, ana = Merchant(stack).sign_up("Plain Salon"), Phone(stack), fresh_phone()
    page = windows.open(visitor=merchant, java_script_enabled=False)
    page.goto("/waiting-list/new")
    page.get_by_label("Name").fill("Ana Plain")
    page.get_by_label("Mobile number").fill(ana)
    page.get_by_label("How did they ask for it?").fill("Asked me at the counter")
    page.get_by_role("button", name="Invite them").click()
    expect(page.get_by_role("heading", name="Ana Plain")).to_be_visible()
    eventually(lambda: phone.texts(ana), 15, "the invitation")

    file = tmp_path / "people.csv"
    file.write_text(f"Phone\n{fresh_phone()}\n{ana}\n")
    page.goto("/waiting-list/imports")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("How did these people ask for it?").fill("s")
    page.get_by_role("button", name="Check the file").click()
    address = page.url
    eventually(lambda: page.goto(address) and page.get_by_text("Import 1 person").is_visible(), 15, "the check")
    page.get_by_role("button", name="Import 1 person").click()
    eventually(lambda: page.goto(address) and page.get_by_text("Undo this import").first.is_visible(), 15, "the run")
    page.get_by_role("button", name="Undo this import").click()
    eventually(lambda: page.goto(address) and page.get_by_text("What the undo did").is_visible(), 15, "the undo")
