"""Writes a round's offers and their texts: two inserts, whatever the length of the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from babel.numbers import format_currency
from flask_babel import get_locale
from sqlalchemy import select, text

from nexapp.identity.models import StaffMember
from nexapp.messaging.lanes import OFFERS
from nexapp.messaging.outbox import NewMessage, cancel_queued, queue_messages
from nexapp.messaging.templates import render
from nexapp.slots.matching import WORTH_WAKING
from nexapp.slots.models import Service
from nexapp.slots.times import text_time
from nexapp.slots.tokens import claim_link, claim_token, hash_token
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

PURPOSE = "slot_available"
SUBJECT = "slot_offer"
BATCH = 5000
NAME_MARK = "\ue000"
URL_MARK = "\ue001"
"""Private-use characters: no template and no name holds them."""

INSERT = text("""
    INSERT INTO slot_offers (id, org_id, slot_id, round, consumer_id, notify_request_id, message_id, token_hash)
    SELECT o.id, :org_id, :slot_id, :round, o.consumer_id, o.notify_request_id, o.message_id, o.token_hash
    FROM unnest(CAST(:ids AS uuid[]), CAST(:consumers AS uuid[]), CAST(:requests AS uuid[]),
        CAST(:messages AS uuid[]), CAST(:hashes AS bytea[]))
        AS o(id, consumer_id, notify_request_id, message_id, token_hash)
    ON CONFLICT DO NOTHING
    RETURNING id
""")

UNSENT = text("""
    SELECT m.subject_id FROM messages m JOIN slot_offers f ON f.org_id = m.org_id AND f.id = m.subject_id
    WHERE f.org_id = :org_id AND f.slot_id = :slot_id AND m.subject_kind = 'slot_offer'
      AND m.purpose = 'slot_available' AND m.status IN ('queued', 'sending')
""")


UNSENT_TO = text("""
    SELECT m.subject_id FROM messages m JOIN slot_offers f ON f.org_id = m.org_id AND f.id = m.subject_id
    WHERE f.org_id = :org_id AND f.notify_request_id = :request_id AND m.subject_kind = 'slot_offer'
      AND m.purpose = 'slot_available' AND m.status IN ('queued', 'sending')
""")


class RoundWrittenTwice(RuntimeError):
    """Offers of this round exist already: the whole unit must roll back, texts included."""


def offer_to(slot: Any, people: Sequence[Any]) -> int:
    """Offer the slot to the matched people and queue their texts. Gives how many."""
    if not people:
        return 0
    ids = [new_id() for _ in people]
    tokens = [claim_token(offer_id) for offer_id in ids]
    messages = queue_messages(_texts(slot, people, ids, tokens))
    columns = _columns(slot, people) | {"ids": ids, "messages": messages, "hashes": [hash_token(t) for t in tokens]}
    written = db.session.scalars(INSERT, columns).all()
    if len(written) != len(ids):
        raise RoundWrittenTwice(slot.id)
    return len(ids)


def withdraw_unsent(slot: Any) -> int:
    """Cancel the offers of this slot that have not left yet; who took part in it still gets their answer."""
    return _withdraw(db.session.scalars(UNSENT, {"org_id": slot.org_id, "slot_id": slot.id}).all())


def withdraw_unsent_to(org_id: UUID, request_id: UUID) -> int:
    """Cancel one person's offers that have not left yet, whatever slots they are of."""
    return _withdraw(db.session.scalars(UNSENT_TO, {"org_id": org_id, "request_id": request_id}).all())


def _withdraw(waiting: Sequence[UUID]) -> int:
    # A statement takes 65,535 values at most.
    parts = (waiting[start : start + BATCH] for start in range(0, len(waiting), BATCH))
    return sum(cancel_queued(SUBJECT, part, PURPOSE) for part in parts)


def slot_words(slot: Any) -> dict[str, str]:
    """A slot's variables for the texts about it."""
    staff, service = _names(slot)
    cents = slot.price_cents
    price = format_currency(cents / 100, slot.currency, locale=get_locale() or "en") if cents is not None else ""
    return {
        "business": slot.business, "staff": staff, "service": service or "", "price": price,
        "time": text_time(slot.starts_at, slot.time_zone),
    }  # fmt: skip


def _texts(slot: Any, people: Sequence[Any], ids: list[UUID], tokens: list[str]) -> list[NewMessage]:
    # Rendered once for the round: a name and a link are all that differs from one person to the next.
    pattern = render(PURPOSE, slot_words(slot) | {"first_name": NAME_MARK, "url": URL_MARK}, slot.org_id)
    return [
        NewMessage(
            to_phone=person.phone,
            body=_fill(pattern, person.name, claim_link(token)),
            purpose=PURPOSE,
            lane=OFFERS,
            consumer_id=person.consumer_id,
            subject_kind=SUBJECT,
            subject_id=offer_id,
            send_at=person.quiet_until,
            expires_at=_worth_until(slot.starts_at, person),
            sleeps_from=person.sleeps_from,
            sleeps_until=person.sleeps_until,
        )
        for person, offer_id, token in zip(people, ids, tokens, strict=True)
    ]


def _worth_until(starts_at: datetime, person: Any) -> datetime:
    """The slot's start; the evening before where the text would be too late in the morning."""
    if person.sleeps_until is None or person.sleeps_until <= starts_at - WORTH_WAKING:
        return starts_at
    evening: datetime = person.sleeps_from
    return min(starts_at, evening)


def _fill(pattern: str, name: str, url: str) -> str:
    return pattern.replace(URL_MARK, url).replace(NAME_MARK, first_name(name))


def first_name(name: str) -> str:
    return name.split(maxsplit=1)[0][:30] if name.strip() else ""


def _columns(slot: Any, people: Sequence[Any]) -> dict[str, Any]:
    return {
        "org_id": slot.org_id,
        "slot_id": slot.id,
        "round": slot.round,
        "consumers": [person.consumer_id for person in people],
        "requests": [person.notify_request_id for person in people],
    }


def _names(slot: Any) -> tuple[str, str | None]:
    found = db.session.execute(
        select(StaffMember.display_name, Service.name)
        .outerjoin(Service, (Service.org_id == StaffMember.org_id) & (Service.id == slot.service_id))
        .where(StaffMember.org_id == slot.org_id, StaffMember.id == slot.staff_member_id)
    ).one()
    return found.display_name, found.name
