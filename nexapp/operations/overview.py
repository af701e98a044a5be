"""Figures for the admin's home: queues and texts. Everything here runs as the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, text

from nexapp.operations.provider import first_id
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.jobs.registry import queue_names

DAY = timedelta(days=1)

_JOBS = text(
    "SELECT queue, count(*) FILTER (WHERE status <> 'running' AND run_at <= now()) AS due,"
    " min(run_at) FILTER (WHERE status <> 'running' AND run_at <= now()) AS oldest_at,"
    " count(*) FILTER (WHERE status <> 'running' AND run_at > now()) AS later,"
    " count(*) FILTER (WHERE status = 'running') AS running"
    " FROM background_jobs WHERE status IN ('queued', 'retrying') OR status = 'running' GROUP BY queue"
)
_TEXTS = text(
    "SELECT 'messages' AS queue, count(*) FILTER (WHERE status = 'queued' AND send_at <= now()) AS due,"
    " min(send_at) FILTER (WHERE status = 'queued' AND send_at <= now()) AS oldest_at,"
    " count(*) FILTER (WHERE status = 'queued' AND send_at > now()) AS later,"
    " count(*) FILTER (WHERE status = 'sending') AS running"
    " FROM messages WHERE status = 'queued' OR status = 'sending'"
)


@dataclass(frozen=True, slots=True)
class Depth:
    """One queue now: what is due, since when, what is being worked on, and what waits for its time."""

    queue: str
    due: int = 0
    oldest_at: datetime | None = None
    later: int = 0
    running: int = 0


def queue_depths() -> list[Depth]:
    """Every queue that exists, also those with nothing in them."""
    rows = [*db.session.execute(_JOBS), *db.session.execute(_TEXTS)]
    found = {row.queue: Depth(*row) for row in rows}
    return [found.get(name, Depth(name)) for name in dict.fromkeys([*queue_names(), *found])]


def texts_by_state() -> list[Row[tuple[str, int]]]:
    """Texts made in the last 24 hours, the most frequent state first."""
    return list(
        db.session.execute(
            text(
                "SELECT status, count(*) AS count FROM messages"
                " WHERE id >= :first AND created_at > now() - interval '24 hours' GROUP BY status ORDER BY 2 DESC, 1"
            ),
            {"first": first_id(now() - DAY)},
        )
    )


def failed_jobs() -> int:
    """Jobs that gave up in the last 24 hours."""
    row = db.session.execute(
        text(
            "SELECT count(*) FROM background_jobs WHERE id >= :first AND status = 'failed'"
            " AND finished_at > now() - interval '24 hours'"
        ),
        {"first": first_id(now() - 7 * DAY)},
    ).one()
    return int(row[0])
