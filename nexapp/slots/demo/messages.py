"""What people of the demo answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update

from nexapp.messaging.models import CannedReply, Consumer, Conversation, InboundMessage, Message
from nexapp.messaging.segments import measure
from nexapp.slots.demo.seeding import Seeded
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

CANNED = (
    ("Parking", "Hi {{first_name}}, you can park in the yard behind the house, free for two hours."),
    ("We call you", "Hi {{first_name}}, we call you within the hour. {{business}}"),
    ("What to bring", "Bring your insurance card and a list of what you take, {{first_name}}."),
)

# Place on the list, hours ago, side, words; the last ones of a person decide what state their conversation is in.
SAID = (
    (1, 30.0, "theirs", "Is the office on the ground floor? My mother uses a wheelchair."),
    (1, 29.6, "ours", "It is, with a ramp at the side door. See you both!"),
    (1, 29.5, "theirs", "Perfect, thank you 🙏"),
    (4, 3.2, "theirs", "Could I come ten minutes later?"),
    (9, 1.4, "theirs", "Where do I park?"),
    (9, 1.3, "theirs", "Found it, but is it free?"),
    (22, 5.0, "theirs", "please no more texts while I'm at work"),
)
READ = {1}


def seed_messages(seeded: Seeded) -> None:
    """Conversations in each state, and ready answers."""
    db.session.execute(
        insert(CannedReply),
        [{"id": new_id(), "org_id": seeded.org_id, "title": title, "body": body} for title, body in CANNED],
    )
    said = [line for line in SAID if line[0] < len(seeded.requests)]
    phones = _phones([seeded.requests[place][1] for place, *_rest in said])
    for place, hours, side, words in said:
        consumer_id, at = seeded.requests[place][1], now() - timedelta(hours=hours)
        person = (seeded.org_id, consumer_id, phones[consumer_id])
        if side == "ours":
            _answered(*person, at, words)
        else:
            _wrote(*person, at, words, waits=place not in READ)


def _phones(consumers: list[UUID]) -> dict[UUID, str]:
    rows = db.session.execute(select(Consumer.id, Consumer.phone).where(Consumer.id.in_(consumers)))
    return {row.id: row.phone for row in rows}


def _wrote(org_id: UUID, consumer_id: UUID, phone: str, at: datetime, words: str, *, waits: bool) -> None:
    wants_to_stop = "no more texts" in words
    values: dict[str, Any] = {
        "id": new_id(), "org_id": org_id, "consumer_id": consumer_id, "provider_sid": f"SM{new_id().hex}",
        "from_phone": phone, "to_phone": "+15005550006", "body": words, "needs_review": waits, "created_at": at,
        "handled_as": "stop" if wants_to_stop else "other",
    }  # fmt: skip
    db.session.execute(insert(InboundMessage).values(**values))
    if wants_to_stop:
        stopped = {"opted_out_at": at, "opt_out_source": "reply in words"}
        db.session.execute(update(Consumer).where(Consumer.id == consumer_id).values(**stopped))


def _answered(org_id: UUID, consumer_id: UUID, phone: str, at: datetime, words: str) -> None:
    author = text("(SELECT user_id FROM memberships WHERE org_id = :org AND role = 'manager' LIMIT 1)")
    db.session.execute(
        insert(Message).values(
            id=new_id(), org_id=org_id, consumer_id=consumer_id, lane=1, purpose="reply", subject_kind="reply",
            subject_id=new_id(), to_phone=phone, body=words, segments=measure(words).segments, status="delivered",
            send_at=at, created_at=at, attempts=1, attempted_at=at, sent_at=at, delivered_at=at,
            provider_sid=f"SM{new_id().hex}", created_by=author.bindparams(org=org_id),
        )
    )  # fmt: skip
    db.session.execute(
        update(Conversation)
        .where(Conversation.org_id == org_id, Conversation.consumer_id == consumer_id)
        .values(last_at=at, last_body=words, last_by="business")
    )
