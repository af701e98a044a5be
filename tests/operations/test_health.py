"""Health answers within its bound, whatever is broken, and says nothing that helps an attacker."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from nexapp.local.stack import Stack
from nexapp.messaging import pause
from nexapp.operations import health
from nexapp.operations.health import CHECKS, OK
from nexapp.spine.jobs.registry import queue_names

WORKER_BEAT = "nexapp:beat:worker:{}:host:1"
WAITED_SECONDS = 60
"""Two by the bound; much less than what hangs in these tests."""
NAMES = {"database", "redis", "sms", "workers", "scheduler", "migrations"}


@pytest.fixture
def alive(app: Flask) -> Any:
    """The beats of one worker for each queue and of a scheduler."""
    redis = app.extensions["redis"]
    for queue in queue_names():
        redis.set(WORKER_BEAT.format(queue), 1, ex=60)
    redis.set("nexapp:beat:scheduler:host:2", 1, ex=60)
    return redis


@pytest.fixture
def slow_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A check that hangs until the test is over; an entry for each time that it was begun."""
    calls: list[float] = []
    over = threading.Event()

    def wait() -> health.Finding:
        calls.append(time.monotonic())
        over.wait(600)
        return health.Finding(OK)

    monkeypatch.setitem(CHECKS, "sms", wait)
    yield calls
    over.set()
    if calls:
        health._examiner._running["sms"].exception(10)


def test_live_needs_nothing(client: FlaskClient) -> None:
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_health_has_the_agreed_shape(client: FlaskClient, alive: Any) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    body = answer.get_json()
    assert set(body) == {"status", "timestamp", "checks"}
    assert set(body["checks"]) == NAMES
    assert {name: check["status"] for name, check in body["checks"].items()} == dict.fromkeys(NAMES, "ok")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", body["timestamp"])


def test_ready_asks_what_serving_needs(client: FlaskClient, alive: Any) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert set(answer.get_json()["checks"]) == NAMES - {"sms"}


@pytest.mark.parametrize("pattern", ["nexapp:beat:worker:*", "nexapp:beat:scheduler:*"])
def test_not_ready_without_a_worker_or_scheduler(client: FlaskClient, alive: Any, pattern: str) -> None:
    alive.delete(*alive.keys(pattern))
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health").status_code == 503


def test_a_queue_without_its_worker_is_named(client: FlaskClient, alive: Any) -> None:
    alive.delete(WORKER_BEAT.format("default"))
    alive.set(WORKER_BEAT.format("something_else"), 1, ex=60)
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "degraded"
    assert answer.get_json()["checks"]["workers"]["queues_without_worker"] == ["default"]


def test_another_revision_is_not_ready(client: FlaskClient, alive: Any, owner_sql: Callable[..., Any]) -> None:
    [(known,)] = owner_sql("SELECT version_num FROM alembic_version")
    owner_sql("UPDATE alembic_version SET version_num = 'older'")
    try:
        answer = client.get("/health/ready")
    finally:
        owner_sql("UPDATE alembic_version SET version_num = %s", known)
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["migrations"]["status"] == "failing"


def test_failing_texts_show(client: FlaskClient, alive: Any, add_text: Callable[..., None]) -> None:
    for number in range(24):
        add_text("failed" if number < 6 else "delivered")
    check = client.get("/health").get_json()["checks"]["sms"]
    assert (check["status"], check["failed"], check["of"]) == ("degraded", 6, 24)


def test_refused_credentials_show(client: FlaskClient, alive: Any, app: Flask) -> None:
    with app.app_context():
        pause.pause("The provider does not accept our account or token.")
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["sms"]["paused"] is True
    assert client.get("/health/ready").status_code == 200


def test_a_locked_table_holds_nobody_up(client: FlaskClient, alive: Any, services: Stack) -> None:
    with psycopg.connect(services.owner_url) as connection:
        connection.execute("LOCK TABLE messages")
        began = time.monotonic()
        answer = client.get("/health")
        assert time.monotonic() - began < WAITED_SECONDS
    assert answer.get_json()["checks"]["sms"]["status"] == "failing"
    assert answer.get_json()["checks"]["database"]["status"] == "ok"


def test_a_hanging_check_takes_one_thread_and_is_not_waited_for(
    client: FlaskClient, alive: Any, slow_check: list[float]
) -> None:
    began = time.monotonic()
    assert client.get("/health").get_json()["checks"]["sms"]["status"] == "failing"
    assert time.monotonic() - began < WAITED_SECONDS
    assert client.get("/health/ready").status_code == 200
    client.get("/health")
    assert len(slow_check) == 1


def test_without_redis_it_says_so_in_time(client: FlaskClient, without_redis: None) -> None:
    began = time.monotonic()
    answer = client.get("/health")
    assert time.monotonic() - began < WAITED_SECONDS
    failing = {name for name, check in answer.get_json()["checks"].items() if check["status"] == "failing"}
    assert failing == {"redis", "workers", "scheduler", "sms"}


def test_no_secret_is_told(client: FlaskClient, services: Stack) -> None:
    text = json.dumps(client.get("/health").get_json())
    for name in ("SECRET_KEY", "TWILIO_AUTH_TOKEN", "DATABASE_URL", "LOGIN_DATABASE_URL", "REDIS_URL"):
        assert services.environment[name] not in text
    assert "127.0.0.1" not in text
