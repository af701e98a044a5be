"""Keeps the summary rows true while nobody looks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from nexapp.slots.figures.counting import begin_nights, catch_up, list_waiting
from nexapp.spine import faults
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.realtime import publish
from nexapp.spine.schedule import schedule

BATCHES = 40
"""For one business and run, so that its backlog doesn't keep the others waiting; the next minute goes on."""


@job("refresh_figures")
def refresh_figures() -> None:
    """Runs as the system, over all businesses. A worker that dies leaves the marks for the next run."""
    for org_id in list_waiting():
        if _catch_up(org_id):
            publish(f"org:{org_id}:slots", "figures-changed")


def _catch_up(org_id: UUID) -> int:
    """A business whose count fails keeps its marks, and the others wait for nothing."""
    try:
        with db.session.begin_nested():
            return catch_up(org_id, BATCHES)
    except SQLAlchemyError as error:
        faults.capture("job_error", error, org_id=org_id, job="refresh_figures")
        return 0


@job("nightly_figures")
def nightly_figures() -> None:
    begin_nights(now())


def register() -> None:
    schedule("refresh_figures", cron="* * * * *", job="refresh_figures")
    schedule("nightly_figures", cron="*/15 * * * *", job="nightly_figures")
