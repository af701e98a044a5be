"""Writes the demo in one unit: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text

from nexapp.identity.accounts import create_user
from nexapp.identity.businesses import add_member, create_organization
from nexapp.identity.models import StaffMember, User
from nexapp.messaging.consumers import ensure_consumers
from nexapp.slots.demo.cast import ADMIN, HOUSES, House
from nexapp.slots.models import Consent, ConsumerProfile, NotifyRequest, NotifyWindow, Service
from nexapp.slots.tokens import hash_token, request_token
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

COLORS = ("blue", "green", "orange")
WEEKDAYS = range(5)
MORNING, AFTERNOON, EVENING = (time(8), time(12)), (time(12), time(17)), (time(15), time(20))
SPANS = (None, MORNING, AFTERNOON, EVENING)
"""A quarter of the people takes any time; the others mornings, afternoons or after work."""

NEVER_QUIET: dict[str, Any] = {"quiet_starts": time(), "quiet_ends": time()}
WORDING = "I agree to get texts when a time opens. Message and data rates may apply. Reply STOP to end, HELP for help."


@dataclass(slots=True)
class Seeded:
    """The ids of one organisation's rows."""

    house: House
    org_id: UUID
    staff: list[UUID] = field(default_factory=list)
    services: list[UUID] = field(default_factory=list)
    requests: list[tuple[UUID, UUID]] = field(default_factory=list)
    """Notify request and consumer."""


def is_seeded() -> bool:
    # One at a time: two starts at once would seed twice.
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('seed-demo', 0))"))
    return db.session.scalar(select(User.id).where(User.phone == ADMIN.phone)) is not None


def seed_people() -> list[Seeded]:
    """Organisations, sign-ins, staff, services and waiting lists. Runs as the system."""
    create_user(ADMIN.phone, ADMIN.name, is_platform_admin=True)
    return [_seed(house) for house in HOUSES]


def _seed(house: House) -> Seeded:
    org = create_organization(
        house.name, time_zone=house.time_zone, kind=house.kind, average_value_cents=house.value_cents,
        phone=house.phone, address=house.address, **({} if house.sleeps else NEVER_QUIET),
    )  # fmt: skip
    seeded = Seeded(house, org.id)
    users = _members(seeded)
    _staff(seeded, users)
    _services(seeded)
    if house.people:
        _waiting_list(seeded)
    return seeded


def _members(seeded: Seeded) -> dict[str, UUID]:
    """The users whose time is booked, by their name on the team."""
    found: dict[str, UUID] = {}
    for member in seeded.house.members:
        user = create_user(member.phone, member.name)
        add_member(seeded.org_id, user.id, member.role)
        if member.staff:
            found[member.staff] = user.id
    return found


def _staff(seeded: Seeded, users: dict[str, UUID]) -> None:
    for position, name in enumerate(seeded.house.staff):
        row = StaffMember(
            org_id=seeded.org_id, display_name=name, user_id=users.get(name), color=COLORS[position % len(COLORS)],
            position=position,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        seeded.staff.append(row.id)


def _services(seeded: Seeded) -> None:
    for name, minutes, cents in seeded.house.services:
        row = Service(org_id=seeded.org_id, name=name, minutes=minutes, price_cents=cents)
        db.session.add(row)
        db.session.flush()
        seeded.services.append(row.id)


def _waiting_list(seeded: Seeded) -> None:
    phones = [f"{seeded.house.area}{number:02}" for number in range(1, len(seeded.house.people) + 1)]
    known = ensure_consumers(phones)
    consumers = [known[phone] for phone in phones]
    seeded.requests = [(new_id(), consumer_id) for consumer_id in consumers]
    named = zip(consumers, seeded.house.people, strict=True)
    db.session.execute(
        insert(ConsumerProfile), [{"org_id": seeded.org_id, "consumer_id": c, "name": name} for c, name in named]
    )
    db.session.execute(insert(Consent), [_consent(seeded.org_id, consumer_id) for consumer_id in consumers])
    db.session.execute(insert(NotifyRequest), [_request(seeded, number) for number in range(len(consumers))])
    db.session.execute(insert(NotifyWindow), [w for number in range(len(consumers)) for w in _windows(seeded, number)])
    db.session.execute(
        text(
            "UPDATE notify_requests SET created_at = now() - (id_order * interval '2 days'), confirmed_at = now() -"
            " (id_order * interval '2 days') FROM (SELECT id AS wanted, row_number() OVER (ORDER BY id DESC) AS"
            " id_order FROM notify_requests WHERE org_id = :org) o WHERE id = o.wanted"
        ),
        {"org": seeded.org_id},
    )


def _consent(org_id: UUID, consumer_id: UUID) -> dict[str, object]:
    return {
        "id": new_id(), "org_id": org_id, "consumer_id": consumer_id, "kind": "waiting_list", "wording": WORDING,
        "source": "public_page", "ip": "192.0.2.1",
    }  # fmt: skip


def _request(seeded: Seeded, number: int) -> dict[str, object]:
    request_id, consumer_id = seeded.requests[number]
    return {
        "id": request_id, "org_id": seeded.org_id, "consumer_id": consumer_id,
        "token_hash": hash_token(request_token(request_id)), "time_range": "any",
        "staff_member_id": seeded.staff[number % len(seeded.staff)] if number % 10 == 3 else None,
        "minutes_needed": 60 if number % 13 == 5 else None,
        "status": "paused" if number % 19 == 7 else "active",
    }  # fmt: skip


def _windows(seeded: Seeded, number: int) -> list[dict[str, object]]:
    span = SPANS[number % len(SPANS)]
    return [
        {
            "id": new_id(), "org_id": seeded.org_id, "notify_request_id": seeded.requests[number][0],
            "weekday": weekday, "starts": span[0], "ends": span[1],
        }
        for weekday in WEEKDAYS if span
    ]  # fmt: skip
