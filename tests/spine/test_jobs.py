"""The ledger: nothing lost, nothing done twice, whoever dies when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, g
from rq.timeouts import JobTimeoutException

from nexapp.spine.clock import now
from nexapp.spine.errors import NotFound, Unavailable
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import PermanentFailure, enqueue, enqueue_many
from nexapp.spine.jobs import ledger as ledger_module
from nexapp.spine.jobs.runner import PROCESS, drain_ledger, system_unit
from nexapp.spine.jobs.sweep import sweep
from nexapp.spine.tenancy import SYSTEM, Actor, Role, current_actor

from .conftest import Sql, leave_effect

Acting = Callable[[Actor], AbstractContextManager[None]]
Probe = Callable[..., None]
Jobs = Callable[..., list[Any]]
Run = Callable[[], None]


def drain(app: Flask) -> None:
    with app.app_context():
        drain_ledger("default", lambda: False)


def add(app: Flask, count: int = 1, **arguments: Any) -> None:
    with app.app_context(), system_unit():
        for _ in range(count):
            enqueue("probe", **arguments)


def test_a_job_runs_with_its_ids_as_who_queued_it(
    acting: Acting, probe: Probe, run_jobs: Run, jobs: Jobs, owner_sql: Sql
) -> None:
    seen: list[Any] = []
    probe(lambda **ids: seen.append((ids, current_actor())))
    org_id, user_id, slot_id = new_id(), new_id(), new_id()
    owner_sql("INSERT INTO organizations (id, name, slug, time_zone) VALUES (%s, 'X', 'x', 'UTC')", org_id)
    with acting(Actor(Role.STAFF, org_id, user_id)):
        enqueue("probe", slot_id=slot_id)
    run_jobs()
    [(ids, actor)] = seen
    assert ids == {"slot_id": str(slot_id)}
    assert (actor.role, actor.org_id, actor.user_id) == (Role.STAFF, org_id, user_id)
    assert not actor.is_platform_admin
    assert jobs("status", "attempts", "lease_until") == [("succeeded", 1, None)]


@pytest.mark.parametrize("hours", [-1, 1])
def test_now_is_what_the_database_says(
    app: Flask, probe: Probe, jobs: Jobs, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe(lambda: None)
    wrong = now() + timedelta(hours=hours)
    monkeypatch.setattr(ledger_module, "now", lambda: wrong)
    with app.app_context(), system_unit():
        enqueue("probe")
        enqueue_many("probe", [{}, {}])
    assert jobs("run_at = created_at") == [(True,)] * 3


def test_effect_and_record_stand_together(
    app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs, count_effects: Callable[..., int]
) -> None:
    probe(lambda: leave_effect())
    add(app, 3)
    run_jobs()
    run_jobs()
    assert count_effects() == 3
    assert jobs("status") == [("succeeded",)] * 3


def test_a_failure_is_tried_again_after_1_3_and_9_seconds_then_given_up(
    app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs, hurry: Run, owner_sql: Sql, count_effects: Callable[..., int]
) -> None:
    def fail() -> None:
        leave_effect()
        raise ValueError("for +1 212 555 0101")

    probe(fail)
    add(app)
    for attempt, delay in enumerate((1, 3, 9), start=1):
        before = now()
        run_jobs()
        [(status, attempts, run_at)] = jobs("status", "attempts", "run_at")
        assert (status, attempts) == ("retrying", attempt)
        assert before + timedelta(seconds=delay) <= run_at <= now() + timedelta(seconds=delay * 1.2)
        owner_sql("UPDATE background_jobs SET run_at = run_at + interval '1 hour'")
        run_jobs()
        assert jobs("attempts") == [(attempt,)]
        hurry()
    run_jobs()
    [(status, attempts, error)] = jobs("status", "attempts", "error")
    assert (status, attempts) == ("failed", 4)
    assert error.startswith("ValueError: for ")
    assert "212" not in error
    assert count_effects() == 0
    assert owner_sql("SELECT kind, count, job_id FROM system_errors") == [("job_error", 1, jobs("id")[0][0])]


@pytest.mark.parametrize("error", [PermanentFailure("no"), NotFound("gone")])
def test_a_permanent_failure_is_not_tried_again(
    app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs, error: Exception
) -> None:
    def fail() -> None:
        raise error

    probe(fail)
    add(app)
    run_jobs()
    assert jobs("status", "attempts") == [("failed", 1)]


def test_a_busy_moment_is_tried_again(app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs) -> None:
    def fail() -> None:
        raise Unavailable

    probe(fail)
    add(app)
    run_jobs()
    assert jobs("status") == [("retrying",)]


def test_one_failing_row_stops_no_other(
    app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs, count_effects: Callable[..., int]
) -> None:
    def work(number: int) -> None:
        leave_effect()
        if number == 1:
            raise PermanentFailure

    probe(work)
    for number in range(3):
        add(app, number=number)
    run_jobs()
    assert jobs("status") == [("succeeded",), ("failed",), ("succeeded",)]
    assert count_effects() == 2


def test_a_job_of_a_newer_version_waits_for_it_and_then_says_so(
    run_jobs: Run, jobs: Jobs, hurry: Run, owner_sql: Sql
) -> None:
    owner_sql(
        "INSERT INTO background_jobs (id, actor_role, queue, name) VALUES (%s, 'system', 'default', 'removed')",
        new_id(),
    )
    for _ in range(3):
        run_jobs()
        assert jobs("status") == [("retrying",)]
        hurry()
    run_jobs()
    assert jobs("status") == [("failed",)]
    assert owner_sql("SELECT kind FROM system_errors") == [("job_error",)]


def test_a_unique_key_queues_once(acting: Acting, probe: Probe, jobs: Jobs) -> None:
    probe(lambda: None)
    with acting(SYSTEM):
        assert enqueue("probe", unique_key="daily:2026-11-20") is not None
        assert enqueue("probe", unique_key="daily:2026-11-20") is None
    with acting(SYSTEM):
        assert enqueue("probe", unique_key="daily:2026-11-20") is None
    assert len(jobs("id")) == 1


def test_a_unique_key_belongs_to_one_organisation(acting: Acting, probe: Probe, jobs: Jobs, owner_sql: Sql) -> None:
    probe(lambda: None)
    for number in range(2):
        org_id = new_id()
        owner_sql(
            "INSERT INTO organizations (id, name, slug, time_zone) VALUES (%s, 'X', %s, 'UTC')", org_id, f"x{number}"
        )
        with acting(Actor(Role.OWNER, org_id)):
            assert enqueue("probe", unique_key="same") is not None
    assert len(jobs("id")) == 2


def test_a_unique_key_in_a_rolled_back_unit_is_free_again(acting: Acting, probe: Probe, jobs: Jobs) -> None:
    probe(lambda: None)
    with pytest.raises(KeyError), acting(SYSTEM):  # noqa: PT012 - the whole unit is meant
        enqueue("probe", unique_key="daily")
        raise KeyError
    with acting(SYSTEM):
        assert enqueue("probe", unique_key="daily") is not None
    assert len(jobs("id")) == 1


def test_two_workers_run_each_row_once(app: Flask, probe: Probe, jobs: Jobs, count_effects: Callable[..., int]) -> None:
    threads_seen: set[int] = set()

    def work() -> None:
        threads_seen.add(threading.get_ident())
        leave_effect()

    probe(work)
    add(app, 250)
    workers = [threading.Thread(target=drain, args=(app,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert count_effects() == 250
    assert set(jobs("status", "attempts")) == {("succeeded", 1)}
    assert len(threads_seen) == 2


def test_what_a_dead_worker_held_is_taken_back(
    app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs, owner_sql: Sql, count_effects: Callable[..., int]
) -> None:
    probe(lambda: leave_effect())
    add(app)
    with app.app_context(), system_unit():
        assert len(ledger_module.claim("default", "dead:1", 10)) == 1
    run_jobs()
    assert jobs("status", "leased_by") == [("running", "dead:1")]
    owner_sql("UPDATE background_jobs SET lease_until = now() - interval '1 second'")
    with app.app_context():
        sweep()
    run_jobs()
    assert jobs("status") == [("succeeded",)]
    assert count_effects() == 1


def test_what_a_broken_drain_of_this_process_held_is_taken_back_by_the_next(
    app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs, owner_sql: Sql, count_effects: Callable[..., int]
) -> None:
    """PostgreSQL died under it: it could neither record nor hand back, and the worker lives on."""
    probe(lambda: leave_effect())
    add(app)
    owner_sql(
        "UPDATE background_jobs SET status = 'running', leased_by = %s, lease_until = now() + interval '1 minute'",
        f"{PROCESS}:gone",
    )
    run_jobs()
    assert jobs("status") == [("succeeded",)]
    assert count_effects() == 1


def test_who_lost_the_lease_leaves_no_effect(
    app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs, owner_sql: Sql, count_effects: Callable[..., int]
) -> None:
    """It hangs beyond its lease; somebody else does the work; then it wakes up."""

    def hang_then_work() -> None:
        if count_effects() == 0:
            owner_sql("UPDATE background_jobs SET status = 'queued', leased_by = NULL, lease_until = NULL")
            other = threading.Thread(target=drain, args=(app,))
            probe(lambda: leave_effect())
            other.start()
            other.join()
            owner_sql("UPDATE background_jobs SET leased_by = 'other:1'")
        leave_effect()

    probe(hang_then_work)
    add(app)
    run_jobs()
    assert count_effects() == 1
    assert jobs("status", "attempts") == [("succeeded", 2)]
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_jobs_without_effects_in_the_database_are_recorded_together(
    app: Flask, probe: Probe, run_jobs: Run, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    real = ledger_module.mark_succeeded

    def record(ids: list[UUID], worker: str) -> int:
        batches.append(len(ids))
        return real(ids, worker)

    monkeypatch.setattr(ledger_module, "mark_succeeded", record)
    probe(lambda: None)
    add(app, 40)
    run_jobs()
    assert batches == [40]
    assert jobs("status", "attempts") == [("succeeded", 1)] * 40


def test_a_stop_hands_back_what_was_not_begun(app: Flask, probe: Probe, jobs: Jobs) -> None:
    ran: list[int] = []
    probe(lambda: ran.append(1))
    add(app, 5)
    with app.app_context():
        assert drain_ledger("default", lambda: len(ran) >= 2) is True
    assert sorted(jobs("status", "attempts")) == [("queued", 0)] * 3 + [("succeeded", 1)] * 2


def test_rqs_own_clock_marks_no_row_as_failed(app: Flask, probe: Probe, jobs: Jobs, owner_sql: Sql) -> None:
    def interrupted() -> None:
        raise JobTimeoutException

    probe(interrupted)
    add(app, 2)
    with app.app_context(), pytest.raises(JobTimeoutException):
        drain_ledger("default", lambda: False)
    assert set(jobs("status")) == {("queued",)}
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_the_requests_id_goes_with_the_job(app: Flask, probe: Probe, run_jobs: Run) -> None:
    seen: list[str] = []
    probe(lambda: seen.append(g.request_id))
    with app.app_context(), system_unit():
        g.request_id = "request-1"
        enqueue("probe")
    run_jobs()
    assert seen == ["request-1"]


def test_an_unknown_job_is_refused_at_once(acting: Acting) -> None:
    with pytest.raises(KeyError), acting(SYSTEM):
        enqueue("nobody_knows_it")


def test_a_worker_that_dies_of_a_row_gives_it_up_in_the_end(
    app: Flask, probe: Probe, jobs: Jobs, owner_sql: Sql
) -> None:
    """A row that takes the whole process with it must not do so for ever."""
    probe(lambda: None)
    add(app)
    for _ in range(12):
        with app.app_context(), system_unit():
            ledger_module.claim("default", "dead:1", 10)
        owner_sql("UPDATE background_jobs SET lease_until = now() - interval '1 second' WHERE status = 'running'")
        with app.app_context():
            sweep()
    assert jobs("status") == [("failed",)]
    assert owner_sql("SELECT kind, count FROM system_errors") == [("job_error", 1)]
