"""The jobs of a salesperson's day: texts, whom they are for, and each of them once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.spine.jobs.registry import KINDS
from nexapp.spine.tenancy import Actor, Role
from tests.sales.rhythm_world import SalesTeam, Sql

SIX = datetime(2026, 11, 20, 11, 5, tzinfo=UTC)
"""Five past six in the morning in New York, on a Friday."""
EIGHT, NINE_AT_NIGHT = SIX + timedelta(hours=2), SIX + timedelta(hours=15)
TODAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 22)
DAY = timedelta(days=1)


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> SalesTeam:
    return SalesTeam(app, owner_sql)


def test_the_morning_names_the_hot_ones(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    for name in ("Ann", "Bob", "Cy", "Dee"):
        team.add_prospect(rep, name, SIX, value_cents=10_000_000)
    team.add_prospect(rep, "Warm Wanda", SIX, score="warm")
    team.add_prospect(rep, "Cold Carl", SIX, score="cold")
    team.add_prospect(rep, "Won Will", SIX, stage_id=team.stages["won"])
    team.run("daily_rescan", SIX)
    [told] = team.told("daily_top")
    assert (told.user_id, told.title, told.url) == (rep, "🔥 4 Hot Prospects Ready", "/sales")
    assert told.message == "Your top prospects today: Ann, Bob, Cy"
    [kept] = owner_sql("SELECT on_date, hot, warm, total, cardinality(prospect_ids) FROM daily_top_prospects")
    assert kept == (TODAY, 4, 1, 6, 6)
    assert team.failures() == []


def test_one_is_named_in_the_singular(team: SalesTeam) -> None:
    team.add_prospect(team.add_user(), "John Doe", SIX)
    team.run("daily_rescan", SIX)
    [told] = team.told("daily_top")
    assert (told.title, told.message) == ("🔥 1 Hot Prospect Ready", "Your top prospect today: John Doe")


def test_nothing_is_said_of_none(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    team.add_prospect(rep, "Cold Carl", SIX, score="cold")
    team.add_activity(rep, "scan", SIX - DAY)
    team.run("daily_rescan", SIX)
    assert team.told("daily_top") == []
    assert owner_sql("SELECT hot, warm, total FROM daily_top_prospects") == [(0, 0, 1)]


def test_scores_decay_over_night_with_their_reasons(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    team.add_prospect(rep, "Ann", SIX)
    team.run("daily_rescan", SIX)
    [(fresh,)] = owner_sql("SELECT score FROM prospects")
    team.run("daily_rescan", SIX + 20 * DAY)
    [(stale,)] = owner_sql("SELECT score FROM prospects")
    assert stale < fresh
    assert owner_sql("SELECT before, after, cause FROM score_changes ORDER BY changed_at DESC LIMIT 1") == [
        (fresh, stale, "daily_rescan")
    ]


def test_who_was_away_for_a_month_is_left_alone(team: SalesTeam) -> None:
    here, away, reader = team.add_user(), team.add_user(), team.add_user()
    for rep in (here, away, reader):
        team.add_prospect(rep, "Ann", SIX)
    team.sql("UPDATE activities SET on_date = '2026-10-01' WHERE user_id IN (%s, %s)", away, reader)
    team.sql(
        "INSERT INTO user_sessions (id, token_hash, user_id, expires_at, idle_seconds, last_seen_at)"
        " VALUES (gen_random_uuid(), 'x', %s, '2100-01-01', 1000, %s)", reader, SIX - 5 * DAY,
    )  # fmt: skip
    team.run("daily_rescan", SIX)
    assert {told.user_id for told in team.told("daily_top")} == {here, reader}


def test_who_becomes_hot_over_night_is_told_as_such(team: SalesTeam) -> None:
    rep = team.add_user()
    team.add_prospect(rep, "Ann", SIX, score="hot")
    team.run("daily_rescan", SIX)
    assert [told.message for told in team.told("hot_lead")] == ["Ann just became a hot lead."]


COOL = {"last_activity_at": SIX - 8 * DAY}


def test_a_cooling_lead_is_told_once_per_quiet_spell(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    ann = team.add_prospect(rep, "Ann", SIX, score="cold", **COOL, is_unlocked=True)
    owner_sql("UPDATE prospects SET score = 60")
    for days in range(4):
        team.run("inactivity_check", EIGHT + days * DAY)
    [told] = team.told("lead_cooling")
    assert (told.user_id, told.subject_id, told.url) == (rep, ann, f"/prospects/{ann}")
    assert told.title == "❄️ Lead Cooling Down"
    assert told.message == "Ann hasn't been contacted in 7+ days. Time to re-engage!"
    owner_sql("UPDATE prospects SET last_activity_at = %s", EIGHT + 3 * DAY)
    for days in range(4, 13):
        team.run("inactivity_check", EIGHT + days * DAY)
    assert owner_sql("SELECT count(*) FROM notifications WHERE dedupe_key LIKE 'cooling:%%'") == [(2,)]


@pytest.mark.parametrize("values", [
    {"score": 49}, {"is_unlocked": False}, {"last_activity_at": SIX - 6 * DAY}, {"deleted_at": SIX},
    {"owner_id": None}, {"stage_id": "won"},
], ids=lambda values: next(iter(values)))  # fmt: skip
def test_what_does_not_cool_is_not_told(team: SalesTeam, owner_sql: Sql, values: dict[str, Any]) -> None:
    team.add_prospect(team.add_user(), "Ann", SIX, score="cold", **COOL)
    owner_sql("UPDATE prospects SET score = 60")
    [(column, value)] = values.items()
    owner_sql(f"UPDATE prospects SET {column} = %s", team.stages["won"] if value == "won" else value)
    team.run("inactivity_check", EIGHT)
    assert team.told("lead_cooling") == []
    assert owner_sql("SELECT count(*) FROM quiet_spells") == [(0,)]


def test_a_lower_tier_is_told_that_it_was_not_told_once(app: Flask, owner_sql: Sql) -> None:
    team = SalesTeam(app, owner_sql, tier="free")
    team.add_prospect(team.add_user(), "Ann", SIX, score="cold", **COOL)
    owner_sql("UPDATE prospects SET score = 60")
    for days in range(3):
        team.run("inactivity_check", EIGHT + days * DAY)
    assert team.told("lead_cooling") == []
    assert owner_sql("SELECT type, reason FROM notification_skips") == [("lead_cooling", "tier")]


def test_a_streak_in_danger_is_told_in_the_evening(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    team.set_streak(rep, 7, TODAY - DAY, longest=12)
    team.run("streak_reminder", NINE_AT_NIGHT - timedelta(minutes=20))
    assert team.told("streak_reminder") == []
    team.run("streak_reminder", NINE_AT_NIGHT)
    [told] = team.told("streak_reminder")
    assert told.title == "⭐ Don't Break Your 7-Day Streak!"
    assert told.message == ("Complete 1 action today to maintain your momentum. Your longest streak: 12 days.")
    assert owner_sql("SELECT expires_at FROM notifications") == [(datetime(2026, 11, 21, 5, tzinfo=UTC),)]


@pytest.mark.parametrize(("days", "last_on", "alive"), [
    (2, TODAY - DAY, 1), (7, TODAY, 1), (7, TODAY - 3 * DAY, 1),
], ids=["short", "active today", "broken"])  # fmt: skip
def test_no_streak_no_reminder(team: SalesTeam, days: int, last_on: date, alive: int) -> None:
    team.set_streak(team.add_user(), days, last_on, alive=alive)
    team.run("streak_reminder", NINE_AT_NIGHT)
    assert team.told("streak_reminder") == []


def test_a_day_that_a_freeze_bridges_may_still_be_saved(team: SalesTeam) -> None:
    team.set_streak(team.add_user(), 7, TODAY - 2 * DAY, alive=3)
    team.run("streak_reminder", NINE_AT_NIGHT)
    assert len(team.told("streak_reminder")) == 1


def test_after_midnight_it_is_too_late_and_that_is_recorded(team: SalesTeam, owner_sql: Sql) -> None:
    """The evening's run never came: everything was down until one in the morning."""
    rep = team.add_user()
    team.set_streak(rep, 7, TODAY - DAY, alive=2)
    team.run("streak_reminder", NINE_AT_NIGHT + timedelta(hours=4))
    assert team.told("streak_reminder") == []
    assert owner_sql("SELECT user_id, on_date, state FROM local_runs") == [(rep, TODAY, "late")]
    assert team.counts() == [{"late": 1}]


