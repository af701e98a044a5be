"""Probes: jobs, routes and effects that only these tests have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.registry import KINDS, JobKind
from nexapp.spine.realtime import CHANNEL
from nexapp.spine.webhooks import WebhookEvent
from tests.live import Heard

Sql = Callable[..., list[Any]]


def leave_effect(name: str = "effect") -> None:
    """A row that stands or falls with the running unit; needs the system's actor."""
    db.session.execute(insert(WebhookEvent).values(id=new_id(), source=name, external_id=str(new_id()), payload={}))


@pytest.fixture
def count_effects(owner_sql: Sql) -> Callable[..., int]:
    def count(name: str = "effect") -> int:
        [(found,)] = owner_sql("SELECT count(*) FROM webhook_events WHERE source = %s", name)
        return int(found)

    return count


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`probe(handler)`: a job called "probe" for the time of the test."""

    def register(handler: Callable[..., Any], retries: tuple[float, ...] = (1.0, 3.0, 9.0)) -> None:
        monkeypatch.setitem(KINDS, "probe", JobKind("probe", "default", retries, handler, "job_error"))

    return register


@pytest.fixture
def jobs(owner_sql: Sql) -> Callable[..., list[Any]]:
    """`jobs("status", "attempts")`: these columns of every job, in order."""

    def read(*columns: str) -> list[Any]:
        return owner_sql(f"SELECT {', '.join(columns)} FROM background_jobs ORDER BY id")

    return read


@pytest.fixture
def hurry(owner_sql: Sql) -> Callable[[], None]:
    """Make every waiting job due now."""

    def run() -> None:
        owner_sql("UPDATE background_jobs SET run_at = now() WHERE status IN ('queued', 'retrying')")

    return run


@pytest.fixture
def signals(app: Flask) -> Iterator[Heard]:
    heard = Heard(app.extensions["redis"], CHANNEL)
    yield heard
    heard.close()
