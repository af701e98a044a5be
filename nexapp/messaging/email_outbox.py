"""Writing e-mails down: a message in the business transaction. A worker of their own sends them after the commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import g
from sqlalchemy import func, insert

from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import Message
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.bells import ring
from nexapp.spine.tenancy import current_actor
from nexapp.spine.unit import after_commit

EMAIL = "email"
QUEUE = "emails"


@dataclass(frozen=True, slots=True)
class NewEmail:
    """`org_id` None: the actor's business, or none for what concerns the account alone."""

    to: str
    subject: str
    text: str
    purpose: str
    html: str | None = None
    subject_kind: str | None = None
    subject_id: UUID | None = None
    expires_at: datetime | None = None
    org_id: UUID | None = None
    created_by: UUID | None = None
    """The person who wrote it, where one did."""


def queue_email(email: NewEmail) -> UUID:
    """Write one e-mail; its id. It leaves after the commit, once."""
    message_id = new_id()
    db.session.execute(
        insert(Message).values(
            id=message_id, org_id=email.org_id or current_actor().org_id, channel=EMAIL, lane=int(ANSWERS),
            purpose=email.purpose, subject_kind=email.subject_kind, subject_id=email.subject_id, to_phone="",
            to_email=email.to, subject=email.subject[:200], body=email.text, html=email.html, segments=0,
            send_at=func.now(), expires_at=email.expires_at, request_id=g.get("request_id"),
            created_by=email.created_by,
        )
    )  # fmt: skip
    after_commit(lambda: ring(QUEUE), key=("bell", QUEUE))
    return message_id
