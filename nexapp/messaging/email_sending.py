"""Sending e-mails: claimed in one unit, handed to the mail server outside of any, recorded in another.

A letter that was handed over without an answer is `unknown` and never sent again: links lapse within minutes, and
their people ask anew. So is one whose worker died on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from flask import current_app
from sqlalchemy import func, insert, select, text, update

from nexapp.gateways.email import EmailAmbiguous, EmailBusy, EmailGateway, EmailRefused, OutboundEmail
from nexapp.gateways.email.smtp import MailServer, SmtpGateway
from nexapp.messaging.email_outbox import EMAIL
from nexapp.messaging.models import Message, MessageEvent
from nexapp.spine import faults
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.realtime import publish
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import after_commit, unit_of_work

log = structlog.get_logger()
WAITS = (1.0, 3.0, 9.0)
LEASE = timedelta(minutes=3)
"""Longer than the mail server's timeouts together: a dozen answers of 10 s each."""


@dataclass(frozen=True, slots=True)
class Outcome:
    status: str
    event: str
    error: str | None = None
    wait: float | None = None


@job("send_email")
def send_email(message_id: str) -> None:
    """Claim one e-mail and hand it over once the claim is committed: no connection is held meanwhile."""
    row = db.session.scalar(
        update(Message)
        .where(Message.id == UUID(message_id), Message.channel == EMAIL, Message.status == "queued")
        .values(
            status="sending", attempts=Message.attempts + 1, attempted_at=func.now(), lease_until=func.now() + LEASE
        )
        .returning(Message)
    )
    if row is None:
        return
    letter = OutboundEmail(str(row.id), row.to_email or "", row.subject or "", row.body, row.html)
    is_late = row.expires_at is not None and row.expires_at <= now()
    attempts = row.attempts
    after_commit(lambda: _deliver(letter, attempts, is_late=is_late))


@job("settle_emails")
def settle_emails() -> None:
    """What a dead worker was sending is unknown; what waits without a job gets one."""
    lost = db.session.scalars(
        select(Message.id).where(
            Message.channel == EMAIL, Message.status == "sending", Message.lease_until < func.now()
        )
    ).all()
    for message_id in lost:
        _record(message_id, Outcome("unknown", "unknown", "The worker ended while it was sending."))
    waiting = db.session.scalars(
        select(Message.id).where(
            Message.channel == EMAIL,
            Message.status == "queued",
            Message.send_at < func.now() - text("interval '1 minute'"),
        )
    ).all()
    hour = now().strftime("%Y%m%d%H")
    for message_id in waiting:
        # One an hour at most: while no worker runs, jobs for the same letter would pile up.
        enqueue("send_email", unique_key=f"send_email:{message_id}:{hour}", message_id=str(message_id))


def email_gateway() -> EmailGateway | None:
    """The mail server of this installation; None where none is set."""
    found: EmailGateway | None = current_app.extensions.get("email_gateway")
    if found is None and settings().sends_email:
        found = SmtpGateway(MailServer.of(settings().mail_url), settings().mail_from)
        current_app.extensions["email_gateway"] = found
    return found


def _deliver(letter: OutboundEmail, attempts: int, *, is_late: bool) -> None:
    outcome = Outcome("expired", "expired") if is_late else _attempt(letter, attempts)
    with unit_of_work(SYSTEM):
        _record(UUID(letter.message_id), outcome)


def _attempt(letter: OutboundEmail, attempts: int) -> Outcome:
    gateway = email_gateway()
    if gateway is None:
        return Outcome("failed", "failed", "No mail server is set (MAIL_URL).")
    try:
        gateway.send(letter)
    except EmailBusy as error:
        if attempts <= len(WAITS):
            return Outcome("queued", "retrying", str(error), WAITS[attempts - 1])
        return Outcome("failed", "failed", str(error))
    except EmailRefused as error:
        return Outcome("failed", "failed", str(error))
    except EmailAmbiguous as error:
        return Outcome("unknown", "unknown", str(error))
    except Exception as error:
        # Not a word of the network: the letter could not be written, and won't be the next time.
        log.exception("email_failed")
        return Outcome("failed", "failed", f"{type(error).__name__}: {error}")
    return Outcome("sent", "sent")


def _record(message_id: UUID, outcome: Outcome) -> None:
    is_final = outcome.status not in {"queued", "sending"}
    wait = timedelta(seconds=outcome.wait or 0)
    changed = db.session.scalar(
        update(Message)
        .where(Message.id == message_id, Message.status == "sending")
        .values(
            status=outcome.status, error=outcome.error, lease_until=None, send_at=func.now() + wait,
            sent_at=func.now() if outcome.status == "sent" else None,
            # Links in it open accounts: they are kept no longer than it takes to send them.
            **({"body": "", "html": None} if is_final else {}),
        )
        .returning(Message)
    )  # fmt: skip
    if changed is None:
        return
    _note(changed, outcome)
    if outcome.status == "queued":
        enqueue("send_email", run_at=now() + wait, message_id=str(message_id))


def _note(message: Message, outcome: Outcome) -> None:
    details = {"error": outcome.error} if outcome.error else {}
    db.session.execute(
        insert(MessageEvent).values(
            id=new_id(), org_id=message.org_id, message_id=message.id, at=func.now(), kind=outcome.event,
            details=details,
        )
    )  # fmt: skip
    if outcome.status in {"failed", "unknown"}:
        problem = EmailRefused(f"An e-mail ({message.purpose}) is {outcome.status}: {outcome.error}")
        faults.capture("job_error", problem, severity="medium", org_id=message.org_id, message_id=str(message.id))
    if message.org_id is not None:
        publish(f"org:{message.org_id}:messages", "messages-changed")


schedule("settle-emails", cron="* * * * *", job="settle_emails")
