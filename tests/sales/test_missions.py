"""Missions, coins and achievements: earned once, and a ledger that never goes below zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexapp.sales import achievements, coins, missions, streaks
from nexapp.sales.activities import record_activity
from nexapp.spine.clock import now
from tests.sales.progress_world import Team
from tests.sales.rhythm_world import SalesTeam

Acting = Callable[..., Any]
TODAY = date(2026, 3, 4)


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> Team:
    return Team(app, owner_sql, zone="UTC")


def record(acting: Acting, me: Any, kind: str, times: int, **more: Any) -> None:
    more = {"at": now(), **more}
    for _ in range(times):
        with acting(me):
            record_activity(me.user_id, kind, **more)


def test_a_mission_is_rewarded_once(team: Team, acting: Acting) -> None:
    me = team.member()
    record(acting, me, "follow_up_sent", 5)
    assert [row["mission"] for row in team.rows("mission_completions")] == ["follow_ups"]
    assert team.row("coin_balances")["balance"] == 15
    assert [(row["amount"], row["balance"]) for row in team.rows("coin_entries")] == [(15, 15)]
    assert len(team.rows("activities", kind="mission_completed")) == 1


def test_who_is_one_short_is_told_once(team: Team, acting: Acting) -> None:
    me = team.member()
    record(acting, me, "follow_up_sent", 1)
    assert team.rows("notifications", type="mission_alert") == []
    record(acting, me, "follow_up_sent", 1)
    (told,) = team.rows("notifications", type="mission_alert")
    assert told["title"] == "🎯 Send 3 follow-ups today"
    assert told["message"] == "One more, and 15 coins are yours."
    record(acting, me, "follow_up_sent", 3)
    assert len(team.rows("notifications", type="mission_alert")) == 1
    (earned,) = team.rows("notifications", type="coin_earned")
    assert earned["title"] == "🪙 You earned 15 coins"


def test_a_week_brings_its_missions_once_to_who_did_something(app: Flask, owner_sql: Any) -> None:
    monday = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)
    team = SalesTeam(app, owner_sql)
    active, idle, viewer = team.add_user(), team.add_user(), team.add_user(role="viewer")
    for user_id, days in ((active, 3), (idle, 20), (viewer, 1)):
        team.add_activity(user_id, "scan", monday - timedelta(days=days))
    team.run("new_missions", monday - timedelta(hours=2))
    assert team.told("mission_alert") == []
    for hours in (0, 3, 24, 48):
        team.run("new_missions", monday + timedelta(hours=hours))
    (told,) = team.told("mission_alert")
    assert (told.user_id, told.title) == (active, "🎯 3 new missions this week")
    assert "Add 5 prospects this week: 40 coins." in told.message


def test_each_day_has_its_own_mission_and_each_week_its_own(team: Team, acting: Acting) -> None:
    me = team.member()
    for days in (0, 1):
        record(acting, me, "ai_message", 1, at=now() - timedelta(days=days))
    assert len({row["starts_on"] for row in team.rows("mission_completions", mission="prepare")}) == 2
    record(acting, me, "meeting", 1, at=now())
    record(acting, me, "meeting", 1, at=now() - timedelta(days=7))
    assert team.rows("mission_completions", mission="meetings") == []
    record(acting, me, "meeting", 1, at=now())
    (done,) = team.rows("mission_completions", mission="meetings")
    assert date.fromisoformat(done["starts_on"]).weekday() == 0


def test_what_is_recorded_weeks_later_completes_nothing(team: Team, acting: Acting) -> None:
    me = team.member()
    record(acting, me, "ai_message", 1, at=now() - timedelta(days=9))
    assert team.rows("mission_completions") == []


def test_missions_of_two_people_are_apart(team: Team, acting: Acting) -> None:
    one, two = team.member(), team.member()
    record(acting, one, "follow_up_sent", 2)
    record(acting, two, "follow_up_sent", 1)
    with acting(two):
        standings = {s.mission.name: s.done for s in missions.list_standings(team.org_id, two.user_id, now().date())}
    assert standings["follow_ups"] == 1
    assert team.rows("mission_completions") == []


def add_days(team: Team, user_id: UUID | None, number: int) -> None:
    for days in range(1, number + 1):
        team.insert(
            "active_days", org_id=team.org_id, user_id=user_id, on_date=now().date() - timedelta(days=days), actions=1
        )


@pytest.mark.parametrize(
    ("days", "names"),
    [(6, set()), (7, {"streak_7"}), (30, {"streak_7", "streak_30"}), (100, {"streak_7", "streak_30", "streak_100"})],
)
def test_streaks_earn_achievements(team: Team, acting: Acting, days: int, names: set[str]) -> None:
    me = team.member()
    add_days(team, me.user_id, days - 1)
    record(acting, me, "scan", 2)
    assert {row["name"] for row in team.rows("achievements")} == names
    assert team.row("streaks")["current_days"] == days
    earned = sum(one.coins for one in achievements.KNOWN if one.name in names)
    assert sum(row["amount"] for row in team.rows("coin_entries")) == earned
    assert len(team.rows("notifications", type="achievement")) == len(names)


def test_an_achievement_is_earned_once(team: Team, acting: Acting) -> None:
    me = team.member()
    for expected in (True, False):
        with acting(me):
            streaks.lock(team.org_id, me.user_id)
            assert achievements.award(team.org_id, me.user_id, "first_won", TODAY) is expected
    assert len(team.rows("coin_entries")) == 1


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 60), st.booleans()), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_adds_up_and_is_never_below_zero(
    team: Team, acting: Acting, moves: list[tuple[int, int, bool]]
) -> None:
    """Earned once by key, spent only where there is enough; the balance is the sum of the lines, and each line's."""
    me, expected, keys = team.member(), 0, set()
    for number, (key, amount, is_earned) in enumerate(moves):
        if is_earned:
            with acting(me):
                assert coins.earn(team.org_id, me.user_id, amount, "test", f"k{key}", TODAY, "x") == (key not in keys)
            expected += 0 if key in keys else amount
            keys.add(key)
        elif amount <= expected:
            with acting(me):
                assert coins.spend(team.org_id, me.user_id, amount, "test", f"s{number}", TODAY) == expected - amount
            expected -= amount
        else:
            with pytest.raises(coins.TooFewCoins), acting(me):
                coins.spend(team.org_id, me.user_id, amount, "test", f"s{number}", TODAY)
    with acting(me):
        assert coins.balance_of(team.org_id, me.user_id) == expected
    lines = sorted(team.rows("coin_entries", user_id=me.user_id), key=lambda row: row["id"])
    assert sum(row["amount"] for row in lines) == expected
    total = 0
    for row in lines:
        total += row["amount"]
        assert row["balance"] == total >= 0


def test_the_database_refuses_a_balance_below_zero(team: Team) -> None:
    me = team.member()
    with pytest.raises(psycopg.errors.CheckViolation):
        team.insert("coin_balances", org_id=team.org_id, user_id=me.user_id, balance=-1)


def test_the_ledger_is_append_only(team: Team, acting: Acting) -> None:
    me = team.member()
    record(acting, me, "ai_message", 1)
    for statement in ("UPDATE coin_entries SET amount = 1000", "DELETE FROM coin_entries"):
        with pytest.raises(Exception, match="permission denied"), acting(me):
            _execute(statement)


def _execute(statement: str) -> None:
    from sqlalchemy import text

    from nexapp.spine.db import db

    db.session.execute(text(statement))


def test_bulk_rows_are_counted_set_based(team: Team, acting: Acting, statements: list[str]) -> None:
    people = [team.member() for _ in range(5)]
    for me in people:
        for days in range(3):
            team.activity(me.user_id, "scan", now() - timedelta(days=days))
    statements.clear()
    with acting(people[0]):
        assert streaks.rebuild_all(team.org_id) == 5
    assert len([one for one in statements if "set_config" not in one]) <= 4
    assert {row["current_days"] for row in team.rows("streaks")} == {3}
