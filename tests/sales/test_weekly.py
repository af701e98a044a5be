"""Sunday evening: the week in a sentence, its report kept; nothing for who did nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from nexapp.sales.weekly import message_of
from tests.sales.rhythm_world import SalesTeam, Sql

SUNDAY = date(2026, 11, 22)
EVENING = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)
"""Five past six on Sunday evening in New York."""
DAY = timedelta(days=1)


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> SalesTeam:
    return SalesTeam(app, owner_sql)


def act(team: SalesTeam, user: object, kind: str, count: int, at: datetime = EVENING - DAY) -> None:
    for _ in range(count):
        team.add_activity(user, kind, at)  # type: ignore[arg-type]


def test_the_week_is_told_and_kept(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    for kind, count in {"scan": 45, "ai_message": 12, "pitch_deck": 3, "follow_up_sent": 4}.items():
        act(team, rep, kind, count)
    act(team, rep, "scan", 9, EVENING - 7 * DAY)
    team.set_streak(rep, 7, SUNDAY)
    team.run("weekly_summary", EVENING)
    [told] = team.told("weekly_report")
    assert (told.user_id, told.title, told.url) == (rep, "📊 Your Weekly Summary", "/reports/weekly/2026-11-22")
    assert told.message == (
        "This week: 45 prospects scanned, 12 messages generated, 3 pitch decks created. Current streak: 7 days."
        " Keep up the great work! 🚀"
    )
    assert owner_sql("SELECT on_date, streak, counts FROM weekly_reports") == [
        (SUNDAY, 7, {"scan": 45, "ai_message": 12, "pitch_deck": 3, "follow_up_sent": 4})
    ]


@pytest.mark.parametrize(("counts", "streak", "words"), [
    ({"scan": 1, "ai_message": 1, "pitch_deck": 1}, 1,
     "This week: 1 prospect scanned, 1 message generated, 1 pitch deck created. Current streak: 1 day."),
    ({"scan": 2, "call": 8}, 0, "This week: 2 prospects scanned."),
    ({"call": 1}, 0, "This week: 1 action recorded."),
    ({"call": 1, "follow_up_sent": 2}, 0, "This week: 3 actions recorded."),
])  # fmt: skip
def test_one_is_singular_and_nought_is_not_said(counts: dict[str, int], streak: int, words: str, app: Flask) -> None:
    with app.app_context():
        assert message_of(counts, streak) == f"{words} Keep up the great work! 🚀"


def test_nothing_is_said_of_an_empty_week(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    act(team, rep, "scan", 5, EVENING - 8 * DAY)
    team.run("weekly_summary", EVENING)
    assert team.told("weekly_report") == []
    assert owner_sql("SELECT count(*) FROM weekly_reports") == [(0,)]


def test_the_week_is_that_of_their_own_days(team: SalesTeam, owner_sql: Sql) -> None:
    """Monday half past midnight in Tokyo is Sunday in New York."""
    here, tokyo = team.add_user(), team.add_user("Asia/Tokyo")
    monday_in_tokyo = datetime(2026, 11, 15, 15, 30, tzinfo=UTC)
    for rep in (here, tokyo):
        act(team, rep, "scan", 2, monday_in_tokyo)
        act(team, rep, "ai_message", 1, datetime(2026, 11, 18, 12, tzinfo=UTC))
    team.run("weekly_summary", datetime(2026, 11, 22, 9, 5, tzinfo=UTC))
    team.run("weekly_summary", EVENING)
    kept = dict(owner_sql("SELECT user_id, counts FROM weekly_reports"))
    assert kept == {tokyo: {"scan": 2, "ai_message": 1}, here: {"ai_message": 1}}


def test_by_hand_it_does_not_take_the_evenings_place(team: SalesTeam, owner_sql: Sql) -> None:
    """Started at noon, it is for those whose evening it is already; the others get theirs whole, and once."""
    here, tokyo = team.add_user(), team.add_user("Asia/Tokyo")
    noon = EVENING - timedelta(hours=6)
    for rep in (here, tokyo):
        act(team, rep, "scan", 2, noon - timedelta(hours=10))
    for _ in range(2):
        team.run("weekly_summary", noon, SUNDAY)
    assert [told.user_id for told in team.told("weekly_report")] == [tokyo]
    act(team, here, "scan", 3, noon + timedelta(hours=1))
    for _ in range(2):
        team.run("weekly_summary", EVENING)
        team.run("weekly_summary", EVENING, SUNDAY)
    assert sorted(told.user_id for told in team.told("weekly_report")) == sorted([here, tokyo])
    kept = dict(owner_sql("SELECT user_id, counts FROM weekly_reports"))
    assert kept == {tokyo: {"scan": 2}, here: {"scan": 5}}


def test_it_is_made_up_for_on_monday_and_dies_with_it(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    act(team, rep, "scan", 1)
    team.run("weekly_summary", EVENING + timedelta(hours=29))
    assert len(team.told("weekly_report")) == 1
    act(team, rep, "scan", 1, EVENING + 5 * DAY)
    team.run("weekly_summary", EVENING + 7 * DAY + timedelta(hours=31))
    assert len(team.told("weekly_report")) == 1
    assert owner_sql("SELECT on_date, state FROM local_runs ORDER BY 1") == [
        (SUNDAY, "done"), (SUNDAY + 7 * DAY, "late"),
    ]  # fmt: skip
