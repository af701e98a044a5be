"""The start page of a sales team and the weekly report."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.people import Browser, Sql
from tests.sales.prospects_team import Team

SUNDAY = date(2026, 11, 15)


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> Team:
    return Team(app, owner_sql)


def act(team: Team, user: UUID, kind: str, on: date, count: int = 1) -> None:
    for _ in range(count):
        team.insert(
            "activities", id=new_id(), org_id=team.org_id, user_id=user, kind=kind, on_date=on,
            at=datetime(on.year, on.month, on.day, 12),
        )  # fmt: skip


def report(team: Team, user: UUID, on: date = SUNDAY, streak: int = 7) -> None:
    team.insert("weekly_reports", id=new_id(), org_id=team.org_id, user_id=user, on_date=on, streak=streak)


def test_a_new_team_is_shown_what_comes_next(team: Team) -> None:
    page = team.browser().page("/sales")
    for words in ("Nobody is hot or warm", "Nothing to follow up", "All caught up", "One action starts a streak."):
        assert words in page


def test_the_start_page_brings_everything_together(team: Team) -> None:
    rep = team.browser(Role.STAFF)
    for name, score in (("Hot Hanna", 95), ("Warm Walt", 60), ("Cold Carl", 10)):
        prospect = team.prospect(name, owner_id=rep.user_id, score=score, phone="+12125550101")
    team.prospect("Somebody else's", owner_id=team.member(), score=99)
    team.insert(
        "follow_ups", id=new_id(), org_id=team.org_id, owner_id=rep.user_id, prospect_id=prospect,
        due_at=now() - timedelta(hours=30), due_on=now().date(), time_zone=team.zone, message="Ask again",
    )  # fmt: skip
    today = now().date()
    team.insert(
        "streaks", org_id=team.org_id, user_id=rep.user_id, current_days=7, longest_days=12, total_days=20,
        last_on=today, alive_until=today + timedelta(days=2),
    )  # fmt: skip
    page = rep.page("/sales")
    assert page.index("Hot Hanna") < page.index("Warm Walt")
    assert "Somebody else's" not in page
    assert "Ask again" in page
    assert "1 overdue" in page
    assert "longest: 12 days" in page
    assert 'href="tel:+12125550101"' in page


def test_it_is_a_fragment_that_keeps_itself_fresh(team: Team) -> None:
    answer = team.browser().get("/sales", fragment=True)
    assert "<html" not in answer.text
    assert "follow-ups-changed from:body" in answer.text


def test_it_costs_the_same_however_much_there_is(team: Team, statements: list[str]) -> None:
    rep, costs = team.browser(Role.STAFF), []
    for count in (1, 20):
        for _ in range(count):
            team.prospect("Ann", owner_id=rep.user_id, score=90)
        statements.clear()
        rep.page("/sales")
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 25


def test_the_start_page_is_the_teams_home(team: Team, app: Flask, owner_sql: Sql) -> None:
    assert team.browser(Role.VIEWER).get("/").location == "/sales"
    shop = Team(app, owner_sql, "A Shop", kind="business").browser()
    assert shop.get("/sales").status_code == 404
    assert shop.get("/reports/weekly").status_code == 404


def seen(rep: Browser, on: date = SUNDAY) -> str:
    return rep.page(f"/reports/weekly/{on}")


def test_a_week_against_the_one_before(team: Team) -> None:
    rep = team.browser(Role.STAFF)
    act(team, rep.user_id, "scan", SUNDAY, 3)
    act(team, rep.user_id, "scan", SUNDAY - timedelta(days=6))
    act(team, rep.user_id, "scan", SUNDAY - timedelta(days=7))
    act(team, rep.user_id, "scan", SUNDAY + timedelta(days=1), 5)
    report(team, rep.user_id)
    page = seen(rep)
    assert "+3 against last week" in page
    assert "4 actions in this week." in page
    assert "Sunday 15 Nov was the best day: 3 actions." in page
    assert "Your streak that evening: 7 days." in page


def test_what_is_recorded_late_is_in_its_week(team: Team) -> None:
    rep = team.browser(Role.STAFF)
    act(team, rep.user_id, "scan", SUNDAY)
    report(team, rep.user_id)
    assert "1 action in this week." in seen(rep)
    act(team, rep.user_id, "scan", SUNDAY)
    assert "2 actions in this week." in seen(rep)


def test_a_colleagues_week_is_not_ones_own(team: Team) -> None:
    rep, colleague = team.browser(Role.STAFF), team.member()
    act(team, colleague, "scan", SUNDAY, 50)
    report(team, colleague)
    assert rep.get(f"/reports/weekly/{SUNDAY}").status_code == 404
    report(team, rep.user_id)
    assert "0 actions in this week." in seen(rep)


@pytest.mark.parametrize("day", ["2026-11-09", "2026-11-14"])
def test_any_day_leads_to_its_sunday(team: Team, day: str) -> None:
    rep = team.browser(Role.STAFF)
    assert rep.get(f"/reports/weekly/{day}").location.endswith("/reports/weekly/2026-11-15")


@pytest.mark.parametrize("day", ["soon", "2026-13-01", "9999-12-31", "2026-11-15"])
def test_days_without_a_report_are_not_found(team: Team, day: str) -> None:
    assert team.browser().get(f"/reports/weekly/{day}").status_code == 404


def test_the_newest_report_is_shown_first_and_the_others_are_listed(team: Team) -> None:
    rep = team.browser(Role.STAFF)
    assert "No report yet" in rep.page("/reports/weekly")
    for weeks in range(3):
        report(team, rep.user_id, SUNDAY - timedelta(days=7 * weeks))
    assert rep.get("/reports/weekly").location.endswith("/reports/weekly/2026-11-15")
    assert len(set(re.findall(r"/reports/weekly/(2026-[0-9-]+)", seen(rep)))) == 3
