"""The days ahead: slots in the states that a visitor should see, with links that work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text, update

from nexapp.messaging.models import Message, MessageEvent
from nexapp.messaging.segments import measure
from nexapp.slots.demo.seeding import SPANS, Seeded
from nexapp.slots.models import Slot, SlotEvent, SlotMatch, SlotOffer
from nexapp.slots.times import text_time
from nexapp.slots.tokens import claim_token, claim_url, hash_token, topic_token
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

OPENS, CLOSES = time(9), time(17)
HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """A slot `steps` half-hours after the next free one, or at that time `days` later."""

    staff: int
    days: int
    steps: int
    state: str
    texted: int = 0
    opened: int = 0
    client: str | None = None


PLANS = (
    Plan(0, 0, 0, "booked", texted=14, opened=5),
    Plan(0, 0, 2, "booked", client="Walter Hill"),
    Plan(1, 0, 1, "open", texted=12, opened=4),
    Plan(2, 0, 3, "cancelled", texted=6, opened=1),
    Plan(1, 1, 0, "draft"),
    Plan(2, 1, 2, "booked", texted=11, opened=3),
    Plan(0, 1, 4, "open", texted=9, opened=2),
    Plan(2, 2, 1, "booked", client="Ida Wells"),
    Plan(1, 3, 3, "draft"),
)
FEW = PLANS[:5]


def seed_week(seeded: Seeded, plans: tuple[Plan, ...]) -> None:
    first = _next_free(seeded.house.time_zone)
    phones: dict[UUID, str] = dict(
        db.session.execute(
            text(
                "SELECT r.consumer_id, c.phone FROM notify_requests r JOIN consumers c ON c.id = r.consumer_id"
                " WHERE r.org_id = :org"
            ),
            {"org": seeded.org_id},
        ).all()
    )
    for plan in plans:
        if plan.staff < len(seeded.staff):
            _seed(seeded, plan, first, phones)


def _next_free(zone: str) -> datetime:
    """A round half-hour, two hours from now, in working hours."""
    here = ZoneInfo(zone)
    soon = now().astimezone(here) + timedelta(hours=2)
    at = soon.replace(minute=30 * (soon.minute // 30), second=0, microsecond=0) + HALF_HOUR
    if at.time() < OPENS:
        return at.replace(hour=OPENS.hour, minute=0)
    if at.time() > time(CLOSES.hour - 2) or at.date() != now().astimezone(here).date():
        return (at + timedelta(days=at.date() == now().astimezone(here).date())).replace(hour=OPENS.hour, minute=0)
    return at


def _yesterday_morning(zone: str) -> datetime:
    yesterday = now().astimezone(ZoneInfo(zone)) - timedelta(days=1)
    return yesterday.replace(hour=10, minute=5, second=0, microsecond=0)


def _seed(seeded: Seeded, plan: Plan, first: datetime, phones: dict[UUID, str]) -> None:
    starts_at = first + timedelta(days=plan.days) + plan.steps * HALF_HOUR
    opened_at = _yesterday_morning(seeded.house.time_zone)
    slot_id = new_id()
    values: dict[str, Any] = {
        "id": slot_id, "org_id": seeded.org_id, "staff_member_id": seeded.staff[plan.staff],
        "service_id": seeded.services[plan.staff % len(seeded.services)], "starts_at": starts_at,
        "ends_at": starts_at + HALF_HOUR, "public_token": topic_token(),
        "status": "draft" if plan.texted else plan.state,
    }  # fmt: skip
    if plan.client:
        values |= {"booked_name": plan.client, "booked_at": opened_at}
    db.session.execute(insert(Slot).values(**values))
    _tell(seeded, slot_id, 1 if plan.texted else 0, "booked" if plan.client else "added", opened_at)
    if plan.texted:
        _offer(seeded, plan, slot_id, starts_at, opened_at, phones)


def _offer(
    seeded: Seeded, plan: Plan, slot_id: UUID, starts_at: datetime, opened_at: datetime, phones: dict[UUID, str]
) -> None:
    people = [seeded.requests[(plan.steps * 5 + i * 3) % len(seeded.requests)] for i in range(plan.texted)]
    people = list(dict.fromkeys(people))
    offers = [_offer_row(seeded, slot_id, p, i < plan.opened, opened_at) for i, p in enumerate(people)]
    texts = [_text_row(seeded, offer, phones[offer["consumer_id"]], starts_at) for offer in offers]
    db.session.execute(insert(SlotOffer), offers)
    db.session.execute(insert(Message), texts)
    db.session.execute(insert(MessageEvent), [_receipt(t, kind) for t in texts for kind in ("sent", "delivered")])
    db.session.execute(insert(SlotMatch), _matches(seeded, slot_id, {p[0] for p in people}))
    values: dict[str, Any] = {"status": plan.state, "round": 1, "opened_at": opened_at}
    if plan.state == "booked":
        values |= {
            "booked_offer_id": offers[0]["id"], "booked_consumer_id": offers[0]["consumer_id"],
            "booked_at": opened_at + timedelta(minutes=4),
        }  # fmt: skip
    db.session.execute(update(Slot).where(Slot.id == slot_id).values(**values))
    _tell(seeded, slot_id, 1, "opened", opened_at, texted=len(people))
    if plan.state != "open":
        _tell(seeded, slot_id, 1, plan.state, opened_at + timedelta(minutes=4), offers[0]["consumer_id"])


def _offer_row(seeded: Seeded, slot_id: UUID, person: tuple[UUID, UUID], opened: bool, at: datetime) -> dict[str, Any]:
    offer_id = new_id()
    return {
        "id": offer_id, "org_id": seeded.org_id, "slot_id": slot_id, "round": 1, "consumer_id": person[1],
        "notify_request_id": person[0], "message_id": new_id(), "token_hash": hash_token(claim_token(offer_id)),
        "opened_at": at + timedelta(minutes=2) if opened else None, "created_at": at,
    }  # fmt: skip


def _text_row(seeded: Seeded, offer: dict[str, Any], phone: str, starts_at: datetime) -> dict[str, Any]:
    when = text_time(starts_at, seeded.house.time_zone)
    body = f"{seeded.house.name} has a cancellation! {when} available. Claim now: {claim_url(offer['id'])}"
    at = offer["created_at"]
    return {
        "id": offer["message_id"], "org_id": seeded.org_id, "consumer_id": offer["consumer_id"], "lane": 3,
        "purpose": "slot_available", "subject_kind": "slot_offer", "subject_id": offer["id"], "to_phone": phone,
        "body": body, "segments": measure(body).segments, "status": "delivered", "send_at": at, "created_at": at,
        "expires_at": starts_at, "attempts": 1, "attempted_at": at, "sent_at": at,
        "delivered_at": at + timedelta(seconds=3), "provider_sid": f"SM{offer['message_id'].hex}",
    }  # fmt: skip


def _receipt(row: dict[str, Any], kind: str) -> dict[str, Any]:
    at = row["delivered_at"] if kind == "delivered" else row["sent_at"]
    return {"id": new_id(), "org_id": row["org_id"], "message_id": row["id"], "at": at, "kind": kind}


def _matches(seeded: Seeded, slot_id: UUID, offered: set[UUID]) -> list[dict[str, Any]]:
    return [
        {
            "org_id": seeded.org_id, "slot_id": slot_id, "round": 1, "notify_request_id": request_id,
            "consumer_id": consumer_id, "outcome": "offered" if request_id in offered else "skipped",
            "reason": None if request_id in offered else "outside_window" if SPANS[number % len(SPANS)] else "limits",
        }
        for number, (request_id, consumer_id) in enumerate(seeded.requests)
    ]  # fmt: skip


def _tell(
    seeded: Seeded, slot_id: UUID, round_number: int, kind: str, at: datetime, who: UUID | None = None, **details: Any
) -> None:
    db.session.execute(
        insert(SlotEvent).values(
            id=new_id(), org_id=seeded.org_id, slot_id=slot_id, round=round_number, kind=kind, consumer_id=who,
            details=details, created_at=at,
        )
    )  # fmt: skip
