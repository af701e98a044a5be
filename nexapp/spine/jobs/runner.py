"""What a worker does when a bell rings: claim, run, record, until nothing is due or time is up."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from secrets import token_hex
from typing import Any
from uuid import UUID

import structlog
from flask import current_app, g
from rq.timeouts import JobTimeoutException
from sqlalchemy import Row

from nexapp.spine import faults
from nexapp.spine.db import db
from nexapp.spine.errors import NexError, Unavailable
from nexapp.spine.jobs import ledger, steps
from nexapp.spine.jobs.bells import BELL_SECONDS, ring, silence
from nexapp.spine.jobs.registry import DRAINS, KINDS, PermanentFailure
from nexapp.spine.jobs.stopping import stop_requested
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work

BATCH = 100


class Outcome(Enum):
    RECORDED = 1
    QUIET = 2
    """It touched no table, so that its success is still to be recorded."""
    UNFINISHED = 3
    """It has steps left, and the time was up."""


PROCESS = f"{socket.gethostname()}:{os.getpid()}"

_drains: set[str] = set()
"""The names under which this process holds leases just now, one for each drain that runs."""

log = structlog.get_logger()


def answer(queue: str) -> None:
    """The one RQ job of the product."""
    silence(queue)
    deadline = time.monotonic() + BELL_SECONDS
    more = _drain(queue)(lambda: stop_requested() or time.monotonic() > deadline)
    if more:
        ring(queue)


def _drain(queue: str) -> Callable[[Callable[[], bool]], bool]:
    if queue in DRAINS:
        return DRAINS[queue].drain
    return lambda stop: drain_ledger(queue, stop)


def drain_ledger(queue: str, stop: Callable[[], bool]) -> bool:
    """Run due rows of one ledger queue; True where the time was up before the rows."""
    worker = f"{PROCESS}:{token_hex(4)}"
    _drains.add(worker)
    try:
        with system_unit():
            # A drain that PostgreSQL left in the lurch could not hand back what it had claimed.
            ledger.take_back(PROCESS, _drains)
        while not stop():
            with system_unit():
                rows = ledger.claim(queue, worker, BATCH)
            if not rows:
                return False
            _run_batch(worker, rows, stop)
        return True
    finally:
        _drains.discard(worker)


def _run_batch(worker: str, rows: Sequence[Row[Any]], stop: Callable[[], bool]) -> None:
    quiet: list[UUID] = []
    unfinished: list[UUID] = []
    waiting = list(rows)
    try:
        while waiting and not stop():
            outcome = _run(row := waiting[0], stop)
            if outcome is Outcome.QUIET:
                quiet.append(row.id)
            if outcome is Outcome.UNFINISHED:
                unfinished.append(row.id)
            waiting.pop(0)
    finally:
        _record_batch(worker, quiet, [row.id for row in waiting], unfinished)


def _record_batch(worker: str, quiet: list[UUID], unstarted: list[UUID], unfinished: list[UUID]) -> None:
    with system_unit():
        for row_id in unfinished:
            ledger.queue_last(row_id, worker)
        if quiet:
            ledger.mark_succeeded(quiet, worker)
        if unstarted:
            ledger.hand_back(unstarted, worker)


def _run(row: Row[Any], stop: Callable[[], bool]) -> Outcome:
    with current_app.app_context():
        g.request_id = row.request_id
        structlog.contextvars.bind_contextvars(request_id=row.request_id, job_id=str(row.id), job=row.name)
        try:
            return _attempt(row, stop)
        except JobTimeoutException:
            # The clock of the whole answer ran out; this row did nothing wrong and its lease will lapse.
            raise
        except Exception as error:
            _record_failure(row, error)
            return Outcome.RECORDED
        finally:
            structlog.contextvars.clear_contextvars()


def _attempt(row: Row[Any], stop: Callable[[], bool]) -> Outcome:
    progress = row.progress
    while True:
        with unit_of_work(ledger.actor_of(row)):
            steps.begin_step(row, progress)
            found = KINDS[row.name].handler(**row.arguments)
            if isinstance(found, steps.Step):
                steps.note_step(row, found)
            if not isinstance(found, steps.Step) or not found.more:
                return _done(row)
        progress = found.progress
        if stop():
            return Outcome.UNFINISHED


def _done(row: Row[Any]) -> Outcome:
    if not db.session().in_transaction():
        return Outcome.QUIET
    ledger.job_done(row)
    return Outcome.RECORDED


def _record_failure(row: Row[Any], error: Exception) -> None:
    if isinstance(error, ledger.LeaseLost):
        log.warning("job_lease_lost")
        return
    with unit_of_work(SYSTEM):
        final = ledger.mark_failed(row, error, permanent=_is_permanent(error))
    log.warning("job_attempt_failed", error=str(error), final=final)
    if final:
        kind = KINDS[row.name].error_kind if row.name in KINDS else "job_error"
        faults.capture(kind, error, org_id=row.org_id, job_id=row.id, job=row.name)


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, Unavailable):
        return False
    return isinstance(error, (PermanentFailure, NexError))


@contextmanager
def system_unit() -> Iterator[None]:
    """A unit of the system in an app context of its own, so that no row's session is shared."""
    with current_app.app_context(), unit_of_work(SYSTEM):
        yield
