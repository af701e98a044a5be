"""Schedules: each period once, whoever asks; a flushed Redis heals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from redis import Redis

from nexapp.spine import schedule
from nexapp.spine.schedule import Entry, HealingScheduler

Jobs = Callable[..., list[Any]]


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch, probe: Callable[..., None]) -> dict[str, Entry]:
    probe(lambda: None)
    found = {"nightly": Entry("nightly", "0 2 * * *", "probe")}
    monkeypatch.setattr(schedule, "ENTRIES", found)
    return found


@pytest.fixture
def clock(app: Flask) -> HealingScheduler:
    return HealingScheduler(queue_name="default", connection=app.extensions["redis"], interval=1)


def heal(app: Flask, clock: HealingScheduler) -> None:
    with app.app_context():
        clock.heal()


def test_a_period_runs_once(app: Flask, entries: dict[str, Entry], jobs: Jobs) -> None:
    with app.app_context():
        for _ in range(3):
            schedule.fire("nightly")
    [(key, name)] = jobs("unique_key", "name")
    assert key.startswith("nightly:")
    assert key.endswith("T02:00")
    assert name == "probe"


def test_the_next_period_is_another_run(app: Flask, entries: dict[str, Entry], jobs: Jobs) -> None:
    for day in (20, 21):
        with time_machine.travel(datetime(2026, 11, day, 2, 0, 1, tzinfo=UTC), tick=False), app.app_context():
            schedule.fire("nightly")
    assert jobs("unique_key") == [("nightly:2026-11-20T02:00",), ("nightly:2026-11-21T02:00",)]


@pytest.mark.parametrize(("at", "period"), [
    ("2026-11-20T02:00:00", "2026-11-20T02:00"),
    ("2026-11-20T02:00:00.000001", "2026-11-20T02:00"),
    ("2026-11-20T01:59:59.999998", "2026-11-19T02:00"),
    ("2026-11-20T01:59:59", "2026-11-19T02:00"),
    ("2026-11-20T13:00:00", "2026-11-20T02:00"),
])  # fmt: skip
def test_the_period_is_the_last_one_due(at: str, period: str) -> None:
    with time_machine.travel(datetime.fromisoformat(at).replace(tzinfo=UTC), tick=False):
        found = Entry("nightly", "0 2 * * *", "probe").last_period()
    assert f"{found:%Y-%m-%dT%H:%M}" == period


def test_the_period_is_the_same_at_any_instant_of_it() -> None:
    entry = Entry("often", "*/5 * * * *", "probe")
    begin = datetime(2026, 11, 20, 2, 5, tzinfo=UTC)
    found = set()
    for step in range(1000):
        with time_machine.travel(begin + timedelta(microseconds=step * 299_999_987 // 1000), tick=False):
            found.add(entry.last_period())
    assert found == {begin}


def test_a_flushed_redis_heals(app: Flask, entries: dict[str, Entry], clock: HealingScheduler, jobs: Jobs) -> None:
    heal(app, clock)
    assert "schedule-nightly" in clock
    app.extensions["redis"].flushall()
    assert "schedule-nightly" not in clock
    heal(app, clock)
    assert "schedule-nightly" in clock
    assert len(jobs("id")) == 1


def test_healing_leaves_a_due_entry_alone(app: Flask, entries: dict[str, Entry], clock: HealingScheduler) -> None:
    redis: Redis = app.extensions["redis"]
    heal(app, clock)
    redis.zadd(clock.scheduled_jobs_key, {"schedule-nightly": 1})
    heal(app, clock)
    assert redis.zscore(clock.scheduled_jobs_key, "schedule-nightly") == 1


def test_a_missed_run_is_made_up_for_once(
    app: Flask, entries: dict[str, Entry], clock: HealingScheduler, jobs: Jobs
) -> None:
    with time_machine.travel(datetime(2026, 11, 20, 9, 30, tzinfo=UTC), tick=False):
        heal(app, clock)
        heal(app, clock)
    assert jobs("unique_key", "status") == [("nightly:2026-11-20T02:00", "queued")]


def test_two_schedulers_run_it_once(app: Flask, entries: dict[str, Entry], jobs: Jobs) -> None:
    connection = app.extensions["redis"]
    for _ in range(2):
        heal(app, HealingScheduler(queue_name="default", connection=connection, interval=1))
    assert len(jobs("id")) == 1


def test_each_turn_sweeps_whoever_holds_the_lock(
    app: Flask, entries: dict[str, Entry], clock: HealingScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[int] = []
    monkeypatch.setattr(schedule, "sweep", lambda: swept.append(1))
    other = HealingScheduler(queue_name="default", connection=app.extensions["redis"], interval=1)
    with app.app_context():
        assert other.acquire_lock()
        assert not clock.acquire_lock()
    assert len(swept) == 2


def test_a_failing_sweep_stops_no_clock(
    app: Flask, entries: dict[str, Entry], clock: HealingScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ConnectionError

    monkeypatch.setattr(schedule, "sweep", fail)
    with app.app_context():
        assert clock.acquire_lock()
