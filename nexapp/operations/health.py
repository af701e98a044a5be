"""How the installation is: six checks that run side by side and never keep anybody waiting.

A check answers `ok`, `degraded` (works, but somebody should look) or `failing`. What a check says is for machines
and passers-by, so it holds no address, no secret and no error text.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import structlog
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import text

from nexapp.operations.provider import sending_state
from nexapp.spine.config import redis_connection, settings
from nexapp.spine.db import autocommit_engine, db
from nexapp.spine.jobs.registry import queue_names
from nexapp.spine.jobs.worker import living
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work

log = structlog.get_logger()
BOUND_SECONDS = 2.0
STATEMENT_MS = 1800

OK, DEGRADED, FAILING = "ok", "degraded", "failing"


@dataclass(frozen=True, slots=True)
class Finding:
    status: str
    facts: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        return {"status": self.status, **self.facts}


def check_database() -> Finding:
    with autocommit_engine().connect() as connection:
        connection.execute(text("SELECT 1"))
    return Finding(OK)


def check_redis() -> Finding:
    return Finding(OK if redis_connection().ping() else FAILING)


def check_workers() -> Finding:
    names = living(redis_connection(), "worker")
    served = {queue for name in names for queue in _queues_of(name)}
    idle = sorted(set(queue_names()) - served)
    status = FAILING if not names else DEGRADED if idle else OK
    return Finding(status, {"live": len(names), **({"queues_without_worker": idle} if idle else {})})


def _queues_of(beat: str) -> list[str]:
    # nexapp:beat:worker:<queue>+<queue>:<host>:<pid>
    return beat.split(":")[3].split("+")


def check_scheduler() -> Finding:
    count = len(living(redis_connection(), "scheduler"))
    return Finding(OK if count else FAILING, {"live": count})


def check_migrations() -> Finding:
    with autocommit_engine().connect() as connection:
        at = set(connection.scalars(text("SELECT version_num FROM alembic_version")))
    return Finding(OK if at == expected_revisions() else FAILING)


@cache
def expected_revisions() -> frozenset[str]:
    """The newest revisions that this code brings with it."""
    folder = current_app.extensions["migrate"].directory
    return frozenset(ScriptDirectory(folder).get_heads())


def check_sms() -> Finding:
    """From what the workers recorded: asking the provider would cost its time, and ours."""
    with unit_of_work(SYSTEM):
        db.session.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_MS}"))
        state = sending_state()
    status = FAILING if state.is_paused else DEGRADED if state.fails_often else OK
    facts = {"paused": state.is_paused, "failed": state.failed, "of": state.attempted}
    return Finding(status, {**facts, "local_phone": settings().uses_local_phone})


Check = Callable[[], Finding]
CHECKS: dict[str, Check] = {
    "database": check_database,
    "redis": check_redis,
    "sms": check_sms,
    "workers": check_workers,
    "scheduler": check_scheduler,
    "migrations": check_migrations,
}
NEEDED_TO_SERVE = ("database", "redis", "migrations", "workers", "scheduler")


class Examiner:
    """Runs checks on threads of its own, each at most once at a time.

    A server that doesn't answer keeps one thread per check, however often anybody asks.
    """

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._running: dict[str, Future[Finding]] = {}
        self._lock = threading.Lock()

    def examine(self, app: Flask, names: tuple[str, ...]) -> dict[str, Finding]:
        deadline = time.monotonic() + BOUND_SECONDS
        started = {name: self._start(app, name) for name in names}
        return {name: _answer(name, future, deadline) for name, future in started.items()}

    def _start(self, app: Flask, name: str) -> Future[Finding]:
        with self._lock:
            running = self._running.get(name)
            if running is None or running.done():
                # Made at the first question: a process that forks afterwards must not inherit threads.
                self._threads = self._threads or ThreadPoolExecutor(len(CHECKS), "health")
                running = self._running[name] = self._threads.submit(_run, app, CHECKS[name])
            return running


def _run(app: Flask, check: Check) -> Finding:
    with app.app_context():
        return check()


def _answer(name: str, future: Future[Finding], deadline: float) -> Finding:
    try:
        return future.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        log.warning("health_check_late", check=name)
        return Finding(FAILING, {"reason": "no answer in time"})
    except Exception as error:
        log.warning("health_check_failed", check=name, error=str(error))
        return Finding(FAILING, {"reason": type(error).__name__})


_examiner = Examiner()


def examine(*names: str) -> dict[str, Finding]:
    """The findings of the checks named, or of all, within two seconds."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return _examiner.examine(app, names or tuple(CHECKS))


def overall(findings: dict[str, Finding]) -> str:
    found = {finding.status for finding in findings.values()}
    return FAILING if FAILING in found else DEGRADED if DEGRADED in found else OK
