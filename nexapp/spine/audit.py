"""The trail of who did what. Append-only: no role of the application may change or delete a row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, has_request_context, request
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Created, Keyed, Model, db
from nexapp.spine.tenancy import current_actor


class AuditEntry(Keyed, Created, Model):
    __tablename__ = "audit_entries"

    org_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    role: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    changes: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    request_id: Mapped[str | None]


def record(
    action: str,
    subject_kind: str,
    subject_id: UUID | None = None,
    changes: dict[str, Any] | None = None,
    *,
    org_id: UUID | None = None,
) -> None:
    """Append one entry in the caller's transaction. `changes` holds field names and ids, no personal values."""
    actor = current_actor()
    db.session.execute(
        insert(AuditEntry).values(
            org_id=org_id or actor.org_id,
            user_id=actor.user_id,
            role=actor.role.value,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            changes=changes,
            request_id=g.get("request_id"),
            **_where_from(),
        )
    )


def _where_from() -> dict[str, str | None]:
    if not has_request_context():
        return {"ip": None, "user_agent": None}
    return {"ip": request.remote_addr, "user_agent": (request.user_agent.string or "")[:300] or None}
