"""Each scheduled job sends once: run twice, after outages over a midnight, a Sunday and a change of the clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.sales.rhythm_world import QUARTER, SalesTeam, Sql

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
FRIDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 22)
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
"""Sundays on which the clocks of New York change."""


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    notice: str
    hour: int
    arrange: Callable[[SalesTeam, UUID, datetime], Any]
    weekly: bool = False


def hot_prospect(team: SalesTeam, rep: UUID, at: datetime) -> None:
    team.add_prospect(rep, "Ann", at)


def quiet_prospect(team: SalesTeam, rep: UUID, at: datetime) -> None:
    found = team.add_prospect(rep, "Ann", at, score="cold", last_activity_at=at - 9 * DAY)
    team.sql("UPDATE prospects SET score = 60 WHERE id = %s", found)


def long_streak(team: SalesTeam, rep: UUID, at: datetime) -> None:
    team.set_streak(rep, 7, at.date() - 2 * DAY, alive=30)


def busy_week(team: SalesTeam, rep: UUID, at: datetime) -> None:
    for days in range(14):
        team.add_activity(rep, "scan", at - days * DAY)


JOBS = [
    Job("daily_rescan", "daily_top", 6, hot_prospect),
    Job("inactivity_check", "lead_cooling", 8, quiet_prospect),
    Job("streak_reminder", "streak_reminder", 21, long_streak),
    Job("weekly_summary", "weekly_report", 18, busy_week, weekly=True),
]
each_job = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> SalesTeam:
    return SalesTeam(app, owner_sql)


def its_hour(job: Job, on: date) -> datetime:
    return datetime(on.year, on.month, on.day, job.hour, 5, tzinfo=NEW_YORK).astimezone(UTC)


def a_day(job: Job) -> date:
    return SUNDAY if job.weekly else FRIDAY


@each_job
def test_run_twice_it_sends_once(team: SalesTeam, job: Job) -> None:
    at = its_hour(job, a_day(job))
    job.arrange(team, team.add_user(), at)
    for turn in range(3):
        team.run(job.name, at + turn * QUARTER)
    assert len(team.told(job.notice)) == 1
    assert [counts.get("told") for counts in team.counts()] == [1]


@each_job
def test_a_ledger_that_was_lost_makes_nothing_double(team: SalesTeam, job: Job, owner_sql: Sql) -> None:
    """What was told stays told, whatever became of the rows that say so."""
    at = its_hour(job, a_day(job))
    job.arrange(team, team.add_user(), at)
    team.run(job.name, at)
    owner_sql("TRUNCATE local_runs, background_jobs")
    team.run(job.name, at + QUARTER)
    assert len(team.told(job.notice)) == 1


@each_job
def test_back_on_the_same_day_it_is_made_up_for_once(team: SalesTeam, job: Job) -> None:
    at = its_hour(job, a_day(job))
    job.arrange(team, team.add_user(), at)
    team.run(job.name, at - 3 * QUARTER)
    for turn in range(3):
        team.run(job.name, at + timedelta(hours=2) + turn * QUARTER)
    assert len(team.told(job.notice)) == 1


@each_job
def test_an_outage_over_midnight_sends_once_or_dies(team: SalesTeam, job: Job, owner_sql: Sql) -> None:
    """Down from before the hour until an hour after midnight, and looked at until its next coming."""
    on = a_day(job)
    at = its_hour(job, on)
    job.arrange(team, team.add_user(), at)
    back = datetime(on.year, on.month, on.day, 1, 0, tzinfo=NEW_YORK).astimezone(UTC) + DAY
    for turn in range(3):
        team.run(job.name, back + turn * QUARTER)
    told = len(team.told(job.notice))
    if job.weekly:
        assert told == 1, "on Monday the week can still be looked back at"
        return
    assert told == 0, "yesterday's has lost its sense"
    assert ("late", on) in owner_sql("SELECT state, on_date FROM local_runs")
    next_hour = its_hour(job, on + DAY)
    for turn in range(2):
        team.run(job.name, next_hour + turn * QUARTER)
    assert len(team.told(job.notice)) == 1


@each_job
@pytest.mark.parametrize("change", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_a_change_of_the_clocks_sends_once(team: SalesTeam, job: Job, change: date) -> None:
    """Each hour from the noon before the change to the noon after the day of it."""
    job.arrange(team, team.add_user(), its_hour(job, change))
    noon = datetime(change.year, change.month, change.day, 12, 2, tzinfo=NEW_YORK).astimezone(UTC)
    for hour in range(-24, 25):
        team.run(job.name, noon + timedelta(hours=hour))
    days = team.sql("SELECT on_date, count(*) FROM local_runs WHERE state = 'done' GROUP BY 1 ORDER BY 1")
    assert all(count == 1 for _, count in days)
    assert (change, 1) in days
    assert len(team.sql("SELECT DISTINCT dedupe_key FROM notifications WHERE type = %s", job.notice)) == len(
        team.sql("SELECT 1 FROM notifications WHERE type = %s", job.notice)
    )


@each_job
def test_an_outage_over_a_sunday_sends_one_of_each(team: SalesTeam, job: Job) -> None:
    """Down from Saturday noon until Monday nine: one weekly summary, and Monday's own work."""
    rep = team.add_user()
    job.arrange(team, rep, its_hour(job, SUNDAY))
    monday = datetime(2026, 11, 23, 9, 2, tzinfo=NEW_YORK).astimezone(UTC)
    for turn in range(4):
        team.run(job.name, monday + turn * QUARTER)
    kept = team.sql("SELECT on_date, state FROM local_runs")
    expected = {
        "daily_rescan": [(date(2026, 11, 23), "done")], "inactivity_check": [(date(2026, 11, 23), "done")],
        "streak_reminder": [(SUNDAY, "late")], "weekly_summary": [(SUNDAY, "done")],
    }  # fmt: skip
    assert kept == expected[job.name]
    assert len(team.told(job.notice)) == (0 if job.name == "streak_reminder" else 1)
