"""The API's jobs: what is scheduled, starting one by hand, and how far a run is.

An organisation's key runs a job for its own people; a key of the installation, or an admin, for everybody.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.job_runs import list_last_runs, runnable, start_run
from nexapp.spine.jobs.ledger import BackgroundJob
from nexapp.spine.local_jobs import LOCAL_JOBS
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.api import Input, Output, operation


class JobOut(Output):
    job_type: str
    last_status: str | None
    last_run_at: datetime | None


class Jobs(Output):
    items: list[JobOut]


class NewRun(Input):
    on_date: Annotated[date | None, Field(description="A local day, for jobs that go by each person's clock.")] = None


class RunOut(Output):
    id: UUID
    job_type: str
    status: str
    attempts: int
    progress: Annotated[dict[str, Any] | None, Field(description="`done` of `total`, and `counts`.")]
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@operation("GET", "/jobs", scope="jobs:read", minimum=Role.ADMIN, platform=True, answer=Jobs,
           summary="List the jobs that can be started")  # fmt: skip
def list_jobs() -> Jobs:
    last = list_last_runs()
    return Jobs(items=[
        JobOut(
            job_type=name, last_status=last[name].status if name in last else None,
            last_run_at=last[name].created_at if name in last else None,
        )
        for name in _offered()
    ])  # fmt: skip


@operation("POST", "/jobs/<job_type>/runs", scope="jobs:run", minimum=Role.ADMIN, platform=True, body=NewRun,
           needs_body=False, answer=RunOut, status=202, summary="Start a job")  # fmt: skip
def start_job(job_type: str, body: NewRun) -> RunOut:
    if job_type not in _offered():
        raise NotFound("There is no such job.")
    return read_job_run(start_run(job_type, body.on_date))


@operation("GET", "/jobs/runs/<uuid:job_id>", scope="jobs:read", minimum=Role.ADMIN, platform=True, answer=RunOut,
           summary="See how far a run is")  # fmt: skip
def read_job_run(job_id: UUID) -> RunOut:
    wanted = select(BackgroundJob).where(BackgroundJob.id == job_id)
    if (org_id := current_actor().org_id) is not None:
        wanted = wanted.where(BackgroundJob.org_id == org_id)
    row: BackgroundJob | None = db.session.scalar(wanted)
    if row is None:
        raise NotFound
    return RunOut(
        id=row.id, job_type=row.name, status=row.status, attempts=row.attempts, progress=_told(row.progress),
        error=row.error, created_at=row.created_at, started_at=row.started_at, finished_at=row.finished_at,
    )  # fmt: skip


def _offered() -> list[str]:
    """All to who runs the installation; to an organisation those that can be done for its people alone."""
    return runnable() if current_actor().role is Role.SYSTEM else sorted(LOCAL_JOBS)


def _told(progress: dict[str, Any] | None) -> dict[str, Any] | None:
    return {name: progress[name] for name in ("done", "total", "counts") if name in progress} if progress else None
