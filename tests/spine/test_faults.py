"""Error rows: one for the same failure, counted; written whatever else rolls back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from nexapp.spine import faults
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor
from tests.live import Heard

from .conftest import Sql, leave_effect

Acting = Callable[[Actor], AbstractContextManager[None]]


def fail(about: str) -> None:
    raise ValueError(about)


def capture(app: Flask, about: str = "x", **values: object) -> None:
    with app.app_context():
        try:
            fail(about)
        except ValueError as error:
            faults.capture("job_error", error, **values)  # type: ignore[arg-type]


def test_the_same_failure_is_one_row_with_a_count(app: Flask, owner_sql: Sql) -> None:
    first, last = new_id(), new_id()
    capture(app, "one", job_id=first)
    capture(app, "two", job_id=last)
    [(count, message, job_id, ordered)] = owner_sql(
        "SELECT count, message, job_id, first_seen_at < last_seen_at FROM system_errors"
    )
    assert (count, message, job_id, ordered) == (2, "ValueError: one", last, True)


def test_another_business_kind_or_place_is_another_row(app: Flask, owner_sql: Sql) -> None:
    org_id = new_id()
    owner_sql("INSERT INTO organizations (id, name, slug, time_zone) VALUES (%s, 'X', 'x', 'UTC')", org_id)
    capture(app)
    capture(app, org_id=org_id)
    with app.app_context():
        faults.capture("socket_error", "in words")
        faults.capture("job_error", "in words")
    assert owner_sql("SELECT count(*), max(count) FROM system_errors") == [(4, 1)]


def test_what_comes_back_after_it_was_resolved_is_a_new_row(app: Flask, owner_sql: Sql) -> None:
    capture(app)
    owner_sql("UPDATE system_errors SET resolved_at = now()")
    capture(app)
    capture(app)
    assert owner_sql("SELECT count, resolved_at IS NULL FROM system_errors ORDER BY id") == [(1, False), (2, True)]


def test_it_joins_a_running_unit(acting: Acting, owner_sql: Sql) -> None:
    with acting(SYSTEM):
        leave_effect()
        faults.capture("sms_failed", "Refused", severity="medium")
    assert owner_sql("SELECT severity FROM system_errors") == [("medium",)]


def test_it_never_raises(app: Flask, monkeypatch: pytest.MonkeyPatch, owner_sql: Sql) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(faults, "_upsert", refuse)
    capture(app)
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_what_the_database_cannot_store_is_stored_all_the_same(app: Flask, owner_sql: Sql) -> None:
    capture(app, "a\x00b \ud800", path="/\x00", deep={"x": ["\x00", float("nan"), b"bytes", new_id()]})
    assert owner_sql("SELECT count FROM system_errors") == [(1,)]


def test_open_pages_hear_of_it(app: Flask, signals: Heard) -> None:
    capture(app)
    assert ("admin:ops", "errors-changed") in signals
