"""Returning commits, raising rolls back, and nothing else ends a transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DataError

from nexapp.spine.db import CommitOutsideUnit, db
from nexapp.spine.jobs import enqueue
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import SYSTEM, Actor, current_actor
from nexapp.spine.unit import BrokenUnit, after_commit, unit_of_work
from tests.live import Heard

from .conftest import leave_effect

Acting = Callable[[Actor], AbstractContextManager[None]]


def test_returning_commits(acting: Acting, count_effects: Callable[..., int]) -> None:
    with acting(SYSTEM):
        leave_effect()
        assert count_effects() == 0
    assert count_effects() == 1


def test_raising_rolls_all_of_it_back(
    acting: Acting, count_effects: Callable[..., int], probe: Callable[..., None], jobs: Callable[..., Any]
) -> None:
    probe(lambda: None)
    rang: list[str] = []
    with pytest.raises(KeyError), acting(SYSTEM):  # noqa: PT012 - the whole unit is meant
        leave_effect()
        enqueue("probe")
        after_commit(lambda: rang.append("bell"))
        raise KeyError
    assert count_effects() == 0
    assert jobs("id") == []
    assert rang == []


def test_a_rolled_back_signal_is_never_sent(acting: Acting, signals: Heard) -> None:
    with pytest.raises(KeyError), acting(SYSTEM):  # noqa: PT012 - the whole unit is meant
        publish("org:x:slots", "slots-changed")
        raise KeyError
    assert signals.listen() == []


def test_a_deferred_failure_at_the_commit_reaches_the_caller(
    acting: Acting, owner_sql: Callable[..., Any], count_effects: Callable[..., int]
) -> None:
    owner_sql("CREATE UNIQUE INDEX probe_once ON webhook_events (source) WHERE source = 'once'")
    rang: list[str] = []
    try:
        with pytest.raises(Exception, match="probe_once"), acting(SYSTEM):  # noqa: PT012
            after_commit(lambda: rang.append("bell"))
            leave_effect("once")
            leave_effect("once")
    finally:
        owner_sql("DROP INDEX probe_once")
    assert (count_effects("once"), rang) == (0, [])


def test_units_do_not_nest(acting: Acting, count_effects: Callable[..., int]) -> None:
    with acting(SYSTEM):
        leave_effect()
        with pytest.raises(RuntimeError, match="don't nest"), unit_of_work(SYSTEM):
            pass
        leave_effect()
    assert count_effects() == 2


def test_a_commit_elsewhere_is_refused(acting: Acting, count_effects: Callable[..., int]) -> None:
    with pytest.raises(CommitOutsideUnit), acting(SYSTEM):  # noqa: PT012 - the whole unit is meant
        leave_effect()
        db.session.commit()
    assert count_effects() == 0


def test_a_commit_without_a_unit_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(CommitOutsideUnit):
        db.session.commit()


def test_rolling_back_and_going_on_is_refused(acting: Acting, count_effects: Callable[..., int]) -> None:
    with pytest.raises(CommitOutsideUnit), acting(SYSTEM):  # noqa: PT012 - the whole unit is meant
        leave_effect()
        db.session.rollback()
        leave_effect()
    assert count_effects() == 0


def test_a_unit_whose_statement_failed_is_never_taken_for_committed(
    acting: Acting, count_effects: Callable[..., int]
) -> None:
    rang: list[str] = []
    with pytest.raises(BrokenUnit), acting(SYSTEM):  # noqa: PT012 - the whole unit is meant
        leave_effect()
        after_commit(lambda: rang.append("bell"))
        with contextlib.suppress(DataError):
            db.session.execute(text("SELECT 1 / 0"))
    assert (count_effects(), rang) == (0, [])


def test_a_savepoint_may_be_undone(acting: Acting, count_effects: Callable[..., int]) -> None:
    with acting(SYSTEM):
        leave_effect()
        with pytest.raises(KeyError), db.session.begin_nested():  # noqa: PT012 - the whole savepoint is meant
            leave_effect()
            raise KeyError
        assert current_actor() is SYSTEM
        leave_effect("after the savepoint")
    assert count_effects() == 1
    assert count_effects("after the savepoint") == 1


def test_what_fails_after_the_commit_undoes_nothing(acting: Acting, count_effects: Callable[..., int]) -> None:
    rang: list[str] = []
    with acting(SYSTEM):
        leave_effect()
        after_commit(lambda: 1 / 0)
        after_commit(lambda: rang.append("second"))
    assert (count_effects(), rang) == (1, ["second"])


def test_one_key_runs_once(acting: Acting) -> None:
    rang: list[int] = []
    with acting(SYSTEM):
        for number in range(3):
            after_commit(lambda number=number: rang.append(number), key="bell")  # type: ignore[misc]
    assert rang == [2]


def test_after_commit_needs_a_unit(app: Flask) -> None:
    with app.app_context(), pytest.raises(RuntimeError):
        after_commit(lambda: None)
