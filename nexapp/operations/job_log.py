"""Reading the ledger of jobs, and taking one out or running it again. Everything here runs as the system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Row, Select, or_, select, text

from nexapp.identity.models import Organization, User
from nexapp.operations.job_words import STATES
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.jobs import ledger
from nexapp.spine.jobs.ledger import BackgroundJob
from nexapp.spine.jobs.registry import KINDS
from nexapp.spine.realtime import publish

PAGE = 50
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Filter:
    state: str = "runs"
    name: str = ""
    search: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filter:
        """From an address; what isn't known counts as not given."""
        state, name = given.get("state", ""), given.get("name", "")
        return cls(
            state=state if state in STATES else "runs",
            name=name if name in KINDS else "",
            search=given.get("search", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
        )

    @property
    def narrows(self) -> bool:
        return bool(self.name or self.search)

    def arguments(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Row[Any]]
    next_before: UUID | None


def list_jobs(wanted: Filter, before: UUID | None = None) -> Page:
    """Latest first; `before` is the last one of the page above it."""
    everything: Any = select(BackgroundJob, Organization.name.label("business"), User.name.label("person"))
    query = (
        _narrowed(wanted, everything)
        .outerjoin(Organization, Organization.id == BackgroundJob.org_id)
        .outerjoin(User, User.id == BackgroundJob.user_id)
        .order_by(BackgroundJob.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(BackgroundJob.id < before)
    rows = db.session.execute(query).all()
    return Page(rows[:PAGE], rows[PAGE - 1].BackgroundJob.id if len(rows) > PAGE else None)


def _narrowed(wanted: Filter, query: Select[Any]) -> Select[Any]:
    if wanted.state == "runs":
        query = query.where(BackgroundJob.progress.is_not(None))
    elif wanted.state == "waiting":
        query = query.where(BackgroundJob.status.in_(ledger.WAITING))
    elif wanted.state != "all":
        query = query.where(BackgroundJob.status == wanted.state)
    if wanted.name:
        query = query.where(BackgroundJob.name == wanted.name)
    if wanted.search:
        query = query.where(_found(wanted.search))
    return query


def _found(search: str) -> Any:
    try:
        return or_(BackgroundJob.id == UUID(search), BackgroundJob.org_id == UUID(search))
    except ValueError:
        columns = (BackgroundJob.name, BackgroundJob.unique_key, BackgroundJob.error, BackgroundJob.request_id)
        return or_(*(column.icontains(search, autoescape=True) for column in columns))


@dataclass(frozen=True, slots=True)
class Counts:
    waiting: int
    later: int
    running: int
    failed: int
    """Of the last seven days."""


_COUNTS = text("""
    SELECT count(*) FILTER (WHERE status <> 'running' AND run_at <= now()) AS waiting,
        count(*) FILTER (WHERE status <> 'running' AND run_at > now()) AS later,
        count(*) FILTER (WHERE status = 'running') AS running,
        (SELECT count(*) FROM background_jobs WHERE status = 'failed' AND finished_at > now() - interval '7 days')
    FROM background_jobs WHERE status IN ('queued', 'retrying') OR status = 'running'
""")


def count_jobs() -> Counts:
    return Counts(*db.session.execute(_COUNTS).one())


def run_again(job_id: UUID) -> bool:
    """Queue a failed or cancelled job once more. False where it is neither."""
    return _recorded(job_id, "job.run_again", ledger.run_again)


def cancel(job_id: UUID) -> bool:
    """Take out a job that isn't done. False where it is, or can't be stopped any more."""
    return _recorded(job_id, "job.cancelled", ledger.cancel)


def _recorded(job_id: UUID, action: str, act: Callable[[UUID], bool]) -> bool:
    if db.session.get(BackgroundJob, job_id) is None:
        raise NotFound(_("This job isn't in the list. It may have been removed with its age."))
    if not act(job_id):
        return False
    audit.record(action, "background_job", job_id)
    publish("admin:ops", "jobs-changed")
    return True
