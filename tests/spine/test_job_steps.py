"""Jobs of several steps: one row, a transaction each, nothing lost or done twice in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from nexapp.spine.jobs import Step, enqueue, ledger
from nexapp.spine.jobs.runner import drain_ledger, system_unit
from nexapp.spine.jobs.steps import running

from .conftest import leave_effect

Probe = Callable[..., None]
Jobs = Callable[..., list[Any]]
Counted = Callable[..., int]


def add(app: Flask) -> Any:
    with app.app_context(), system_unit():
        return enqueue("probe")


def drain(app: Flask, stop: Callable[[], bool] = lambda: False) -> bool:
    with app.app_context():
        return drain_ledger("default", stop)


def five_steps() -> Step:
    done = running().progress.get("done", 0) + 1
    leave_effect()
    return Step({"done": done, "total": 5}, more=done < 5)


def test_one_row_counts_its_steps(app: Flask, probe: Probe, jobs: Jobs, count_effects: Counted) -> None:
    probe(five_steps)
    add(app)
    drain(app)
    assert jobs("status", "attempts", "progress") == [("succeeded", 1, {"done": 5, "total": 5})]
    assert count_effects() == 5


def test_each_step_is_seen_by_others_at_once(app: Flask, probe: Probe, jobs: Jobs) -> None:
    seen: list[Any] = []

    def step() -> Step:
        seen.append(jobs("status", "progress")[0])
        return five_steps()

    probe(step)
    add(app)
    drain(app)
    assert [status for status, _ in seen] == ["running"] * 5
    assert [(progress or {}).get("done") for _, progress in seen] == [None, 1, 2, 3, 4]


def test_a_stop_between_steps_goes_on_from_there(app: Flask, probe: Probe, jobs: Jobs, count_effects: Counted) -> None:
    asked: list[int] = []
    probe(five_steps)
    add(app)

    def soon() -> bool:
        asked.append(1)
        return len(asked) > 4

    assert drain(app, soon)
    [(status, attempts, progress)] = jobs("status", "attempts", "progress")
    assert (status, attempts) == ("queued", 0)
    assert 0 < progress["done"] < 5
    drain(app)
    assert jobs("status", "attempts", "progress") == [("succeeded", 1, {"done": 5, "total": 5})]
    assert count_effects() == 5


def test_a_long_job_goes_behind_what_is_due(app: Flask, probe: Probe, jobs: Jobs) -> None:
    probe(five_steps)
    first, second = add(app), add(app)
    asked: list[int] = []
    drain(app, lambda: bool(asked.append(1)) or len(asked) > 2)
    waiting = jobs("id", "run_at")
    assert min(waiting, key=lambda row: row[1])[0] == second != first


def test_a_failing_step_keeps_those_before_it(
    app: Flask, probe: Probe, jobs: Jobs, count_effects: Counted, hurry: Callable[[], None]
) -> None:
    failures = [1]

    def step() -> Step:
        found = five_steps()
        if found.progress["done"] == 3 and failures:
            failures.pop()
            raise RuntimeError("broken")
        return found

    probe(step)
    add(app)
    drain(app)
    assert jobs("status", "progress") == [("retrying", {"done": 2, "total": 5})]
    hurry()
    drain(app)
    assert jobs("status", "progress") == [("succeeded", {"done": 5, "total": 5})]
    assert count_effects() == 5


def test_cancelled_between_steps_it_takes_the_step_back(
    app: Flask, probe: Probe, jobs: Jobs, count_effects: Counted
) -> None:
    def step() -> Step:
        found = five_steps()
        if found.progress["done"] == 3:
            cancel_elsewhere(app, job_id)
        return found

    probe(step)
    job_id = add(app)
    drain(app)
    assert jobs("status", "progress") == [("cancelled", {"done": 2, "total": 5})]
    assert count_effects() == 2


def cancel_elsewhere(app: Flask, job_id: Any) -> None:
    with app.app_context(), system_unit():
        assert ledger.cancel(job_id)


def test_what_is_done_cannot_be_cancelled(app: Flask, probe: Probe, jobs: Jobs) -> None:
    probe(five_steps)
    job_id = add(app)
    drain(app)
    with app.app_context(), system_unit():
        assert not ledger.cancel(job_id)
    assert jobs("status") == [("succeeded",)]


def test_what_waits_can_be_cancelled_and_run_again(app: Flask, probe: Probe, jobs: Jobs) -> None:
    probe(five_steps)
    job_id = add(app)
    with app.app_context(), system_unit():
        assert ledger.cancel(job_id)
    drain(app)
    assert jobs("status") == [("cancelled",)]
    with app.app_context(), system_unit():
        assert ledger.run_again(job_id)
    drain(app)
    assert jobs("status") == [("succeeded",)]
