"""A business, its slots and the people they are offered to, written straight into the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nexapp.slots.tokens import claim_token, hash_token, request_token
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role


@dataclass
class Person:
    phone: str
    name: str
    consumer_id: UUID
    request_id: UUID


@dataclass
class Offer:
    id: UUID
    token: str
    person: Person

    @property
    def path(self) -> str:
        return f"/c/{self.token}"


@dataclass
class World:
    app: Flask
    sql: Callable[..., list[Any]]
    org_id: UUID = field(default_factory=new_id)
    staff_id: UUID = field(default_factory=new_id)
    service_id: UUID = field(default_factory=new_id)

    @property
    def actor(self) -> Actor:
        return Actor(Role.LINK, self.org_id)

    def business(self, name: str = "Downtown Dental", slug: str = "downtown-dental", **columns: Any) -> None:
        columns = {"time_zone": "America/New_York", "phone": "+12125550100", "address": "1 Main St", **columns}
        self.insert("organizations", id=self.org_id, name=name, slug=slug, **columns)
        self.insert("staff_members", id=self.staff_id, org_id=self.org_id, display_name="Dr. Smith")
        self.insert("services", id=self.service_id, org_id=self.org_id, name="Cleaning", minutes=30)

    def slot(self, starts_at: datetime | None = None, minutes: int = 30, **columns: Any) -> UUID:
        slot_id = new_id()
        starts_at = starts_at or now() + timedelta(hours=5 + len(self.sql("SELECT 1 FROM slots")))
        self.insert(
            "slots", id=slot_id, org_id=self.org_id, service_id=self.service_id,
            starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes), public_token=f"topic-{slot_id.hex}",
            **{"status": "open", "round": 1, "price_cents": 12000, "staff_member_id": self.staff_id, **columns},
        )  # fmt: skip
        return slot_id

    def person(self, phone: str = "+12125550123", name: str = "Ana Ruiz", **columns: Any) -> Person:
        found = Person(phone, name, new_id(), new_id())
        self.insert("consumers", id=found.consumer_id, phone=phone, time_zone="America/New_York", region="US-NY")
        self.insert("consumer_profiles", org_id=self.org_id, consumer_id=found.consumer_id, name=name)
        self.insert(
            "notify_requests", id=found.request_id, org_id=self.org_id, consumer_id=found.consumer_id,
            token_hash=hash_token(self.request_token(found)), **columns,
        )  # fmt: skip
        return found

    def people(self, count: int) -> list[Person]:
        return [self.person(f"+1212555{100 + n:04d}", f"Person {n}") for n in range(count)]

    def offer(self, slot_id: UUID, person: Person, round: int = 1) -> Offer:
        offer_id = new_id()
        with self.app.app_context():
            token = claim_token(offer_id)
        self.insert(
            "slot_offers", id=offer_id, org_id=self.org_id, slot_id=slot_id, round=round, token_hash=hash_token(token),
            consumer_id=person.consumer_id, notify_request_id=person.request_id,
        )  # fmt: skip
        return Offer(offer_id, token, person)

    def unsent_text(self, offer: Offer) -> UUID:
        message_id = new_id()
        self.insert(
            "messages", id=message_id, org_id=self.org_id, consumer_id=offer.person.consumer_id, lane=3,
            purpose="slot_available", subject_kind="slot_offer", subject_id=offer.id, to_phone=offer.person.phone,
            body="a text", segments=1,
        )  # fmt: skip
        self.sql("UPDATE slot_offers SET message_id = %s WHERE id = %s", message_id, offer.id)
        return message_id

    def request_token(self, person: Person) -> str:
        with self.app.app_context():
            return request_token(person.request_id)

    def insert(self, table: str, **columns: Any) -> None:
        marks = ", ".join(["%s"] * len(columns))
        self.sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *columns.values())

    def state(self, slot_id: UUID) -> str:
        return str(self.value("SELECT status FROM slots WHERE id = %s", slot_id))

    def value(self, statement: str, *params: Any) -> Any:
        return self.sql(statement, *params)[0][0]

    def events(self, slot_id: UUID) -> list[str]:
        return [row[0] for row in self.sql("SELECT kind FROM slot_events WHERE slot_id = %s ORDER BY id", slot_id)]

    def let_hold_lapse(self, slot_id: UUID, seconds: int = 1) -> None:
        self.sql(
            "UPDATE slots SET held_until = now() - make_interval(secs => %s) WHERE id = %s AND status = 'held'",
            seconds, slot_id,
        )  # fmt: skip

    def checksum(self) -> str:
        """Of every row of every table a link could reach."""
        tables = (
            "organizations", "consumers", "consumer_profiles", "consents", "notify_requests", "notify_windows", "slots",
            "slot_offers", "slot_matches", "slot_events", "messages", "background_jobs", "audit_entries",
            "verification_codes",
        )  # fmt: skip
        rows = [
            self.sql(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t")[0][0] for name in tables
        ]
        return "/".join(str(row) for row in rows)


@pytest.fixture
def world(app: Flask, owner_sql: Callable[..., list[Any]]) -> World:
    made = World(app, owner_sql)
    made.business()
    return made


@pytest.fixture
def other_world(app: Flask, owner_sql: Callable[..., list[Any]]) -> World:
    made = World(app, owner_sql)
    made.business("Harbor Barbers", "harbor-barbers", time_zone="America/Los_Angeles")
    return made


def text_of(answer: Any) -> str:
    body: str = answer.get_data(as_text=True)
    return body


def hold(client: FlaskClient, offer: Offer) -> Any:
    return client.post(f"{offer.path}/hold")


def confirm(client: FlaskClient, offer: Offer, name: str = "Ana Ruiz", note: str = "") -> Any:
    return client.post(f"{offer.path}/confirm", data={"name": name, "note": note})
