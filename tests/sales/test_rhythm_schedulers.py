"""Two real schedulers and two real workers at once, after an outage: everything is told once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nexapp.local.stack import Stack
from tests.blackbox import eventually
from tests.sales.rhythm_world import SalesTeam, Sql
from tests.sales.test_rhythm_once import JOBS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
NEW_YORK = ZoneInfo("America/New_York")
A_LONG_TIME = 130
SUNDAY = date(2026, 11, 1)
"""On which the clocks of New York change."""


@contextmanager
def processes(services: Stack, at: datetime) -> Iterator[None]:
    """Two of each, with clocks that start at that instant and go on."""
    command = [sys.executable, "-m", "tests.sales.rhythm_process"]
    surroundings = {**os.environ, **services.environment}
    running = [
        subprocess.Popen([*command, role, at.isoformat()], cwd=ROOT, env=surroundings)
        for role in ("scheduler", "scheduler", "worker", "worker")
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


LETTERS = "SELECT count(*) FROM messages WHERE subject_kind = 'digest'"


def waits_for_letter(sql: Sql, team: SalesTeam, user_id: UUID) -> None:
    """Something for the daily letter, whose hour has long come by the database's clock."""
    sql("UPDATE users SET email = 'rep@example.com' WHERE id = %s", user_id)
    sql(
        "INSERT INTO notifications (id, user_id, org_id, type, title, digest_on)"
        " VALUES (gen_random_uuid(), %s, %s, 'mission_alert', 'Almost', current_date - 3)",
        user_id, team.org_id,
    )  # fmt: skip


def finished(sql: Sql, period: str) -> bool:
    """Whether the runs of that quarter of an hour are done, one for each job."""
    rows = sql("SELECT name FROM background_jobs WHERE status = 'succeeded' AND unique_key = name || ':' || %s", period)
    return {job.name for job in JOBS} <= {name for (name,) in rows}


def test_two_schedulers_after_an_outage_tell_each_thing_once(services: Stack, app: Flask, owner_sql: Sql) -> None:
    """Five past nine on a Sunday evening: the hours of all four jobs have come, and nothing ran for days."""
    team = SalesTeam(app, owner_sql)
    at = datetime(SUNDAY.year, SUNDAY.month, SUNDAY.day, 21, 5, tzinfo=NEW_YORK)
    reps = {job.name: team.add_user() for job in JOBS}
    waits_for_letter(owner_sql, team, team.add_user())
    for job in JOBS:
        job.arrange(team, reps[job.name], at)
    for moment in (at, at + timedelta(minutes=16)):
        quarter = moment.astimezone(ZoneInfo("UTC"))
        period = f"{quarter.replace(minute=quarter.minute // 15 * 15):%Y-%m-%dT%H:%M}"
        with processes(services, moment):
            eventually(lambda p=period: finished(owner_sql, p), A_LONG_TIME, "the runs of that quarter")
            eventually(lambda: owner_sql(LETTERS) != [(0,)], A_LONG_TIME, "the daily letter")
        told = {job.name: len([one for one in team.told(job.notice) if one.user_id == reps[job.name]]) for job in JOBS}
        assert told == dict.fromkeys(reps, 1)
    assert owner_sql(LETTERS) == [(1,)]
    keys = owner_sql("SELECT unique_key, count(*) FROM background_jobs WHERE unique_key IS NOT NULL GROUP BY 1")
    assert {count for _, count in keys} == {1}
    assert team.failures() == []
