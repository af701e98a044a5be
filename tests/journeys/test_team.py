"""A team on phones: invited by text, live on the owner's page, moved to another role, and out at once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, eventually, fresh_phone
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser

LINK = re.compile(r"https?://\S+?(/[il]/[A-Za-z0-9_-]+)")


def texted_link(owner: Merchant, number: str) -> str:
    def find() -> str | None:
        found = (LINK.search(body) for body in owner.phone_book.bodies(number))
        return next((match.group(1) for match in found if match), None)

    return eventually(find, 15, f"an invitation on {number}")


def invite(page: Page, contact: str, role: str) -> None:
    page.goto("/settings")
    page.get_by_role("link", name=re.compile("^Team")).click()
    page.get_by_label("Mobile number or e-mail address").fill(contact)
    page.get_by_label(re.compile(f"^{role}:")).check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("Not here yet")).to_be_visible()


def join(page: Page, owner: Merchant, number: str) -> None:
    known = len(owner.phone_book.texts(number))
    page.goto(texted_link(owner, number))
    page.get_by_role("button", name="Text me a code").click()
    page.get_by_label("The 6-digit code").fill(owner.await_code(number, known))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=re.compile("^Join")).click()
    expect(page).to_have_url(re.compile("/home$"))


def change(page: Page) -> None:
    """Open what can be changed of the second member, by keyboard alone."""
    summary = page.locator("#members details summary").nth(1)
    summary.focus()
    page.keyboard.press("Enter")


def test_a_team_forms_changes_and_parts(windows: Windows, stack: Stack) -> None:
    owner, number = Merchant(stack).sign_up("Teamwork Dental"), fresh_phone()
    office, phone = windows.open(visitor=owner), windows.open()
    invite(office, number, "Viewer")
    join(phone, owner, number)
    expect(office.get_by_text("Not here yet")).to_have_count(0)
    phone.goto("/settings")
    expect(phone.get_by_role("link", name=re.compile("^Staff"))).to_have_count(0)

    change(office)
    office.locator("#members details[open] select").first.select_option("manager")
    office.locator("#members details[open]").get_by_role("button", name="Save role").press("Enter")
    expect(phone.get_by_role("link", name=re.compile("^Staff"))).to_be_visible()

    change(office)
    office.get_by_role("button", name="Take access away").first.click()
    office.get_by_role("dialog").get_by_role("button", name="Take access away").click()
    expect(office.get_by_text("No access")).to_be_visible()
    expect(phone).to_have_url(re.compile("/businesses$"))


def test_sign_out_everywhere_reaches_the_other_device(windows: Windows, stack: Stack) -> None:
    owner = Merchant(stack).sign_up("Two Devices Dental")
    here, there = windows.open(visitor=owner), windows.open()
    there.context.add_cookies(here.context.cookies())
    there.goto("/slots")
    here.goto("/account")
    expect(here.get_by_text("This device")).to_be_visible()
    here.get_by_role("button", name="Sign out everywhere").click()
    here.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    expect(here).to_have_url(re.compile("/sign-in"))
    there.get_by_role("link", name="Settings").click()
    expect(there).to_have_url(re.compile("/sign-in"))


def test_without_javascript_a_newcomer_joins_by_mail(windows: Windows, stack: Stack) -> None:
    owner = Merchant(stack).sign_up("Plain Dental")
    office = windows.open(visitor=owner, java_script_enabled=False)
    address = "newcomer@example.com"
    invite(office, address, "Staff")
    guest = windows.open(java_script_enabled=False)
    for button in ("Send me a link", "Sign in", "Join Plain Dental"):
        if button != "Join Plain Dental":
            guest.goto(mailed_link(owner, address, "/i/" if button == "Send me a link" else "/l/"))
        guest.get_by_role("button", name=button).click()
    expect(guest).to_have_url(re.compile("/home$"))
    office.reload()
    expect(office.get_by_text(address)).to_be_visible()
    expect(office.get_by_text("Not here yet")).to_have_count(0)


def mailed_link(owner: Merchant, address: str, kind: str) -> str:
    def find() -> str | None:
        letters = owner.http.get("/dev/mail/messages.json", params={"to": address}).json()
        found = (LINK.search(letter["text"]) for letter in letters)
        return next((match.group(1) for match in found if match and match.group(1).startswith(kind)), None)

    return eventually(find, 15, f"a letter to {address}")
