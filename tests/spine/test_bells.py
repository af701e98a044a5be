"""The doorbell: rung once for many, and rung again whatever Redis forgets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from rq import Queue, SimpleWorker

from nexapp.spine.clock import now
from nexapp.spine.jobs import enqueue
from nexapp.spine.jobs.runner import system_unit
from nexapp.spine.jobs.sweep import sweep

from .conftest import leave_effect


@pytest.fixture
def redis(app: Flask) -> Redis:
    found: Redis = app.extensions["redis"]
    return found


def bells(redis: Redis) -> int:
    return Queue("default", connection=redis).count


def add(app: Flask, **options: Any) -> None:
    with app.app_context(), system_unit():
        enqueue("probe", **options)


def answer_bells(app: Flask, redis: Redis) -> None:
    with app.app_context():
        SimpleWorker([Queue("default", connection=redis)], connection=redis).work(burst=True, logging_level="ERROR")


def test_many_jobs_ring_once(app: Flask, redis: Redis, probe: Callable[..., None]) -> None:
    probe(lambda: None)
    for _ in range(5):
        add(app)
    assert bells(redis) == 1


def test_an_answered_bell_rings_again(
    app: Flask, redis: Redis, probe: Callable[..., None], count_effects: Callable[..., int]
) -> None:
    probe(lambda: leave_effect())
    for expected in (1, 2):
        add(app)
        assert bells(redis) == 1
        answer_bells(app, redis)
        assert (bells(redis), count_effects()) == (0, expected)


def test_a_job_for_later_rings_when_its_time_has_come(
    app: Flask, redis: Redis, probe: Callable[..., None], hurry: Callable[[], None]
) -> None:
    probe(lambda: None)
    add(app, run_at=now() + timedelta(minutes=5))
    with app.app_context():
        sweep()
    assert bells(redis) == 0
    hurry()
    with app.app_context():
        sweep()
    assert bells(redis) == 1


def test_a_flushed_redis_loses_nothing(
    app: Flask, redis: Redis, probe: Callable[..., None], count_effects: Callable[..., int]
) -> None:
    probe(lambda: leave_effect())
    add(app)
    redis.flushall()
    assert bells(redis) == 0
    with app.app_context():
        sweep()
        sweep()
    assert bells(redis) == 1
    answer_bells(app, redis)
    assert count_effects() == 1


def test_without_redis_the_commit_stands(
    app: Flask, probe: Callable[..., None], without_redis: None, jobs: Callable[..., list[Any]]
) -> None:
    probe(lambda: None)
    add(app)
    assert jobs("status") == [("queued",)]
