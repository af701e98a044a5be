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
SEARCHED = 50_000
"""Words are looked for in so many rows at a time, the newest first: the ledger may have millions."""


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
    """Latest first; `before` is the last one of the page above it.

    A search for words ends with what it has looked through, however little it found; the next page goes on from there.
    """
    found = _narrowed(wanted, select(BackgroundJob.id), before)
    last_seen: UUID | None = None
    if wanted.search and _id_of(wanted.search) is None:
        last_seen = db.session.scalar(found.order_by(BackgroundJob.id.desc()).offset(SEARCHED - 1).limit(1))
        if last_seen is not None:
            found = found.where(BackgroundJob.id >= last_seen)
    rows = db.session.execute(_shown(wanted, found)).all()
    following = rows[PAGE - 1].BackgroundJob.id if len(rows) > PAGE else last_seen
    return Page(rows[:PAGE], following)


def _shown(wanted: Filter, narrowed: Select[Any]) -> Any:
    if wanted.search:
        narrowed = narrowed.where(_found(wanted.search))
    # Chosen by themselves first: the joins are for one page.
    chosen = narrowed.order_by(BackgroundJob.id.desc()).limit(PAGE + 1).subquery()
    return (
        select(BackgroundJob, Organization.name.label("business"), User.name.label("person"))
        .join(chosen, chosen.c.id == BackgroundJob.id)
        .outerjoin(Organization, Organization.id == BackgroundJob.org_id)
        .outerjoin(User, User.id == BackgroundJob.user_id)
        .order_by(BackgroundJob.id.desc())
    )


def _narrowed(wanted: Filter, query: Select[Any], before: UUID | None) -> Select[Any]:
    if wanted.state == "runs":
        query = query.where(BackgroundJob.progress.is_not(None))
    elif wanted.state == "waiting":
        query = query.where(BackgroundJob.status.in_(ledger.WAITING))
    elif wanted.state != "all":
        query = query.where(BackgroundJob.status == wanted.state)
    if wanted.name:
        query = query.where(BackgroundJob.name == wanted.name)
    return query if before is None else query.where(BackgroundJob.id < before)


def _found(search: str) -> Any:
    if (wanted := _id_of(search)) is not None:
        return or_(BackgroundJob.id == wanted, BackgroundJob.org_id == wanted)
    columns = (BackgroundJob.name, BackgroundJob.unique_key, BackgroundJob.error, BackgroundJob.request_id)
    return or_(*(column.icontains(search, autoescape=True) for column in columns))


def _id_of(search: str) -> UUID | None:
    try:
        return UUID(search)
    except ValueError:
        return None


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
