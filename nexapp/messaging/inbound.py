"""Texts from people: STOP, START and HELP are acted on, everything else waits for a person to read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from nexapp.identity.models import Organization
from nexapp.messaging import consumers, templates
from nexapp.messaging.events import ConsumerOptedOut, InboundTextReceived
from nexapp.messaging.keywords import Meaning, read
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import SMS, InboundMessage, Message
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.signals import publish_inbox
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id
from nexapp.spine.webhooks import WebhookEvent, handles

SOURCE = "twilio-inbound"
_LONGEST = 1600
LATELY = timedelta(days=2)


@handles(SOURCE)
def handle_inbound(event: WebhookEvent) -> None:
    sent: dict[str, Any] = event.payload
    phone, body = str(sent.get("From") or ""), str(sent.get("Body") or "")[:_LONGEST]
    if not phone.startswith("+"):
        # A short code or a name: nobody there whom we text.
        return
    consumer_id = consumers.ensure_consumer(phone)
    person = consumers.find_consumer(phone)
    meaning = read(body, opted_out=bool(person and person.opted_out_at))
    org_id, is_doubtful = _who_wrote_last(phone)
    row = InboundMessage(
        id=new_id(),
        org_id=org_id,
        consumer_id=consumer_id,
        provider_sid=event.external_id,
        from_phone=phone,
        to_phone=str(sent.get("To") or ""),
        body=body,
        handled_as=meaning.kind,
        needs_review=meaning.in_words or meaning.kind == "other",
        is_doubtful=is_doubtful,
    )
    db.session.add(row)
    db.session.flush()
    publish_inbox(row.org_id)
    _act(row, meaning, answered=_is_answered(meaning, sent))


def _act(row: InboundMessage, meaning: Meaning, *, answered: bool) -> None:
    if meaning.kind == "stop":
        _stop(row, meaning, answered=answered)
    elif meaning.kind == "start":
        if consumers.opt_in(row.from_phone, f"reply {meaning.word[:20]}") and not answered:
            _answer(row, "opted_in")
    elif meaning.kind == "help":
        if not answered:
            _answer(row, "help")
    else:
        assert row.consumer_id is not None  # noqa: S101 - set above
        emit(InboundTextReceived(row.id, row.consumer_id, row.org_id, meaning.word[:40]))


def _stop(row: InboundMessage, meaning: Meaning, *, answered: bool) -> None:
    """Confirmed once: who says it again hears nothing more."""
    if not consumers.opt_out(row.from_phone, "reply in words" if meaning.in_words else f"reply {meaning.word}"):
        return
    assert row.consumer_id is not None  # noqa: S101 - set by the caller
    emit(ConsumerOptedOut(row.consumer_id, "reply"))
    if not answered:
        _answer(row, "opted_out")


def _is_answered(meaning: Meaning, sent: dict[str, Any]) -> bool:
    """Whether the provider has answered by itself: it does so for a lone keyword, and says so if set up further."""
    return bool(sent.get("OptOutType")) or (settings().twilio_handles_opt_out and meaning.plain)


def _answer(row: InboundMessage, purpose: str) -> None:
    business = db.session.get(Organization, row.org_id) if row.org_id else None
    body = templates.render(purpose, _variables(purpose, business))
    queue_messages(
        [
            NewMessage(
                to_phone=row.from_phone, body=body, purpose=purpose, lane=ANSWERS, consumer_id=row.consumer_id,
                subject_kind="inbound_message", subject_id=row.id, org_id=row.org_id,
            )
        ]
    )  # fmt: skip


def _variables(purpose: str, business: Organization | None) -> dict[str, str | None]:
    if purpose != "help":
        return {}
    if business is None:
        return {"business": "NexApp", "contact": settings().base_url}
    ways = [business.phone, business.address]
    return {"business": business.name, "contact": ", ".join(way for way in ways if way) or settings().base_url}


def _who_wrote_last(phone: str) -> tuple[UUID | None, bool]:
    """The business that texted this number last is the one that a reply speaks to.

    And whether another one did lately as well, so that the reply may be meant for them.
    """
    lately = (Message.attempted_at > func.now() - LATELY).label("lately")
    last = (
        select(Message.org_id, Message.created_at, lately)
        .where(Message.to_phone == phone, Message.channel == SMS, Message.org_id.is_not(None), Message.attempts > 0)
        .order_by(Message.created_at.desc())
        .limit(20)
    )
    rows = db.session.execute(last).all()
    if not rows:
        return None, False
    return rows[0].org_id, any(row.lately and row.org_id != rows[0].org_id for row in rows)
