"""A rep on a phone reads how the week was; an admin starts a job and sees it end."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from nexapp.spine.clock import now
from tests.blackbox import Merchant, sql
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser

ACTIVITY = """
    INSERT INTO activities (id, org_id, user_id, kind, on_date, at)
    SELECT %s, %s, id, 'scan', %s, now() FROM users WHERE phone = %s
"""
REPORT = """
    INSERT INTO weekly_reports (id, org_id, user_id, on_date, streak)
    SELECT %s, %s, id, %s, 7 FROM users WHERE phone = %s
"""


def fits(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{page.url} is {width} px too wide"


def test_from_the_start_page_to_the_weeks_report(windows: Windows, stack: Stack) -> None:
    team = Merchant(stack).sign_up("Weekly Sales", kind="sales")
    sunday = now().date() - timedelta(days=now().weekday() + 1)
    sql(stack, ACTIVITY, uuid4(), team.org_id, sunday, team.phone)
    sql(stack, REPORT, uuid4(), team.org_id, sunday, team.phone)
    page = windows.open(visitor=team)
    page.goto("/")
    expect(page.get_by_role("heading", name="Whom to call")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Your last weekly report").click()
    expect(page.get_by_text("1 action in this week.")).to_be_visible()
    assert page.url.endswith(f"/reports/weekly/{sunday}")
    fits(page)


def test_a_job_is_started_on_the_admins_phone(windows: Windows, stack: Stack) -> None:
    admin = Merchant(stack)
    admin.sign_in()
    sql(stack, "UPDATE users SET is_platform_admin = true, name = 'Pat Admin' WHERE phone = %s", admin.phone)
    admin.pass_second_factor()
    page = windows.open(visitor=admin)
    page.goto("/admin/jobs")
    fits(page)
    page.get_by_text("Run a job now").click()
    page.get_by_label("Job", exact=True).first.select_option("weekly_summary")
    fits(page)
    page.get_by_role("button", name="Run it").click()
    expect(page.get_by_text("Weekly summary is queued. This page shows how it ends.").first).to_be_visible()
    expect(page.locator("#jobs").get_by_text("Weekly summary").first).to_be_visible()
    fits(page)
