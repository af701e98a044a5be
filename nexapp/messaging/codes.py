"""Codes that identity asks to be sent."""

from __future__ import annotations

from datetime import timedelta

from nexapp.identity.events import SignInCodeRequested
from nexapp.identity.models import Organization
from nexapp.messaging.lanes import CODES
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.templates import render
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.events import on

CODE_MINUTES = 5


@on(SignInCodeRequested, inline=True)
def send_code(event: SignInCodeRequested) -> None:
    """In the asker's transaction: no code without its text, and no row of a job that would keep it."""
    business = db.session.get(Organization, event.org_id) if event.org_id else None
    if business is None:
        purpose, variables = "sign_in_code", {"code": event.code}
    else:
        purpose, variables = "waiting_list_code", {"code": event.code, "business": business.name}
    queue_messages(
        [
            NewMessage(
                to_phone=event.phone, body=render(purpose, variables), purpose=purpose, lane=CODES,
                subject_kind="verification_code", subject_id=event.code_id,
                expires_at=now() + timedelta(minutes=CODE_MINUTES), org_id=event.org_id,
            )
        ]
    )  # fmt: skip
