"""Writes offers and their texts: a few statements, whatever the length of the list.

A person is told of several slots by one text: where they come together, and where an earlier text still waits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from babel.numbers import format_currency
from flask_babel import get_locale
from sqlalchemy import select, text

from nexapp.identity.models import StaffMember
from nexapp.messaging.crowds import LINK_MARK, Addressee, CrowdText, queue_crowd
from nexapp.messaging.lanes import OFFERS
from nexapp.messaging.outbox import cancel_queued
from nexapp.messaging.templates import render
from nexapp.slots import several
from nexapp.slots.models import Service
from nexapp.slots.times import text_time
from nexapp.slots.tokens import claim_link, claim_token
from nexapp.spine.clock import now
from nexapp.spine.columns import join, joined
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

PURPOSE = "slot_available"
IN_TURN = "in_turn"
SUBJECT = "slot_offer"
BATCH = 5000
NAME_MARK, PLACE_MARK = "\ue000", "\ue002"
"""Private-use characters: no template and no name holds them."""

# Lists of thousands go as one string each, which costs a tenth of an array.
INSERT = text(f"""
    INSERT INTO slot_offers (
        id, org_id, slot_id, round, turn, consumer_id, notify_request_id, message_id, bundle_id, token_hash
    )
    SELECT o.id, :org_id, :slot_id, :round, :turn, o.consumer_id, o.notify_request_id, o.message_id, o.bundle_id,
        sha256(CAST(o.token AS bytea))
    FROM unnest({joined("ids", "uuid")}, {joined("consumers", "uuid")}, {joined("requests", "uuid")},
        {joined("messages", "uuid")}, {joined("bundles", "uuid")}, {joined("tokens", "text")})
        AS o(id, consumer_id, notify_request_id, message_id, bundle_id, token)
    ON CONFLICT DO NOTHING
""")  # noqa: S608 - constants of this file

# In the order of their keys, as everybody locks texts: else two who change the same ones wait for each other.
_UNSENT = """
    SELECT m.subject_kind, m.subject_id FROM messages m
    WHERE m.org_id = :org_id AND m.subject_id IN (
        SELECT unnest(ARRAY[f.id, f.bundle_id]) FROM slot_offers f WHERE f.org_id = :org_id AND {whose}
    ) AND m.purpose IN ('slot_available', 'several_slots') AND m.status IN ('queued', 'sending')
    ORDER BY m.id FOR UPDATE
"""
UNSENT = text(_UNSENT.format(whose="f.slot_id = :slot_id"))
UNSENT_TO = text(_UNSENT.format(whose="f.notify_request_id = :request_id"))


class RoundWrittenTwice(RuntimeError):
    """Offers of this round exist already: the whole unit must roll back, texts included."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A slot and the people to offer it to. `turn` counts the groups of its round that were asked so far.

    `line` is how many stand in line, where each text says which place its person has in it. `hold_until`: no text
    leaves before, for it may take other slots in.
    """

    slot: Any
    people: Sequence[Any]
    turn: int | None = None
    line: int | None = None
    hold_until: datetime | None = None


@dataclass(slots=True)
class _Planned:
    id: UUID
    batch: Batch
    person: Any
    token: str
    message_id: UUID | None = None
    bundle_id: UUID | None = None


def offer_to(slot: Any, people: Sequence[Any]) -> int:
    """Offer the slot to the matched people and queue their texts. Gives how many."""
    return offer_all([Batch(slot, people)])


def offer_all(batches: Sequence[Batch]) -> int:
    """Offer the slots of one business; who is in several batches gets one text. Gives how many offers."""
    planned = [_plan(batch, person) for batch in batches for person in batch.people]
    if not planned:
        return 0
    org_id = batches[0].slot.org_id
    waiting = several.lock_waiting(org_id, [offer.person.consumer_id for offer in planned])
    together = _by_person(planned, waiting)
    alone = [offer for offer in planned if offer.person.consumer_id not in together]
    _text_alone(org_id, alone)
    several.text_together(org_id, together, waiting)
    for batch in batches:
        _insert(org_id, batch, [offer for offer in planned if offer.batch is batch])
    return len(planned)


def withdraw_unsent(slot: Any) -> int:
    """Cancel the offers of this slot that have not left yet; who took part in it still gets their answer."""
    waiting = db.session.execute(UNSENT, {"org_id": slot.org_id, "slot_id": slot.id}).all()
    several.leave_out(slot, [row.subject_id for row in waiting if row.subject_kind == several.SUBJECT])
    return _withdraw([row.subject_id for row in waiting if row.subject_kind == SUBJECT])


def withdraw_unsent_to(org_id: UUID, request_id: UUID) -> int:
    """Cancel one person's offers that have not left yet, whatever slots they are of."""
    waiting = db.session.execute(UNSENT_TO, {"org_id": org_id, "request_id": request_id}).all()
    bundles = [row.subject_id for row in waiting if row.subject_kind == several.SUBJECT]
    cancelled = cancel_queued(several.SUBJECT, bundles) if bundles else 0
    return cancelled + _withdraw([row.subject_id for row in waiting if row.subject_kind == SUBJECT])


