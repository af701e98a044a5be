"""The ledger of jobs is a record for a month: what is done goes by itself, a part at a time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from nexapp.operations.provider import first_id
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.schedule import schedule

KEPT = timedelta(days=30)
AT_ONCE = 10_000

# Ids sort by time, so the oldest are read from the beginning of the key. What was retried or waited for long, and has
# ended lately, is younger than its id.
FORGET = text("""
    DELETE FROM background_jobs WHERE id IN (
        SELECT id FROM background_jobs
        WHERE id < :first AND status IN ('succeeded', 'failed', 'cancelled') AND finished_at < :before
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    )
""")


@job("forget_finished_jobs", queue="slow")
def forget_finished_jobs() -> None:
    """Runs as the system. While there is more, it queues itself again: no part keeps others waiting."""
    before = now() - KEPT
    gone = db.session.execute(FORGET, {"first": first_id(before), "before": before, "most": AT_ONCE})
    if gone.rowcount == AT_ONCE:  # type: ignore[attr-defined]
        enqueue("forget_finished_jobs")


def register() -> None:
    schedule("forget_finished_jobs", cron="27 3 * * *", job="forget_finished_jobs")
