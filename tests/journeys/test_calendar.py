"""The calendar in a browser: on a phone by taps and the form, on a desktop by dragging and by keys; live for others."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from nexapp.local.stack import Stack
from tests.blackbox import NEW_YORK, Merchant, sql
from tests.journeys import axe
from tests.journeys.windows import DESKTOP, PHONE, Windows

pytestmark = pytest.mark.browser
ZONE = ZoneInfo(NEW_YORK)


@pytest.fixture
def merchant(stack: Stack) -> Merchant:
    found = Merchant(stack).sign_up("Calendar Cuts")
    found.add_staff("Robin Reed")
    return found


def starts(merchant: Merchant, slot_id: UUID) -> str:
    found: datetime = merchant.slot(slot_id).starts_at
    return found.astimezone(ZONE).strftime("%H:%M")


def piece(page: Page, slot_id: UUID) -> Locator:
    return page.locator(f"#slot-{slot_id}")


def look(page: Page, merchant: Merchant, slot_id: UUID, view: str = "day") -> Locator:
    on = merchant.slot(slot_id).starts_at.astimezone(ZONE).date().isoformat()
    page.goto(f"/calendar?view={view}&on={on}")
    # The first refresh, once the page has joined its topics, replaces what the mouse would take hold of.
    page.wait_for_load_state("networkidle")
    found = piece(page, slot_id)
    expect(found).to_be_visible()
    return found


def drag(page: Page, what: Locator, to: Locator | None, rows: float = 0) -> None:
    """Pull a slot into another column, or so many hours down."""
    box = what.bounding_box()
    assert box
    hour = float(page.locator(".cal-body").nth(1).evaluate(
        "body => body.getBoundingClientRect().height / getComputedStyle(body).getPropertyValue('--hours')"
    ))  # fmt: skip
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    aim = to.bounding_box() if to else None
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 6, y + 6)
    page.mouse.move(aim["x"] + aim["width"] / 2 if aim else x, y + rows * hour, steps=4)
    page.mouse.up()


def test_a_drag_moves_undo_puts_back_and_a_taken_time_refuses(windows: Windows, merchant: Merchant) -> None:
    one, other = merchant.add_slot(), merchant.add_slot()
    before = starts(merchant, one)
    page, watcher = windows.open(DESKTOP, visitor=merchant), windows.open(PHONE, visitor=merchant)
    look(watcher, merchant, one)
    drag(page, look(page, merchant, one), page.locator(".cal-column").nth(1))
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Robin Reed")
    expect(page.locator(".cal-column").nth(1).locator(f"#slot-{one}")).to_be_visible()
    # Another screen follows without a reload.
    expect(watcher.locator(".cal-column").nth(1).locator(f"#slot-{one}")).to_be_attached()
    assert starts(merchant, one) == before

    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".cal-column").nth(0).locator(f"#slot-{one}")).to_be_visible()
    drag(page, piece(page, one), None, rows=0.5)
    expect(page.locator(".toast", has_text="already has a slot")).to_be_visible()
    expect(piece(page, one)).to_have_attribute("data-at", before)
    assert starts(merchant, one) == before
    assert starts(merchant, other) != before


def test_keys_move_as_well(windows: Windows, merchant: Merchant) -> None:
    slot_id = merchant.add_slot()
    page = windows.open(DESKTOP, visitor=merchant)
    look(page, merchant, slot_id).focus()
    page.keyboard.press("m")
    expect(page.locator("#announcer")).to_contain_text("Enter puts it there")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announcer")).to_contain_text("Robin Reed")
    page.keyboard.press("Escape")
    expect(page.locator("#announcer")).to_contain_text("Left where it was")
    before = starts(merchant, slot_id)

    expect(piece(page, slot_id)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/slots/{slot_id}$"))
    look(page, merchant, slot_id).focus()
    # A refresh that is under way takes nothing out of the hand, and comes after the move.
    refreshes: list[Route] = []
    page.route("**/calendar?*", lambda route: refreshes.append(route))
    page.evaluate("document.body.dispatchEvent(new CustomEvent('slots-changed'))")
    page.keyboard.press("m")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    assert refreshes
    refreshes.pop(0).continue_()
    page.unroute("**/calendar?*")
    expect(page.locator(".toast")).to_contain_text("Moved to")
    row = merchant.slot(slot_id)
    assert int(starts(merchant, slot_id)[:2]) == int(before[:2]) + 1
    assert (row.ends_at - row.starts_at).total_seconds() == 45 * 60


def test_a_phone_taps_an_empty_time_and_moves_by_the_form(windows: Windows, merchant: Merchant) -> None:
    slot_id = merchant.add_slot()
    page = windows.open(PHONE, visitor=merchant, has_touch=True, reduced_motion="reduce")
    look(page, merchant, slot_id)
    assert axe.violations(page) == []
    assert axe.overflowing(page) == []
    empty = page.locator(".cal-column").first.locator(".cal-free").last
    wanted = re.search(r"at=(\d\d)(?:%3A|:)(\d\d)", empty.get_attribute("href") or "")
    assert wanted
    empty.tap()
    expect(page.get_by_label("Start", exact=True)).to_have_value(f"{wanted[1]}:{wanted[2]}")
    page.get_by_role("button", name="Save as a draft").tap()
    page.get_by_role("link", name="Move").tap()
    page.get_by_label("Start", exact=True).fill(starts(merchant, slot_id))
    page.get_by_role("button", name="Move it").tap()
    expect(page.locator(".invalid-feedback")).to_contain_text("already has a slot")
    page.get_by_label("Start", exact=True).fill("20:00")
    page.get_by_role("button", name="Move it").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("8:00")
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator(".toast", has_text="Back at")).to_be_visible()


def test_a_week_is_planned_from_a_pattern(windows: Windows, stack: Stack, merchant: Merchant) -> None:
    page = windows.open(PHONE, visitor=merchant)
    on = merchant.slot(merchant.add_slot()).starts_at.astimezone(ZONE).date()
    page.goto(f"/slots/several?on={on.isoformat()}")
    page.get_by_label("First starts").fill("09:00")
    page.get_by_label("Last ends").fill("12:00")
    page.get_by_label("Last ends").blur()
    expect(page.locator("#plan-preview .figure-value")).to_have_text("5")
    expect(page.locator("#plan-skipped")).to_contain_text("1 time is left out")
    page.get_by_role("button", name="Add them as drafts").click()
    expect(page.locator(".cal-chip")).to_have_count(6)
    assert sql(stack, "SELECT count(*) AS n FROM slots WHERE org_id = %s", merchant.org_id)[0].n == 6


def test_a_day_can_be_typed(windows: Windows, merchant: Merchant) -> None:
    page = windows.open(DESKTOP, visitor=merchant)
    page.goto("/calendar?view=day&on=2026-03-15")
    page.get_by_label("Day", exact=True).focus()
    page.keyboard.type("11232026", delay=150)
    expect(page.get_by_label("Day", exact=True)).to_have_value("2026-11-23")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("23 November")
