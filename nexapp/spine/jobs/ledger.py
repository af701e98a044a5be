"""The ledger: one row for each job, its lease, its attempts and how it ended."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import Row, case, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.clock import now
from nexapp.spine.db import Created, Keyed, Model, db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.bells import ring
from nexapp.spine.jobs.registry import DEFAULT_RETRIES, KINDS
from nexapp.spine.masking import mask_text
from nexapp.spine.tenancy import Actor, Role, current_actor
from nexapp.spine.unit import after_commit

LEASE = timedelta(seconds=60)
"""Well above the 20 s that a bell works; a row whose lease ran out belongs to a worker that died."""

MOST_CLAIMS = 10
"""So often a row is handed out. One that takes its worker with it each time must not do so for ever."""

WAITING = ("queued", "retrying")


class BackgroundJob(Keyed, Created, Model):
    __tablename__ = "background_jobs"

    org_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    actor_role: Mapped[str]
    queue: Mapped[str]
    name: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    unique_key: Mapped[str | None]
    status: Mapped[str]
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    error: Mapped[str | None]
    request_id: Mapped[str | None]
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """How far a job of several steps is, see `steps`."""


class LeaseLost(Exception):
    """Another worker took the row over; this run's effects must not stand."""


def enqueue(
    name: str,
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    actor: Actor | None = None,
    **ids: Any,
) -> UUID | None:
    """Queue a job in the caller's transaction. None where a job with this unique key exists already.

    It runs as the caller does; the system may name an `actor` of one business instead.
    """
    row = _row(name, ids, unique_key, actor) | {"run_at": run_at or func.now()}
    row_id = db.session.scalar(insert(BackgroundJob).values(**row).on_conflict_do_nothing().returning(BackgroundJob.id))
    if row_id is not None:
        _ring_when_due(row["queue"], run_at)
    return row_id


def enqueue_many(name: str, arguments: Sequence[dict[str, Any]]) -> None:
    """Queue one job for each set of ids, in one round trip for every thousand, in the caller's transaction."""
    rows = [_row(name, ids, None) for ids in arguments]
    if rows:
        db.session.execute(insert(BackgroundJob), rows)
        _ring_when_due(KINDS[name].queue, None)


def _row(name: str, ids: dict[str, Any], unique_key: str | None, actor: Actor | None = None) -> dict[str, Any]:
    """Without `run_at`: claims go by the database's clock, so it also tells what "now" is."""
    actor = actor or current_actor()
    return {
        "id": new_id(), "org_id": actor.org_id, "user_id": actor.user_id, "actor_role": actor.role.value,
        "queue": KINDS[name].queue, "name": name, "arguments": _plain(ids), "unique_key": unique_key,
        "status": "queued", "attempts": 0, "request_id": g.get("request_id"),
    }  # fmt: skip


def _ring_when_due(queue: str, run_at: datetime | None) -> None:
    if run_at is None or run_at <= now():
        after_commit(lambda: ring(queue), key=("bell", queue))