def _withdraw(waiting: Sequence[UUID]) -> int:
    # A statement takes 65,535 values at most.
    parts = (waiting[start : start + BATCH] for start in range(0, len(waiting), BATCH))
    return sum(cancel_queued(SUBJECT, part, PURPOSE) for part in parts)


def slot_words(slot: Any) -> dict[str, str]:
    """A slot's variables for the texts about it, with the price of the moment."""
    staff, service = _names(slot)
    cents = price_now(slot)
    price = format_currency(cents / 100, slot.currency, locale=get_locale() or "en") if cents is not None else ""
    return {
        "business": slot.business, "staff": staff, "service": service or "", "price": price,
        "time": text_time(slot.starts_at, slot.time_zone),
    }  # fmt: skip


def price_now(slot: Any) -> int | None:
    """What the slot was booked for, else what it costs at this moment, in cents: a price may fall in steps."""
    if slot.booked_price_cents is not None:
        return int(slot.booked_price_cents)
    minutes_left = (slot.starts_at - now()).total_seconds() / 60
    begun = [step for step in slot.price_steps or [] if minutes_left <= step["minutes"]]
    cents: int | None = min(begun, key=lambda step: step["minutes"])["cents"] if begun else slot.price_cents
    return cents


def first_name(name: str) -> str:
    return name.split(maxsplit=1)[0][:30] if name.strip() else ""


def _plan(batch: Batch, person: Any) -> _Planned:
    offer_id = new_id()
    return _Planned(offer_id, batch, person, claim_token(offer_id))


def _by_person(planned: Sequence[_Planned], waiting: dict[UUID, Any]) -> dict[UUID, list[_Planned]]:
    """Whose text is about several slots: with another offer beside this one, or with one that has not left yet."""
    offers = Counter(offer.person.consumer_id for offer in planned)
    found: dict[UUID, list[_Planned]] = defaultdict(list)
    for offer in planned:
        if offers[who := offer.person.consumer_id] > 1 or who in waiting:
            found[who].append(offer)
    return found


def _text_alone(org_id: UUID, offers: Sequence[_Planned]) -> None:
    # A name, a link and a place are all that differs between people of one batch who sleep at the same hours.
    alike: dict[Any, list[_Planned]] = defaultdict(list)
    for offer in offers:
        alike[(id(offer.batch), *_night(offer.person))].append(offer)
    patterns: dict[int, str] = {}
    for group in alike.values():
        batch = group[0].batch
        if id(batch) not in patterns:
            patterns[id(batch)] = _pattern(batch)
        people = [_addressee(offer, patterns[id(batch)]) for offer in group]
        for offer, message_id in zip(group, queue_crowd(_crowd_text(org_id, group[0]), people), strict=True):
            offer.message_id = message_id


def _night(person: Any) -> tuple[Any, ...]:
    return person.quiet_until, person.sleeps_from, person.sleeps_until


def _pattern(batch: Batch) -> str:
    words = slot_words(batch.slot) | {"first_name": NAME_MARK, "url": LINK_MARK}
    if batch.line is None:
        return render(PURPOSE, words, batch.slot.org_id)
    return render(IN_TURN, words | {"place": PLACE_MARK, "total": str(batch.line)}, batch.slot.org_id)


def _crowd_text(org_id: UUID, offer: _Planned) -> CrowdText:
    person, batch = offer.person, offer.batch
    return CrowdText(
        org_id=org_id, business=batch.slot.business, purpose=PURPOSE, lane=OFFERS, subject_kind=SUBJECT,
        wording=IN_TURN if batch.line is not None else None, send_at=person.quiet_until or batch.hold_until,
        expires_at=several.worth_until(batch.slot.starts_at, person), sleeps_from=person.sleeps_from,
        sleeps_until=person.sleeps_until,
    )  # fmt: skip


def _addressee(offer: _Planned, pattern: str) -> Addressee:
    body = pattern.replace(NAME_MARK, first_name(offer.person.name))
    if offer.batch.line is not None:
        body = body.replace(PLACE_MARK, str(offer.person.place))
    return Addressee(offer.person.consumer_id, offer.id, claim_link(offer.token), body)


def _insert(org_id: UUID, batch: Batch, offers: Sequence[_Planned]) -> None:
    columns = {
        "ids": join(offer.id for offer in offers),
        "consumers": join(offer.person.consumer_id for offer in offers),
        "requests": join(offer.person.notify_request_id for offer in offers),
        "messages": join(offer.message_id for offer in offers),
        "bundles": join(offer.bundle_id for offer in offers),
        "tokens": join(offer.token for offer in offers),
    }
    about = {"org_id": org_id, "slot_id": batch.slot.id, "round": batch.slot.round, "turn": batch.turn}
    written = db.session.execute(INSERT, about | columns).rowcount if offers else 0  # type: ignore[attr-defined]
    if written != len(offers):
        raise RoundWrittenTwice(batch.slot.id)


def _names(slot: Any) -> tuple[str, str | None]:
    found = db.session.execute(
        select(StaffMember.display_name, Service.name)
        .outerjoin(Service, (Service.org_id == StaffMember.org_id) & (Service.id == slot.service_id))
        .where(StaffMember.org_id == slot.org_id, StaffMember.id == slot.staff_member_id)
    ).one()
    return found.display_name, found.name
