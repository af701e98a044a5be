"""Many people and many offers at once, as rows: what would take minutes by its pages."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from tests.blackbox import Merchant, fresh_phone

_hours = itertools.count()


@dataclass(frozen=True)
class Person:
    consumer_id: UUID
    phone: str


@dataclass(frozen=True)
class OpenSlot:
    id: UUID
    tokens: list[str]
    """Of the claim links, in the order of the people."""


PEOPLE = """
    WITH person AS (SELECT * FROM unnest(%s::uuid[], %s::text[]) AS p (id, phone)),
    known AS (
        INSERT INTO consumers (id, phone, time_zone, region) SELECT id, phone, 'America/New_York', 'US' FROM person
    ), profiles AS (
        INSERT INTO consumer_profiles (org_id, consumer_id, name) SELECT %s, id, 'Anna Able' FROM person
    ), agreed AS (
        INSERT INTO consents (id, org_id, consumer_id, kind, wording, source)
        SELECT gen_random_uuid(), %s, id, 'waiting_list', 'Text me.', 'public_page' FROM person
    )
    INSERT INTO notify_requests (id, org_id, consumer_id, token_hash)
    SELECT gen_random_uuid(), %s, id, sha256(id::text::bytea) FROM person
"""

SLOTS = """
    INSERT INTO slots (id, org_id, staff_member_id, starts_at, ends_at, status, round, public_token, opened_at)
    SELECT id, %s, %s, day + hour * interval '1 hour', day + hour * interval '1 hour' + interval '30 minutes',
        'open', 1, id::text, now()
    FROM unnest(%s::uuid[], %s::int[]) AS s (id, hour), date_trunc('day', now() + interval '60 days') AS day
"""

OFFERS = """
    INSERT INTO slot_offers (id, org_id, slot_id, round, consumer_id, token_hash)
    SELECT gen_random_uuid(), %s, slot_id, 1, consumer_id, token_hash
    FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS o (slot_id, consumer_id, token_hash)
"""


def join_list(merchant: Merchant, count: int) -> list[Person]:
    """So many people on the merchant's list, who agreed to be texted."""
    people = [Person(uuid4(), fresh_phone()) for _ in range(count)]
    ids, phones = [person.consumer_id for person in people], [person.phone for person in people]
    with psycopg.connect(merchant.stack.owner_url) as connection:
        connection.execute(PEOPLE, (ids, phones, merchant.org_id, merchant.org_id, merchant.org_id))
    return people


def offer_slots(merchant: Merchant, groups: Sequence[list[Person]]) -> list[OpenSlot]:
    """An open slot for each group, offered to all of it. No text is written: the tokens are here."""
    slots = [OpenSlot(uuid4(), [secrets.token_urlsafe(16) for _ in group]) for group in groups]
    hours = [next(_hours) for _ in slots]
    offers = [
        (slot.id, person.consumer_id, hash_of(token))
        for slot, group in zip(slots, groups, strict=True)
        for token, person in zip(slot.tokens, group, strict=True)
    ]
    with psycopg.connect(merchant.stack.owner_url) as connection:
        connection.execute(SLOTS, (merchant.org_id, merchant.staff()[0], [slot.id for slot in slots], hours))
        connection.execute(OFFERS, (merchant.org_id, *map(list, zip(*offers, strict=True))))
    return slots


def hash_of(token: str) -> bytes:
    """How the product keeps a link: only its SHA-256."""
    return hashlib.sha256(token.encode()).digest()
