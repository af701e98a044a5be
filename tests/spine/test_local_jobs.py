"""Jobs at people's own hours: once for each of their days, whoever runs them and however often."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from nexapp.spine import job_runs, local_jobs
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import sizes
from nexapp.spine.jobs.registry import KINDS
from nexapp.spine.jobs.runner import drain_ledger, system_unit
from nexapp.spine.local_days import LocalHour
from nexapp.spine.local_jobs import LOCAL_JOBS, Person, local_job
from nexapp.spine.schedule import ENTRIES, fire
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

from .conftest import Sql, leave_effect

PEOPLE = """
    SELECT m.org_id, m.user_id, coalesce(u.time_zone, o.time_zone) AS zone, m.created_at AS joined_at
    FROM memberships m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.org_id
"""
SIX = LocalHour(6, timedelta(hours=18))
NEW_YORK, LONDON, TOKYO = "America/New_York", "Europe/London", "Asia/Tokyo"
MORNING = datetime(2026, 11, 20, 11, 5, tzinfo=UTC)
"""Five past six in New York."""


class Team:
    """Users of one organisation, and what was done for whom."""

    def __init__(self, app: Flask, sql: Sql) -> None:
        self.app, self.sql = app, sql
        self.given: list[Person] = []
        self.steps: list[int] = []
        self.broken: set[UUID] = set()

    def add_org(self, zone: str = NEW_YORK) -> UUID:
        org_id = new_id()
        self.sql(
            "INSERT INTO organizations (id, name, slug, kind, time_zone) VALUES (%s, 'X', %s, 'sales', %s)",
            org_id, f"x{org_id.hex}", zone,
        )  # fmt: skip
        return org_id

    def add(self, org_id: UUID, zone: str | None = None, joined: str = "2026-01-01") -> UUID:
        user_id = new_id()
        self.sql(
            "INSERT INTO users (id, phone, time_zone) VALUES (%s, %s, %s)",
            user_id, f"+1{user_id.int % 10**10:010}", zone,
        )  # fmt: skip
        self.sql(
            "INSERT INTO memberships (id, org_id, user_id, role, created_at) VALUES (%s, %s, %s, 'staff', %s)",
            new_id(), org_id, user_id, joined,
        )  # fmt: skip
        return user_id

    def work(self, people: Sequence[Person]) -> Mapping[str, int]:
        for person in people:
            leave_effect(str(person.user_id))
        if any(person.user_id in self.broken for person in people):
            db.session.execute(text("SELECT 1 / 0"))
        self.given += people
        self.steps.append(len(people))
        return {"told": len(people)}

    def run(self, at: datetime, **arguments: Any) -> None:
        """A scheduler's turn and a worker's, at that instant."""
        with time_machine.travel(at, tick=False), self.app.app_context():
            if arguments:
                with system_unit():
                    job_runs.start_run("morning", **arguments)
            else:
                fire("morning")
            self.sql("UPDATE background_jobs SET run_at = now() - interval '1 second' WHERE status = 'queued'")
            drain_ledger("slow", lambda: False)

    def told(self, user_id: UUID) -> list[str]:
        return [person.on.isoformat() for person in self.given if person.user_id == user_id]

    def runs(self) -> list[dict[str, Any]]:
        rows = self.sql("SELECT progress FROM background_jobs WHERE progress IS NOT NULL ORDER BY id")
        return [row[0] for row in rows]


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> Iterator[Team]:
    found = Team(app, owner_sql)
    local_job("morning", SIX, people=PEOPLE)(found.work)
    yield found
    for registry in (KINDS, ENTRIES, LOCAL_JOBS):
        registry.pop("morning")


def test_whose_hour_has_come_gets_it_and_the_others_wait(team: Team) -> None:
    org = team.add_org()
    here, west, london = team.add(org), team.add(org, "America/Los_Angeles"), team.add(org, LONDON)
    team.run(MORNING)
    assert [team.told(user) for user in (here, west, london)] == [["2026-11-20"], [], ["2026-11-20"]]
    assert {person.zone for person in team.given} == {NEW_YORK, LONDON}
    team.run(MORNING + timedelta(hours=3))
    assert team.told(west) == ["2026-11-20"]


def test_run_twice_is_once(team: Team) -> None:
    user = team.add(team.add_org())
    for minutes in (0, 1, 15, 30):
        team.run(MORNING + timedelta(minutes=minutes))
    assert team.told(user) == ["2026-11-20"]
    assert [run["counts"] for run in team.runs()] == [{"told": 1}]


def test_an_outage_over_midnight_is_made_up_for_once(team: Team) -> None:
    user = team.add(team.add_org())
    team.run(MORNING - timedelta(days=3))
    team.run(MORNING + timedelta(hours=2))
    team.run(MORNING + timedelta(hours=3))
    assert team.told(user) == ["2026-11-17", "2026-11-20"]


def test_what_comes_too_late_dies_and_is_recorded(team: Team, owner_sql: Sql) -> None:
    user = team.add(team.add_org())
    after_midnight = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
    team.run(after_midnight)
    assert team.told(user) == []
    assert owner_sql("SELECT on_date, state FROM local_runs") == [(date(2026, 11, 20), "late")]
    assert [run["counts"] for run in team.runs()] == [{"late": 1}]
    team.run(after_midnight + timedelta(hours=7))
    assert team.told(user) == ["2026-11-21"]


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_a_change_of_the_clocks_moves_nothing(team: Team, day: str) -> None:
    user = team.add(team.add_org(), joined="2025-01-01")
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
    for quarter in range(0, 3 * 96, 2):
        team.run(begin + timedelta(minutes=15 * quarter))
    assert len(team.told(user)) == len(set(team.told(user))) == 4


def test_somebody_who_joined_after_the_hour_waits_for_the_next(team: Team) -> None:
    user = team.add(team.add_org(), joined="2026-11-20T11:03:00Z")
    team.run(MORNING)
    assert team.told(user) == []
    team.run(MORNING + timedelta(days=1))
    assert team.told(user) == ["2026-11-21"]


def test_a_traveller_gets_each_of_their_days_once(team: Team, owner_sql: Sql) -> None:
    user = team.add(team.add_org(), TOKYO)
    team.run(datetime(2026, 11, 19, 21, 5, tzinfo=UTC))
    owner_sql("UPDATE users SET time_zone = 'America/Los_Angeles'")
    for hours in range(0, 48, 1):
        team.run(datetime(2026, 11, 19, 22, 5, tzinfo=UTC) + timedelta(hours=hours))
    # In Los Angeles it was still the 19th, whose morning nobody had given them.
    assert team.told(user) == ["2026-11-20", "2026-11-19", "2026-11-21"]


def test_many_people_are_done_in_steps(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "FIRST", 3)
    monkeypatch.setattr(sizes, "MOST", 3)
    monkeypatch.setattr(sizes, "LEAST", 3)
    orgs = [team.add_org(), team.add_org()]
    users = [team.add(org) for org in orgs for _ in range(4)]
    team.run(MORNING)
    assert [team.told(user) for user in users] == [["2026-11-20"]] * 8
    [run] = team.runs()
    assert (run["done"], run["total"], run["counts"]) == (8, 8, {"told": 8})


def test_a_step_that_took_its_worker_with_it_is_tried_smaller(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "FIRST", 24)
    monkeypatch.setattr(sizes, "LEAST", 1)
    org = team.add_org()
    users = [team.add(org) for _ in range(24)]
    with time_machine.travel(MORNING, tick=False), team.app.app_context():
        fire("morning")
        # As a worker leaves it that died: claimed, and given back by nobody.
        team.sql("UPDATE background_jobs SET attempts = 1, run_at = now() - interval '1 second'")
        drain_ledger("slow", lambda: False)
    assert team.steps[0] == 24 // sizes.CUT
    assert [team.told(user) for user in users] == [["2026-11-20"]] * 24
    [run] = team.runs()
    assert (run["done"], run["total"], run["counts"], run["attempts"]) == (24, 24, {"told": 24}, 2)


def test_one_that_fails_stops_nobody(team: Team, owner_sql: Sql) -> None:
    org = team.add_org()
    users = [team.add(org) for _ in range(9)]
    team.broken = {users[4]}
    team.run(MORNING)
    assert [team.told(user) for user in users] == [[] if user == users[4] else ["2026-11-20"] for user in users]
    assert owner_sql("SELECT user_id FROM local_runs WHERE state = 'failed'") == [(users[4],)]
    assert owner_sql("SELECT kind, org_id FROM system_errors") == [("job_error", org)]
    assert [run["counts"] for run in team.runs()] == [{"failed": 1, "told": 8}]
    effects = owner_sql("SELECT count(*), count(DISTINCT source) FROM webhook_events")
    assert effects == [(8, 8)], "what was undone for halves of them left nothing"


def test_work_that_fails_for_everybody_fails_the_job(team: Team, owner_sql: Sql) -> None:
    org = team.add_org()
    team.broken = {team.add(org) for _ in range(local_jobs.MOST_FAILED + 2)}
    team.run(MORNING)
    assert owner_sql("SELECT status FROM background_jobs") == [("retrying",)]
    assert owner_sql("SELECT count(*) FROM local_runs") == [(0,)]


def test_two_runs_at_once_tell_each_person_once(team: Team, app: Flask, owner_sql: Sql) -> None:
    org = team.add_org()
    users = [team.add(org) for _ in range(40)]
    gate = threading.Barrier(2)

    def one() -> None:
        with app.app_context(), system_unit():
            gate.wait(30)
            local_jobs.run_step(LOCAL_JOBS["morning"], None)

    with time_machine.travel(MORNING, tick=False):
        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sorted(person.user_id for person in team.given) == sorted(users)
    assert owner_sql("SELECT count(*) FROM webhook_events") == [(40,)]


def test_a_day_asked_for_is_for_all_who_have_not_had_it(team: Team) -> None:
    org = team.add_org()
    here, tokyo = team.add(org), team.add(org, TOKYO)
    team.run(MORNING)
    for _ in range(2):
        team.run(MORNING, on_date=date(2026, 11, 18))
        team.run(MORNING, on_date=date(2026, 11, 20))
    assert sorted(team.told(here)) == sorted(team.told(tokyo)) == ["2026-11-18", "2026-11-20"]


def test_a_run_of_one_organisation_is_for_its_own_people(team: Team, app: Flask) -> None:
    mine, other = team.add_org(), team.add_org()
    here = team.add(mine)
    team.add(other)
    found: list[UUID] = []

    def note(people: Sequence[Person]) -> Mapping[str, int]:
        found.extend(person.user_id for person in people)
        return {}

    with time_machine.travel(MORNING, tick=False), app.app_context(), unit_of_work(Actor(Role.OWNER, mine)):
        local_jobs.run_step(local_jobs.LocalJob("own", SIX, PEOPLE, note), date(2026, 11, 20))
    assert found == [here]


@pytest.mark.parametrize(("job", "day"), [
    ("morning", date(2026, 11, 23)), ("morning", date(2026, 9, 1)), ("expire_slots", date(2026, 11, 20)),
])  # fmt: skip
def test_days_that_make_no_sense_are_refused(team: Team, app: Flask, job: str, day: date) -> None:
    with time_machine.travel(MORNING, tick=False), app.app_context(), system_unit(), pytest.raises(BadInput):
        job_runs.start_run(job, day)


def test_only_scheduled_jobs_are_started_by_hand(team: Team, app: Flask) -> None:
    with app.app_context(), system_unit(), pytest.raises(NotFound):
        job_runs.start_run("handle_event")


def test_old_rows_are_forgotten(team: Team, owner_sql: Sql) -> None:
    user = team.add(team.add_org())
    team.run(MORNING)
    team.run(MORNING + timedelta(days=60))
    assert owner_sql("SELECT user_id, on_date FROM local_runs") == [(user, date(2027, 1, 19))]
