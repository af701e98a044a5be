"""A business with its team and its waiting list, written straight into the tables, and browsers of its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from nexapp.slots.tokens import hash_token
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.people import Browser, Sql, Tables


@dataclass
class Shop(Tables):
    """One business. Quiet hours are off, unless a test sets them: the tests run at any time of the day."""

    app: Flask
    sql: Sql
    name: str = "Downtown Dental"
    zone: str = "America/New_York"
    org_id: UUID = field(default_factory=new_id)
    staff_id: UUID = field(default_factory=new_id)
    other_staff_id: UUID = field(default_factory=new_id)
    service_id: UUID = field(default_factory=new_id)
    phones: int = 0

    def __post_init__(self) -> None:
        self.insert(
            "organizations", id=self.org_id, name=self.name, slug=f"shop-{self.org_id.hex}", time_zone=self.zone,
            quiet_starts="00:00", quiet_ends="00:00",
        )  # fmt: skip
        self.insert("staff_members", id=self.staff_id, org_id=self.org_id, display_name="Dr. Smith", position=0)
        self.insert("staff_members", id=self.other_staff_id, org_id=self.org_id, display_name="Dr. Patel", position=1)
        self.insert("services", id=self.service_id, org_id=self.org_id, name="Cleaning", minutes=30)

    @property
    def owner(self) -> Actor:
        return Actor(Role.OWNER, self.org_id)

    def browser(self, role: Role = Role.OWNER, staff_id: UUID | None = None) -> Browser:
        user_id = self.add_user(role)
        if staff_id:
            self.sql("UPDATE staff_members SET user_id = %s WHERE id = %s", user_id, staff_id)
        return Browser(self.client_of(user_id), Actor(role, self.org_id, user_id))

    def person(self, name: str = "Ana Ruiz", *, consent: bool = True, **columns: Any) -> UUID:
        """Somebody on the list; the id of their request."""
        self.phones += 1
        request_id, consumer_id = new_id(), new_id()
        opted_out = columns.pop("opted_out_at", None)
        region = columns.pop("region", "US-NY")
        phone = columns.pop("phone", None) or f"+1646{(self.org_id.int + self.phones) % 10**7:07}"
        self.insert(
            "consumers", id=consumer_id, phone=phone, time_zone="America/New_York", region=region,
            opted_out_at=opted_out,
        )  # fmt: skip
        self.insert("consumer_profiles", org_id=self.org_id, consumer_id=consumer_id, name=name)
        if consent:
            self.insert(
                "consents", id=new_id(), org_id=self.org_id, consumer_id=consumer_id, kind="waiting_list",
                wording="Yes", source="public_page",
            )  # fmt: skip
        self.insert(
            "notify_requests", id=request_id, org_id=self.org_id, consumer_id=consumer_id,
            token_hash=hash_token(request_id.hex), **columns,
        )  # fmt: skip
        return request_id

    def people(self, count: int) -> list[UUID]:
        return [self.person(f"Person {number}") for number in range(count)]

    def consumer_of(self, request_id: UUID) -> UUID:
        found: UUID = self.value("SELECT consumer_id FROM notify_requests WHERE id = %s", request_id)
        return found

    def window(self, request_id: UUID, weekday: int, starts: str, ends: str) -> None:
        self.insert(
            "notify_windows", id=new_id(), org_id=self.org_id, notify_request_id=request_id, weekday=weekday,
            starts=starts, ends=ends,
        )  # fmt: skip

    def slot(self, starts_at: datetime | None = None, minutes: int = 30, **columns: Any) -> UUID:
        slot_id = new_id()
        at = starts_at or now() + timedelta(hours=30 + self.value("SELECT count(*) FROM slots"))
        self.insert(
            "slots", id=slot_id, org_id=self.org_id, starts_at=at, ends_at=at + timedelta(minutes=minutes),
            public_token=f"topic-{slot_id.hex}", **{"staff_member_id": self.staff_id, **columns},
        )  # fmt: skip
        return slot_id

    def offer(self, slot_id: UUID, request_id: UUID, round_number: int = 1, **columns: Any) -> UUID:
        offer_id = new_id()
        self.insert(
            "slot_offers", id=offer_id, org_id=self.org_id, slot_id=slot_id, round=round_number,
            consumer_id=self.consumer_of(request_id), notify_request_id=request_id,
            token_hash=hash_token(offer_id.hex), **columns,
        )  # fmt: skip
        return offer_id

    def held(self, request_id: UUID, seconds: int = 180) -> UUID:
        """A slot of round 1 that the person holds."""
        slot_id = self.slot(status="open", round=1, opened_at=now())
        offer_id = self.offer(slot_id, request_id, held_at=now())
        self.sql(
            "UPDATE slots SET status = 'held', held_by_offer_id = %s, held_consumer_id = %s, held_until = %s"
            " WHERE id = %s",
            offer_id, self.consumer_of(request_id), now() + timedelta(seconds=seconds), slot_id,
        )  # fmt: skip
        return slot_id

    def booked(self, request_id: UUID, **columns: Any) -> UUID:
        """A slot of round 1 that the person booked by their offer."""
        slot_id = self.slot(**{"status": "draft", "round": 1, "opened_at": now(), **columns})
        offer_id = self.offer(slot_id, request_id)
        self.sql(
            "UPDATE slots SET status = 'booked', booked_offer_id = %s, booked_consumer_id = %s, booked_at = now()"
            " WHERE id = %s",
            offer_id, self.consumer_of(request_id), slot_id,
        )  # fmt: skip
        return slot_id

    def state(self, slot_id: UUID) -> tuple[str, int]:
        row = self.sql("SELECT status, round FROM slots WHERE id = %s", slot_id)[0]
        return row[0], row[1]

    def reason(self, slot_id: UUID, request_id: UUID) -> str | None:
        """Why the request was skipped in the slot's present round; None: it was offered."""
        row = self.sql(
            "SELECT m.outcome, m.reason FROM slot_matches m JOIN slots s ON s.id = m.slot_id AND s.round = m.round"
            " WHERE m.slot_id = %s AND m.notify_request_id = %s",
            slot_id, request_id,
        )  # fmt: skip
        assert row, "no outcome was recorded"
        return str(row[0][1]) if row[0][0] == "skipped" else None

    def texts(self, purpose: str = "slot_available") -> list[tuple[str, str, str]]:
        return self.sql(
            "SELECT to_phone, body, status FROM messages WHERE org_id = %s AND purpose = %s ORDER BY id",
            self.org_id, purpose,
        )  # fmt: skip
