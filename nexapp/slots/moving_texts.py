"""What a move means for texts: who holds or booked the slot is told, and what has not left yet says the new time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select, text

from nexapp.identity.models import StaffMember
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import Consumer, Message
from nexapp.messaging.outbox import NewMessage, cancel_queued, queue_messages
from nexapp.messaging.segments import measure
from nexapp.messaging.templates import render
from nexapp.slots.calendar.models import SlotMove
from nexapp.slots.models import ConsumerProfile, SlotOffer
from nexapp.slots.offers import PURPOSE as OFFER
from nexapp.slots.offers import SUBJECT, first_name, slot_words
from nexapp.slots.times import text_time
from nexapp.slots.tokens import claim_url
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.tenancy import scoped

PURPOSE = "booking_moved"
WAIT = timedelta(seconds=12)
"""Longer than the undo is offered for: a move that is taken back at once tells nobody."""

REWRITE = text("""
    UPDATE messages m SET body = n.body, segments = n.segments,
        expires_at = CASE WHEN m.expires_at = :old_start THEN CAST(:new_start AS timestamptz) ELSE m.expires_at END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:bodies AS text[]), CAST(:segments AS integer[])) AS n (id, body, segments)
    WHERE m.org_id = :org_id AND m.id = n.id AND m.status = 'queued'
""")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slot stands, or stood."""

    staff_member_id: UUID
    starts_at: datetime
    ends_at: datetime


def take_back(row: Any, offer_id: UUID | None) -> Place | None:
    """Stop the text of an earlier move that has not left. Where it was stopped: what the client knows."""
    if offer_id is None or not cancel_queued(SUBJECT, [offer_id], PURPOSE):
        return None
    last = db.session.scalars(
        scoped(SlotMove)
        .where(SlotMove.slot_id == row.id, SlotMove.offer_id == offer_id)
        .order_by(SlotMove.sequence.desc())
        .limit(1)
    ).first()
    return Place(last.known_staff_id, last.known_starts_at, last.known_ends_at) if last else None


def tell_client(row: Any, offer_id: UUID, known: Place) -> bool:
    """Queue the text with the old and the new time. Whether there is anything to tell."""
    person = _person(row.org_id, offer_id)
    words = slot_words(row) | {"first_name": first_name(person.name), "url": claim_url(offer_id)}
    body = _body(row, words, known)
    if body is None:
        return False
    message = NewMessage(
        to_phone=person.phone, body=body, purpose=PURPOSE, lane=ANSWERS, consumer_id=person.id,
        subject_kind=SUBJECT, subject_id=offer_id, send_at=now() + WAIT, expires_at=row.ends_at, org_id=row.org_id,
    )  # fmt: skip
    queue_messages([message])
    return True


def rewrite_unsent(row: Any, before: Place) -> int:
    """Put the new time into offers of this slot that still wait to leave. Gives how many."""
    waiting = _waiting(row)
    if not waiting:
        return 0
    old, new = (text_time(at, row.time_zone) for at in (before.starts_at, row.starts_at))
    names = _staff_names(row.org_id, before.staff_member_id, row.staff_member_id)
    bodies = [message.body.replace(old, new).replace(*names) for message in waiting]
    db.session.execute(
        REWRITE,
        {
            "org_id": row.org_id, "ids": [message.id for message in waiting], "bodies": bodies,
            "segments": [measure(body).segments for body in bodies], "old_start": before.starts_at,
            "new_start": row.starts_at,
        },
    )  # fmt: skip
    return len(waiting)


def _waiting(row: Any) -> Sequence[Any]:
    return db.session.execute(
        select(Message.id, Message.body)
        .join(SlotOffer, (SlotOffer.org_id == Message.org_id) & (SlotOffer.id == Message.subject_id))
        .where(
            SlotOffer.org_id == row.org_id, SlotOffer.slot_id == row.id, Message.status == "queued",
            Message.purpose == OFFER,
        )
        .order_by(Message.id)
        .with_for_update(of=Message)
    ).all()  # fmt: skip


def _body(row: Any, words: dict[str, str], known: Place) -> str | None:
    if row.starts_at != known.starts_at:
        return render(PURPOSE, words | {"old_time": text_time(known.starts_at, row.time_zone)}, row.org_id)
    if row.staff_member_id != known.staff_member_id:
        return _("%(business)s: your time on %(time)s is now with %(staff)s. Details and changes: %(url)s", **words)
    if row.ends_at != known.ends_at:
        minutes = int((row.ends_at - row.starts_at).total_seconds() // 60)
        return _(
            "%(business)s: your time on %(time)s now takes %(minutes)s minutes. Details and changes: %(url)s",
            minutes=minutes, **words,
        )  # fmt: skip
    return None


def _person(org_id: UUID, offer_id: UUID) -> Any:
    return db.session.execute(
        select(Consumer.id, Consumer.phone, ConsumerProfile.name)
        .join(SlotOffer, SlotOffer.consumer_id == Consumer.id)
        .join(
            ConsumerProfile,
            (ConsumerProfile.org_id == SlotOffer.org_id) & (ConsumerProfile.consumer_id == Consumer.id),
        )
        .where(SlotOffer.org_id == org_id, SlotOffer.id == offer_id)
    ).one()


def _staff_names(org_id: UUID, before: UUID, after: UUID) -> tuple[str, str]:
    rows = db.session.execute(
        select(StaffMember.id, StaffMember.display_name).where(
            StaffMember.org_id == org_id, StaffMember.id.in_((before, after))
        )
    )
    names: dict[UUID, str] = {row.id: row.display_name for row in rows}
    return names[before], names[after]