def test_everybody_is_told_at_their_own_hour(team: SalesTeam) -> None:
    zones = {"America/New_York": 11, "Europe/London": 6, "Asia/Tokyo": 21, "Pacific/Kiritimati": 16, "Etc/GMT+12": 18}
    people = {zone: team.add_user(zone) for zone in zones}
    for rep in people.values():
        team.add_prospect(rep, "Ann", SIX)
    hours: dict[Any, int] = {}
    for hour in range(24):
        at = datetime(2026, 11, 20, hour, 5, tzinfo=UTC)
        team.run("daily_rescan", at)
        for told in team.told("daily_top"):
            hours.setdefault(told.user_id, hour)
    # Midnight's first run makes up for the mornings that had been, one for each.
    late = {zone for zone, hour in zones.items() if hours[people[zone]] == 0}
    assert {zone: hours[people[zone]] for zone in zones if zone not in late} == {
        zone: hour for zone, hour in zones.items() if zone not in late
    }
    assert late == {"Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"} - {
        zone for zone in zones if zone not in late
    }


def test_people_of_other_kinds_of_business_are_left_alone(team: SalesTeam, owner_sql: Sql) -> None:
    rep = team.add_user()
    team.add_prospect(rep, "Ann", SIX)
    team.set_streak(rep, 7, TODAY - DAY)
    owner_sql("UPDATE organizations SET kind = 'business'")
    for job, at in (("daily_rescan", SIX), ("inactivity_check", EIGHT), ("streak_reminder", NINE_AT_NIGHT)):
        team.run(job, at)
    assert owner_sql("SELECT count(*) FROM local_runs") == [(0,)]


