"""Several slots in one text: it opens a page to choose from. Each slot keeps its offer and that offer's own link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from nexapp.messaging.lanes import OFFERS
from nexapp.messaging.outbox import NewMessage, cancel_queued, queue_messages
from nexapp.messaging.segments import measure
from nexapp.messaging.templates import first_text, render
from nexapp.slots.matching import WORTH_WAKING
from nexapp.slots.models import OfferBundle
from nexapp.slots.tokens import bundle_link, bundle_token, hash_token
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

PURPOSE = "several_slots"
SUBJECT = "offer_bundle"
COUNT_MARK, URL_MARK = "\ue003", "\ue001"
"""Private-use characters: no template holds them."""

# By the line of the queue that offers wait in, which is as long as what waits.
WAITING = text("""
    SELECT m.id, m.consumer_id, m.subject_kind, m.subject_id, m.expires_at, m.body, l.slots
    FROM messages m
    CROSS JOIN LATERAL (
        SELECT count(*) AS slots FROM slot_offers f JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id
        WHERE f.message_id = m.id AND f.org_id = m.org_id AND s.round = f.round AND s.status IN ('open', 'held')
          AND s.starts_at > now()
    ) l
    WHERE m.lane = 3 AND m.status = 'queued' AND m.attempts = 0 AND m.consumer_id = ANY(:consumers)
      AND coalesce(m.org_id, '00000000-0000-0000-0000-000000000000') = :org_id
      AND m.subject_kind IN ('slot_offer', 'offer_bundle') AND l.slots > 0
    ORDER BY m.id FOR UPDATE OF m SKIP LOCKED
""")

# Never what has been tried: its fate is settled by its words.
REWRITE = text("""
    UPDATE messages m SET purpose = 'several_slots', subject_kind = 'offer_bundle', subject_id = n.bundle_id,
        body = n.body, segments = n.segments, expires_at = greatest(m.expires_at, n.expires_at), template_id = (
            SELECT t.id FROM message_templates t
            WHERE t.org_id = :org_id AND t.purpose = 'several_slots' AND t.is_current
        )
    FROM unnest(CAST(:ids AS uuid[]), CAST(:bundles AS uuid[]), CAST(:bodies AS text[]), CAST(:segments AS smallint[]),
        CAST(:untils AS timestamptz[])) AS n(id, bundle_id, body, segments, expires_at)
    WHERE m.id = n.id AND m.status = 'queued' AND m.attempts = 0
""")

JOIN_BUNDLE = text("""
    UPDATE slot_offers f SET bundle_id = n.bundle_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:bundles AS uuid[])) AS n(message_id, bundle_id)
    WHERE f.org_id = :org_id AND f.message_id = n.message_id AND f.bundle_id IS NULL
""")

LEFT = text("""
    SELECT b.id AS bundle_id, b.message_id, m.body, count(s.id) AS slots
    FROM offer_bundles b JOIN messages m ON m.id = b.message_id
    LEFT JOIN slot_offers f ON f.org_id = b.org_id AND f.bundle_id = b.id
    LEFT JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id AND s.id IS DISTINCT FROM CAST(:slot_id AS uuid)
        AND s.round = f.round AND s.status IN ('open', 'held') AND s.starts_at > now()
    WHERE b.org_id = :org_id AND b.id = ANY(:bundles)
    GROUP BY b.id, b.message_id, m.body
""")


def lock_waiting(org_id: UUID, consumers: Sequence[UUID]) -> dict[UUID, Any]:
    """By person, the business's text about open slots that has not left yet. It can't leave before the commit."""
    rows = db.session.execute(WAITING, {"org_id": org_id, "consumers": list(consumers)})
    return {row.consumer_id: row for row in rows}


def text_together(org_id: UUID, together: dict[UUID, list[Any]], waiting: dict[UUID, Any]) -> None:
    """Give each person's planned offers one text, the waiting one where there is one."""
    fresh = {who: offers for who, offers in together.items() if who not in waiting}
    added = {who: offers for who, offers in together.items() if who in waiting}
    if fresh:
        _write_fresh(org_id, fresh)
    if added:
        _add_to_waiting(org_id, added, waiting)


def leave_out(slot: Any, bundles: Sequence[UUID]) -> None:
    """The slot is gone from texts that have not left yet: they count the others, or go nowhere."""
    _count(slot, bundles, slot.id)


def count_again(slot: Any, bundles: Sequence[UUID]) -> None:
    """The slot is back in texts that have not left yet."""
    _count(slot, bundles, None)


