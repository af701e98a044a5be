"""Jobs of several steps: one row of the ledger, a transaction for each step, and how far it is in between.

A handler that gives back a `Step` is called again while there is more, each time in a unit of its own. What it noted
stays in its row: a worker that dies or is asked to stop costs the step at hand, and another goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import Row, func, update

from nexapp.spine.db import db
from nexapp.spine.jobs.ledger import LEASE, BackgroundJob, LeaseLost
from nexapp.spine.realtime import publish


@dataclass(frozen=True, slots=True)
class Step:
    """`progress` has `done` and `total`, `counts` by their names, and whatever the next step needs to know."""

    progress: dict[str, Any] = field(default_factory=dict)
    more: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """The row that is being run, for its handler."""

    id: UUID | None = None
    progress: dict[str, Any] = field(default_factory=dict)
    attempts: int = 1
    """How often the row was claimed by a worker that didn't give it back by itself, this one included."""


def running() -> Running:
    """What the step before noted; empty at the first, and where a handler is called without a ledger."""
    found: Running = g.get("running_job") or Running()
    return found


def begin_step(row: Row[Any], progress: dict[str, Any] | None) -> None:
    g.running_job = Running(row.id, progress or {}, row.attempts)


def note_step(row: Row[Any], step: Step) -> None:
    """Keep what the step counted, in its own transaction, and hold the row for the next one.

    A row that was cancelled or taken over meanwhile takes the step back with it.
    """
    held = db.session.execute(
        update(BackgroundJob)
        .where(
            BackgroundJob.id == row.id, BackgroundJob.leased_by == row.leased_by, BackgroundJob.status == "running"
        )
        .values(progress=step.progress, lease_until=func.clock_timestamp() + LEASE)
    )  # fmt: skip
    if held.rowcount != 1:  # type: ignore[attr-defined]
        raise LeaseLost(row.id)
    publish("admin:ops", "jobs-changed")
