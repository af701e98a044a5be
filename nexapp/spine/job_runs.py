"""Starting a scheduled job by hand: from the console, the command line or the API."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Row, text

from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.jobs import enqueue
from nexapp.spine.local_jobs import LOCAL_JOBS, OLDEST
from nexapp.spine.realtime import publish
from nexapp.spine.schedule import ENTRIES

LAST = text("""
    SELECT last.* FROM unnest(CAST(:names AS text[])) AS wanted
    CROSS JOIN LATERAL (
        SELECT name, status, created_at FROM background_jobs WHERE name = wanted ORDER BY id DESC LIMIT 1
    ) last
""")


def runnable() -> list[str]:
    """The jobs that may be started by hand: those of the schedules."""
    return sorted({entry.job for entry in ENTRIES.values()})


def start_run(job_type: str, on_date: date | None = None) -> UUID:
    """Queue a run as the present actor: of one organisation for its own people, of the system for everybody.

    Whoever had it on that day doesn't get it again. Without a date, whose hour has come. Raises `NotFound` for a job
    that isn't scheduled, `BadInput` for a day that it can't be run for.
    """
    if job_type not in runnable():
        raise NotFound(_("There is no such job."))
    if on_date is not None:
        _check_day(job_type, on_date)
    row_id = enqueue(job_type, on_date=on_date.isoformat()) if on_date else enqueue(job_type)
    if row_id is None:
        raise RuntimeError("a run without a unique key is always queued")
    audit.record("job.started", "background_job", row_id, {"job": job_type, "on_date": str(on_date or "")})
    publish("admin:ops", "jobs-changed")
    return row_id


def _check_day(job_type: str, on_date: date) -> None:
    known = LOCAL_JOBS.get(job_type)
    if known is None:
        raise BadInput(fields={"on_date": _("This job has no day: it does what is due.")})
    # Somewhere it may be tomorrow already.
    if on_date > now().date() + timedelta(days=1):
        raise BadInput(fields={"on_date": _("This day hasn't begun anywhere yet.")})
    if on_date < now().date() - OLDEST:
        raise BadInput(fields={"on_date": _("Days more than a month ago can't be made up for.")})
    if known.hour.weekday is not None and on_date.weekday() != known.hour.weekday:
        raise BadInput(fields={"on_date": _("This job runs for Sundays only.")})


def list_last_runs() -> dict[str, Row[Any]]:
    """The newest row of each scheduled job. Runs as the system."""
    found = db.session.execute(LAST, {"names": runnable()})
    return {row.name: row for row in found}