def _count(slot: Any, bundles: Sequence[UUID], without: UUID | None) -> None:
    if not bundles:
        return
    rows = db.session.execute(LEFT, {"org_id": slot.org_id, "slot_id": without, "bundles": list(bundles)}).all()
    if empty := [row.bundle_id for row in rows if not row.slots]:
        cancel_queued(SUBJECT, empty)
    kept = [row for row in rows if row.slots]
    if kept:
        pattern = _pattern(org_id := slot.org_id, business_of(org_id))
        _rewrite(org_id, [(row.message_id, row.bundle_id, row.slots, row.body, None) for row in kept], pattern)


def business_of(org_id: UUID) -> str:
    name = db.session.scalar(text("SELECT name FROM organizations WHERE id = :org_id"), {"org_id": org_id})
    return str(name)


def _write_fresh(org_id: UUID, people: dict[UUID, list[Any]]) -> None:
    ids = {who: new_id() for who in people}
    business = next(iter(people.values()))[0].batch.slot.business
    pattern = _pattern(org_id, business)
    texts = [_text(org_id, ids[who], offers, pattern) for who, offers in people.items()]
    messages = dict(zip(people, queue_messages(texts), strict=True))
    _insert(org_id, [(ids[who], who, messages[who]) for who in people])
    for who, offers in people.items():
        for offer in offers:
            offer.message_id, offer.bundle_id = messages[who], ids[who]


def _add_to_waiting(org_id: UUID, people: dict[UUID, list[Any]], waiting: dict[UUID, Any]) -> None:
    business = next(iter(people.values()))[0].batch.slot.business
    bundles = {who: waiting[who].subject_id for who in people if waiting[who].subject_kind == SUBJECT}
    new = {who: new_id() for who in people if who not in bundles}
    _insert(org_id, [(bundle_id, who, waiting[who].id) for who, bundle_id in new.items()])
    joined = {"ids": [waiting[who].id for who in new], "bundles": list(new.values())}
    if new:
        db.session.execute(JOIN_BUNDLE, joined | {"org_id": org_id})
    found = bundles | new
    rows = []
    for who, offers in people.items():
        for offer in offers:
            offer.message_id, offer.bundle_id = waiting[who].id, found[who]
        rows.append((waiting[who].id, found[who], waiting[who].slots + len(offers), waiting[who].body, _until(offers)))
    _rewrite(org_id, rows, _pattern(org_id, business), business)


def _insert(org_id: UUID, rows: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    if rows:
        db.session.execute(
            insert(OfferBundle),
            [
                {
                    "id": bundle_id, "org_id": org_id, "consumer_id": who, "message_id": message_id,
                    "token_hash": hash_token(bundle_token(bundle_id)),
                }
                for bundle_id, who, message_id in rows
            ],
        )  # fmt: skip


def _rewrite(
    org_id: UUID, rows: Sequence[tuple[UUID, UUID, int, str, datetime | None]], pattern: str, business: str = ""
) -> None:
    """New words for texts that wait: message, bundle, slots, the words so far, and until when it is worth sending."""
    name = business or business_of(org_id)
    # Who hears from the business for the first time is still told how to end it.
    bodies = [_fill(pattern, bundle, count, name if "STOP" in before else None) for _, bundle, count, before, _ in rows]
    db.session.execute(
        REWRITE,
        {
            "org_id": org_id,
            "ids": [row[0] for row in rows],
            "bundles": [row[1] for row in rows],
            "bodies": bodies,
            "segments": [measure(body).segments for body in bodies],
            "untils": [row[4] for row in rows],
        },
    )


def _pattern(org_id: UUID, business: str) -> str:
    return render(PURPOSE, {"business": business, "count": COUNT_MARK, "url": URL_MARK}, org_id)


def _fill(pattern: str, bundle_id: UUID, count: int, first_from: str | None = None) -> str:
    body = pattern.replace(COUNT_MARK, str(count)).replace(URL_MARK, bundle_link(bundle_id))
    return first_text(body, first_from) if first_from else body


def _text(org_id: UUID, bundle_id: UUID, offers: Sequence[Any], pattern: str) -> NewMessage:
    person = offers[0].person
    return NewMessage(
        to_phone=person.phone, body=_fill(pattern, bundle_id, len(offers)), purpose=PURPOSE, lane=OFFERS,
        consumer_id=person.consumer_id, subject_kind=SUBJECT, subject_id=bundle_id, send_at=person.quiet_until,
        expires_at=_until(offers), sleeps_from=person.sleeps_from, sleeps_until=person.sleeps_until, org_id=org_id,
    )  # fmt: skip


def _until(offers: Sequence[Any]) -> datetime:
    return max(worth_until(offer.batch.slot.starts_at, offer.person) for offer in offers)


def worth_until(starts_at: datetime, person: Any) -> datetime:
    """Until when an offer is worth sending: the slot's start; the evening before where the morning is too late."""
    if person.sleeps_until is None or person.sleeps_until <= starts_at - WORTH_WAKING:
        return starts_at
    evening: datetime = person.sleeps_from
    return min(starts_at, evening)
