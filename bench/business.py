"""A business to measure with: one staff member, a waiting list of any length, slots to open."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bench.product import Product
from nexapp.slots.tokens import claim_token, hash_token, topic_token
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id

ORGANISATION = """
    INSERT INTO organizations (id, name, slug, time_zone, daily_offer_cap, daily_spend_cap, quiet_starts, quiet_ends)
    VALUES (%s, 'Harbour Dental', 'harbour-dental', 'America/New_York', 1000000, 1000000000, '00:00', '00:00')
"""
STAFF = "INSERT INTO staff_members (id, org_id, display_name) VALUES (%s, %s, 'Dr. Adams')"
CONSUMERS = """
    INSERT INTO consumers (id, phone, time_zone, region)
    SELECT gen_random_uuid(), '+1555' || lpad((2000000 + n)::text, 7, '0'), 'America/New_York', 'US'
    FROM generate_series(1, %s) n
"""
PROFILES = "INSERT INTO consumer_profiles (org_id, consumer_id, name) SELECT %s, id, 'Sam Doe' FROM consumers"
CONSENTS = """
    INSERT INTO consents (id, org_id, consumer_id, kind, wording, source)
    SELECT gen_random_uuid(), %s, id, 'waiting_list', 'Yes', 'bench' FROM consumers
"""
REQUESTS = """
    INSERT INTO notify_requests (id, org_id, consumer_id, token_hash)
    SELECT gen_random_uuid(), %s, id, decode(md5(id::text), 'hex') FROM consumers
"""
SLOTS = """
    INSERT INTO slots (id, org_id, staff_member_id, starts_at, ends_at, status, round, opened_at, public_token)
    SELECT s.id, %s, %s, s.starts_at, s.starts_at + interval '5 minutes', s.status,
        CASE s.status WHEN 'open' THEN 1 ELSE 0 END, CASE s.status WHEN 'open' THEN now() END, s.token
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::text[]) AS s(id, starts_at, status, token)
"""
OFFERS = """
    INSERT INTO slot_offers (id, org_id, slot_id, round, consumer_id, token_hash)
    SELECT o.id, %s, o.slot_id, 1, o.consumer_id, o.hash
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[]) AS o(id, slot_id, consumer_id, hash)
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """An open slot with the claim tokens of everybody it was offered to."""

    slot_id: UUID
    tokens: list[str]


class Business:
    def __init__(self, product: Product, people: int) -> None:
        self._product = product
        self.org_id, self._staff_id = new_id(), new_id()
        self._starts = _times(now() + timedelta(days=2))
        product.sql(ORGANISATION, self.org_id)
        product.sql(STAFF, self._staff_id, self.org_id)
        product.sql(CONSUMERS, people)
        for statement in (PROFILES, CONSENTS, REQUESTS):
            product.sql(statement, self.org_id)
        self._people: list[UUID] = [row[0] for row in product.sql("SELECT id FROM consumers ORDER BY phone")]
        product.sql("ANALYZE")

    def add_drafts(self, count: int) -> list[UUID]:
        return self._add_slots(count, "draft")

    def offer(self, slots: int, people: int, *, apart: bool = False) -> list[Offered]:
        """Open slots, offered to so many people each; `apart`: to different people each."""
        slot_ids = self._add_slots(slots, "open")
        crowd = itertools.cycle(self._people) if apart else None
        groups = [list(itertools.islice(crowd, people)) if crowd else self._people[:people] for _ in slot_ids]
        rows = [(new_id(), slot, person) for slot, group in zip(slot_ids, groups, strict=True) for person in group]
        with self._product.app.app_context():
            tokens = [claim_token(offer_id) for offer_id, _, _ in rows]
        ids, slots_of, consumers = (list(column) for column in zip(*rows, strict=True))
        self._product.sql(OFFERS, self.org_id, ids, slots_of, consumers, [hash_token(token) for token in tokens])
        return [Offered(slot, tokens[i * people : (i + 1) * people]) for i, slot in enumerate(slot_ids)]

    def _add_slots(self, count: int, status: str) -> list[UUID]:
        ids = [new_id() for _ in range(count)]
        starts = list(itertools.islice(self._starts, count))
        tokens = [topic_token() for _ in ids]
        self._product.sql(SLOTS, self.org_id, self._staff_id, ids, starts, [status] * count, tokens)
        return ids


def _times(first: datetime) -> itertools.chain[datetime]:
    return itertools.chain.from_iterable([first + timedelta(minutes=5 * n)] for n in itertools.count())
