"""Reading and closing `system_errors`. Everything here runs as the system, for platform admins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Row, Select, and_, func, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from nexapp.identity.models import Organization, User
from nexapp.operations.error_words import KINDS, SEVERITIES, STATES
from nexapp.spine import audit
from nexapp.spine.audit import AuditEntry
from nexapp.spine.db import db
from nexapp.spine.errors import Conflict, NotFound
from nexapp.spine.faults import SystemError
from nexapp.spine.jobs.ledger import BackgroundJob, run_again
from nexapp.spine.masking import mask_text
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor

PAGE = 50
LONGEST_NOTE = 500
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Filter:
    kind: str = ""
    severity: str = ""
    state: str = "open"
    search: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filter:
        """From an address; what isn't known counts as not given."""
        return cls(
            kind=_known(given.get("kind"), KINDS),
            severity=_known(given.get("severity"), SEVERITIES),
            state=_known(given.get("state"), STATES) or "open",
            search=given.get("search", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
        )

    @property
    def narrows(self) -> bool:
        return bool(self.kind or self.severity or self.search)

    def arguments(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


def _known(value: str | None, words: Mapping[str, Any]) -> str:
    return value if value and value in words else ""


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Row[Any]]
    next_before: str | None


def list_errors(wanted: Filter, before: str | None = None) -> Page:
    """Latest first; `before` is the mark that the page above it gave."""
    everything: Any = select(SystemError, Organization.name.label("business"))
    query = (
        _narrowed(wanted, everything)
        .outerjoin(Organization, Organization.id == SystemError.org_id)
        .order_by(SystemError.last_seen_at.desc(), SystemError.id.desc())
        .limit(PAGE + 1)
    )
    if mark := _read_mark(before):
        query = query.where(tuple_(SystemError.last_seen_at, SystemError.id) < tuple_(*mark))
    rows = db.session.execute(query).all()
    more = len(rows) > PAGE
    return Page(rows[:PAGE], _mark(rows[PAGE - 1].SystemError) if more else None)


def _narrowed(wanted: Filter, query: Select[Any]) -> Select[Any]:
    if wanted.kind:
        query = query.where(SystemError.kind == wanted.kind)
    if wanted.severity:
        query = query.where(SystemError.severity == wanted.severity)
    if wanted.state != "all":
        is_open = SystemError.resolved_at.is_(None)
        query = query.where(is_open if wanted.state == "open" else ~is_open)
    if wanted.search:
        query = query.where(
            or_(
                SystemError.message.icontains(wanted.search, autoescape=True),
                SystemError.request_id == wanted.search,
            )
        )
    return query


def _mark(error: SystemError) -> str:
    return f"{error.last_seen_at.isoformat()}_{error.id}"


def _read_mark(before: str | None) -> tuple[datetime, UUID] | None:
    try:
        instant, row_id = (before or "").split("_")
        return datetime.fromisoformat(instant), UUID(row_id)
    except ValueError:
        return None


def count_open() -> dict[str, int]:
    """Open errors by severity."""
    is_open = SystemError.resolved_at.is_(None)
    rows = db.session.execute(select(SystemError.severity, func.count()).where(is_open).group_by(SystemError.severity))
    return {row[0]: row[1] for row in rows}


def get_error(error_id: UUID) -> SystemError:
    found = db.session.get(SystemError, error_id)
    if found is None:
        raise NotFound(_("This error isn't in the list. It may have been removed with its age."))
    return found


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the row alone doesn't tell."""

    business: str | None
    job: BackgroundJob | None
    resolved_by: str | None
    history: Sequence[Row[Any]]


def surroundings_of(error: SystemError) -> Surroundings:
    business = db.session.scalar(select(Organization.name).where(Organization.id == error.org_id))
    job = db.session.get(BackgroundJob, error.job_id) if error.job_id else None
    resolver = db.session.scalar(select(User.name).where(User.id == error.resolved_by))
    return Surroundings(business, job, resolver, _history(error.id))


def _history(error_id: UUID) -> Sequence[Row[Any]]:
    return db.session.execute(
        select(AuditEntry.action, AuditEntry.created_at, AuditEntry.changes, User.name)
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(AuditEntry.subject_kind == "system_error", AuditEntry.subject_id == error_id)
        .order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc())
        .limit(50)
    ).all()


def resolve_error(error_id: UUID, note: str) -> bool:
    """Close it. False where it was closed already."""
    done = db.session.execute(
        update(SystemError)
        .where(SystemError.id == error_id, SystemError.resolved_at.is_(None))
        .values(resolved_at=func.now(), resolved_by=current_actor().user_id, resolution_note=mask_text(note) or None)
    )
    return _recorded(error_id, "error.resolved", note, changed=bool(done.rowcount))  # type: ignore[attr-defined]


def reopen_error(error_id: UUID, note: str) -> bool:
    """Open it again. False where it is open; `Conflict` where the same error came back as a new entry since."""
    try:
        with db.session.begin_nested():
            done = db.session.execute(
                update(SystemError)
                .where(SystemError.id == error_id, SystemError.resolved_at.is_not(None))
                .values(resolved_at=None, resolved_by=None, resolution_note=None)
            )
    except IntegrityError:
        raise Conflict(_("The same error came back and is open as an entry of its own. Work on that one.")) from None
    return _recorded(error_id, "error.reopened", note, changed=bool(done.rowcount))  # type: ignore[attr-defined]


def run_job_again(error_id: UUID) -> bool:
    """Queue the failed job behind an error once more. False where there is none to run."""
    error = get_error(error_id)
    changed = error.job_id is not None and run_again(error.job_id)
    return _recorded(error_id, "error.job_run_again", "", changed=changed)


def _recorded(error_id: UUID, action: str, note: str, *, changed: bool) -> bool:
    if not changed:
        get_error(error_id)
        return False
    audit.record(action, "system_error", error_id, {"note": mask_text(note)} if note else None)
    publish("admin:ops", "errors-changed")
    return True


def recurrence_of(error: SystemError) -> UUID | None:
    """The open entry of the same error, where it came back after this one was closed."""
    return db.session.scalar(
        select(SystemError.id).where(
            and_(SystemError.fingerprint == error.fingerprint, SystemError.resolved_at.is_(None)),
            SystemError.id != error.id,
        )
    )