@pytest.mark.parametrize("column", ["memberships.deactivated_at", "users.deactivated_at", "organizations.suspended_at"])
def test_who_has_left_is_left_alone(team: SalesTeam, owner_sql: Sql, column: str) -> None:
    team.add_prospect(team.add_user(), "Ann", SIX)
    table, name = column.split(".")
    owner_sql(f"UPDATE {table} SET {name} = now()")
    team.run("daily_rescan", SIX)
    assert owner_sql("SELECT count(*) FROM local_runs") == [(0,)]


def test_it_takes_as_many_statements_for_many_as_for_few(team: SalesTeam, statements: list[str]) -> None:
    asked = []
    for day, people in enumerate((1, 30)):
        for _ in range(people):
            team.add_prospect(team.add_user(), "Ann", SIX + day * DAY)
        statements.clear()
        team.run("daily_rescan", SIX + day * DAY)
        asked.append(len([one for one in statements if "hot_lead" not in one]))
    assert asked[1] <= asked[0] + 4, "scores that crossed into hot are told by organisation"


def test_a_day_that_is_over_is_ranked_and_not_told(team: SalesTeam, owner_sql: Sql) -> None:
    """By hand, for what was missed: who reads of it today is helped by nothing that it says."""
    team.add_prospect(team.add_user(), "Ann", SIX)
    team.run("daily_rescan", SIX, TODAY - 3 * DAY)
    assert team.told("daily_top") == []
    assert owner_sql("SELECT on_date, hot FROM daily_top_prospects") == [(TODAY - 3 * DAY, 1)]


@pytest.mark.parametrize("job", ["daily_rescan", "inactivity_check", "streak_reminder", "weekly_summary"])
def test_an_owner_starts_it_for_their_own_people(app: Flask, team: SalesTeam, owner_sql: Sql, job: str) -> None:
    other, on = SalesTeam(app, owner_sql), SUNDAY if job == "weekly_summary" else TODAY
    at = datetime(on.year, on.month, on.day, 23, 30, tzinfo=UTC)
    for one in (team, other):
        rep = one.add_user()
        ann = one.add_prospect(rep, "Ann", at, last_activity_at=at - 8 * DAY if job == "inactivity_check" else at)
        one.sql("UPDATE prospects SET score = 90 WHERE id = %s", ann)
        one.set_streak(rep, 7, on - DAY)
    team.run(job, at, on, actor=Actor(Role.OWNER, team.org_id))
    told = {"daily_rescan": "daily_top", "inactivity_check": "lead_cooling", "weekly_summary": "weekly_report"}
    rows = owner_sql("SELECT org_id FROM notifications WHERE type = %s", told.get(job, job))
    assert rows == [(team.org_id,)]
    assert owner_sql("SELECT DISTINCT org_id FROM local_runs") == [(team.org_id,)]
    assert owner_sql("SELECT status, error FROM background_jobs") == [("succeeded", None)]


def test_the_hours_are_those_that_people_were_promised() -> None:
    from nexapp.spine.local_jobs import LOCAL_JOBS

    hours = {name: (job.hour.hour, job.hour.weekday) for name, job in LOCAL_JOBS.items()}
    assert hours == {
        "daily_rescan": (6, None), "inactivity_check": (8, None), "streak_reminder": (21, None),
        "weekly_summary": (18, 6), "new_missions": (8, 0),
    }  # fmt: skip
    assert {KINDS[name].queue for name in hours} == {"slow"}