def claim(queue: str, worker: str, limit: int) -> Sequence[Row[Any]]:
    """Take up to `limit` due rows; others skip them while the lease holds. Runs as the system."""
    due = (
        select(BackgroundJob.id)
        .where(
            BackgroundJob.queue == queue,
            BackgroundJob.status.in_(WAITING),
            BackgroundJob.run_at <= func.now(),
        )
        .order_by(BackgroundJob.run_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    rows = db.session.execute(
        update(BackgroundJob)
        .where(BackgroundJob.id.in_(due))
        .values(
            status="running", attempts=BackgroundJob.attempts + 1, leased_by=worker,
            lease_until=func.now() + LEASE, error=None,
            started_at=case((BackgroundJob.progress.is_(None), func.now()), else_=BackgroundJob.started_at),
        )
        .returning(*BackgroundJob.__table__.columns)
    ).all()  # fmt: skip
    # An UPDATE returns its rows in any order; what was queued first is to run first.
    return sorted(rows, key=lambda row: (row.run_at, row.id))


def actor_of(row: Row[Any]) -> Actor:
    return Actor(Role(row.actor_role), row.org_id, row.user_id)


def job_done(row: Row[Any]) -> None:
    """Record success in the handler's own transaction, so that effect and record stand or fall together."""
    if mark_succeeded([row.id], row.leased_by) != 1:
        raise LeaseLost(row.id)


def mark_succeeded(ids: list[UUID], worker: str) -> int:
    done = db.session.execute(
        update(BackgroundJob)
        .where(BackgroundJob.id.in_(ids), BackgroundJob.leased_by == worker, BackgroundJob.status == "running")
        .values(status="succeeded", lease_until=None, **_finish())
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def mark_failed(row: Row[Any], error: BaseException, *, permanent: bool) -> bool:
    """Record a failed attempt; True where it was the last. Delays get up to a fifth of jitter."""
    # A name nobody knows may be a newer release's: another worker gets the chance.
    retries = KINDS[row.name].retries if row.name in KINDS else DEFAULT_RETRIES
    final = permanent or row.attempts > len(retries)
    values: dict[str, Any] = {
        "error": mask_text(f"{type(error).__name__}: {error}")[:2000],
        "lease_until": None,
    }
    if final:
        values |= {"status": "failed", **_finish()}
    else:
        delay = retries[row.attempts - 1] * random.uniform(1, 1.2)  # noqa: S311 - jitter, not a secret
        values |= {"status": "retrying", "run_at": func.now() + timedelta(seconds=delay)}
    db.session.execute(
        update(BackgroundJob)
        .where(BackgroundJob.id == row.id, BackgroundJob.leased_by == row.leased_by)
        .values(**values)
    )
    return final


def hand_back(ids: list[UUID], worker: str) -> None:
    """Give up rows that were claimed and not begun; the attempt doesn't count."""
    db.session.execute(
        update(BackgroundJob)
        .where(BackgroundJob.id.in_(ids), BackgroundJob.leased_by == worker, BackgroundJob.status == "running")
        .values(status="queued", attempts=BackgroundJob.attempts - 1, lease_until=None, leased_by=None)
    )


def queue_last(row_id: UUID, worker: str) -> None:
    """Give up a row with steps left, behind everything that is due: a long one keeps nobody waiting."""
    hand_back([row_id], worker)
    db.session.execute(
        update(BackgroundJob)
        .where(BackgroundJob.id == row_id, BackgroundJob.status == "queued")
        .values(run_at=func.clock_timestamp())
    )


def cancel(job_id: UUID) -> bool:
    """Take out a job that waits, or one between two of its steps. False where it is done. Runs as the system."""
    between_steps = (BackgroundJob.status == "running") & BackgroundJob.progress.is_not(None)
    cancelled = db.session.execute(
        update(BackgroundJob)
        .where(BackgroundJob.id == job_id, BackgroundJob.status.in_(WAITING) | between_steps)
        .values(status="cancelled", lease_until=None, finished_at=func.now())
    )
    return bool(cancelled.rowcount)  # type: ignore[attr-defined]


def reclaim() -> int:
    """Queue again what a dead worker held. Runs as the system."""
    taken = db.session.execute(
        update(BackgroundJob)
        .where(BackgroundJob.status == "running", BackgroundJob.lease_until < func.now())
        .values(status="queued", lease_until=None, leased_by=None, run_at=func.now())
    )
    return int(taken.rowcount)  # type: ignore[attr-defined]


def take_back(process: str, living: Collection[str]) -> int:
    """Queue again what this process holds under the name of a drain that has ended. Runs as the system."""
    taken = db.session.execute(
        update(BackgroundJob)
        .where(
            BackgroundJob.status == "running",
            BackgroundJob.leased_by.startswith(f"{process}:", autoescape=True),
            BackgroundJob.leased_by.not_in(living),
        )
        .values(status="queued", lease_until=None, leased_by=None, run_at=func.now())
    )
    return int(taken.rowcount)  # type: ignore[attr-defined]


def give_up() -> Sequence[Row[Any]]:
    """Fail what was held by a worker that died, for the last of its claims. Runs as the system, before `reclaim`."""
    given_up: Any = db.session.execute(
        update(BackgroundJob)
        .where(
            BackgroundJob.status == "running",
            BackgroundJob.lease_until < func.now(),
            BackgroundJob.attempts >= MOST_CLAIMS,
        )
        .values(status="failed", lease_until=None, error="Every worker that took this job died.", **_finish())
        .returning(BackgroundJob.id, BackgroundJob.org_id, BackgroundJob.name)
    )
    return list(given_up)


def run_again(job_id: UUID) -> bool:
    """Queue a failed or cancelled job afresh, with all its attempts. False where it is neither. Runs as the system."""
    queue = db.session.scalar(
        update(BackgroundJob)
        .where(BackgroundJob.id == job_id, BackgroundJob.status.in_(("failed", "cancelled")))
        .values(status="queued", attempts=0, run_at=func.now(), finished_at=None, duration_ms=None)
        .returning(BackgroundJob.queue)
    )
    if queue is not None:
        after_commit(lambda: ring(queue), key=("bell", queue))
    return queue is not None


def due_queues() -> set[str]:
    """The queues with a row that somebody should have taken by now."""
    rows = db.session.scalars(
        text("SELECT DISTINCT queue FROM background_jobs WHERE status IN ('queued', 'retrying') AND run_at <= now()")
    )
    return set(rows)


def _finish() -> dict[str, Any]:
    elapsed = func.extract("epoch", func.clock_timestamp() - BackgroundJob.started_at) * 1000
    return {"finished_at": func.clock_timestamp(), "duration_ms": func.round(elapsed)}


def _plain(ids: dict[str, Any]) -> dict[str, Any]:
    return {k: str(v) if isinstance(v, UUID) else v for k, v in ids.items()}
