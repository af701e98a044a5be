"""`system_errors`: every failure nobody handled, folded by its fingerprint, masked before it is stored."""

from __future__ import annotations

import hashlib
import traceback
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from flask import g
from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Keyed, Model, db
from nexapp.spine.ids import new_id
from nexapp.spine.masking import mask_text, mask_values
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import in_unit, unit_of_work

log = structlog.get_logger()


class SystemError(Keyed, Model):
    __tablename__ = "system_errors"

    fingerprint: Mapped[str]
    kind: Mapped[str]
    severity: Mapped[str]
    message: Mapped[str]
    stack_trace: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    org_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    job_id: Mapped[UUID | None]
    count: Mapped[int]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]
    resolution_note: Mapped[str | None]


def capture(
    kind: str,
    error: BaseException | str,
    *,
    severity: str = "high",
    org_id: UUID | None = None,
    job_id: UUID | None = None,
    **details: Any,
) -> None:
    """Write or count up one error. Joins the running unit where there is one, else takes its own.

    Never raises: an error that can't be recorded is logged, for the first one matters more.
    """
    message, trace = _describe(error)
    row = {
        "kind": kind, "severity": severity, "message": message, "stack_trace": trace, "org_id": org_id,
        "job_id": job_id, "details": mask_values(details), "request_id": g.get("request_id"),
        "fingerprint": _fingerprint(kind, message, trace, org_id),
    }  # fmt: skip
    log.error("system_error", kind=kind, message=message, org_id=str(org_id or ""))
    try:
        if in_unit():
            _upsert(row)
        else:
            with unit_of_work(SYSTEM):
                _upsert(row)
    except Exception:
        log.exception("system_error_not_recorded", kind=kind)


def _upsert(row: dict[str, Any]) -> None:
    fresh = insert(SystemError).values(id=new_id(), count=1, first_seen_at=func.now(), last_seen_at=func.now(), **row)
    db.session.execute(
        fresh.on_conflict_do_update(
            index_elements=["fingerprint"],
            index_where=text("resolved_at IS NULL"),
            set_={
                "count": SystemError.count + 1,
                "last_seen_at": func.now(),
                "details": fresh.excluded.details,
                "request_id": fresh.excluded.request_id,
                "job_id": fresh.excluded.job_id,
            },
        )
    )
    publish("admin:ops", "errors-changed")


def _describe(error: BaseException | str) -> tuple[str, str | None]:
    if isinstance(error, str):
        return mask_text(error)[:2000], None
    message = f"{type(error).__name__}: {error}"
    trace = "".join(traceback.format_exception(error))
    return mask_text(message)[:2000], mask_text(trace)[-20_000:]


def _fingerprint(kind: str, message: str, trace: str | None, org_id: UUID | None) -> str:
    # Ids differ from one occurrence to the next; where it was raised doesn't.
    place = "\n".join(line for line in (trace or message).splitlines() if line.lstrip().startswith("File"))
    return hashlib.sha256(f"{kind}\n{org_id}\n{place or message}".encode()).hexdigest()
