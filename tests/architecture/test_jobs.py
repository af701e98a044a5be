"""Every job, queue and schedule that is named somewhere exists."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from crontab import CronTab
from flask import Flask

from nexapp.local.processes import NAMES
from nexapp.spine.jobs.registry import DRAINS, KINDS, LEDGER_QUEUES, queue_names
from nexapp.spine.schedule import ENTRIES

ROOT = Path(__file__).resolve().parents[2]
QUEUERS = {"enqueue", "enqueue_many"}

pytestmark = pytest.mark.usefixtures("whole_app")


def calls_of_queuers() -> list[tuple[Path, ast.Call]]:
    found = []
    for path in (ROOT / "nexapp").rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        found += [(path, call) for call in calls if getattr(call.func, "id", "") in QUEUERS]
    return found


def test_every_queued_job_is_registered() -> None:
    named = {
        (path.name, call.args[0].value)
        for path, call in calls_of_queuers()
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }
    assert named
    assert {(where, name) for where, name in named if name not in KINDS} == set()


def test_queued_ids_fit_the_handler() -> None:
    for path, call in calls_of_queuers():
        if getattr(call.func, "id", "") != "enqueue" or not isinstance(call.args[0], ast.Constant):
            continue
        given = {word.arg for word in call.keywords if word.arg} - {"run_at", "unique_key", "actor"}
        handler = inspect.signature(KINDS[str(call.args[0].value)].handler)
        if all(word.arg for word in call.keywords):
            needed = {name for name, part in handler.parameters.items() if part.default is part.empty}
            assert needed <= given <= set(handler.parameters), f"{path.name}: {call.args[0].value}"


def test_every_job_has_a_queue_that_workers_know() -> None:
    assert {kind.queue for kind in KINDS.values()} <= LEDGER_QUEUES
    assert not LEDGER_QUEUES & set(DRAINS)
    assert set(queue_names()) == LEDGER_QUEUES | set(DRAINS)


def test_every_queue_has_a_worker_that_is_started() -> None:
    procfile = (ROOT / "Procfile").read_text()
    for queue in queue_names():
        assert f"--queue {queue}" in procfile, queue
        assert f"worker-{queue}" in NAMES, queue


def test_every_schedule_names_a_job_and_a_time() -> None:
    assert ENTRIES
    for entry in ENTRIES.values():
        assert entry.job in KINDS, entry.name
        assert len(entry.cron.split()) == 5
        CronTab(entry.cron)
        needed = inspect.signature(KINDS[entry.job].handler).parameters.values()
        assert all(part.default is not part.empty for part in needed), f"{entry.name} gets no ids"


def test_a_failing_job_is_recorded_under_a_kind_that_exists(whole_app: Flask) -> None:
    from nexapp.operations.error_words import KINDS as ERROR_KINDS

    assert {kind.error_kind for kind in KINDS.values()} <= set(ERROR_KINDS)
