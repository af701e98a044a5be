"""Slots that were offered, in one line each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from tests.slots.merchant_world import Shop


def offered(shop: Shop, starts_at: datetime | None = None, people: int = 1, **columns: Any) -> tuple[UUID, list[UUID]]:
    """A slot of round 1 and its offers, each with a delivered text."""
    opened_at = (starts_at or now()) - timedelta(hours=3)
    slot_id = shop.slot(
        starts_at or now() - timedelta(hours=1), **{"status": "open", "round": 1, "opened_at": opened_at, **columns}
    )
    return slot_id, [texted(shop, slot_id, shop.person(f"Person {number}")) for number in range(people)]


def texted(shop: Shop, slot_id: UUID, request_id: UUID, status: str = "delivered", **columns: Any) -> UUID:
    message_id = new_id()
    offer_id = shop.offer(slot_id, request_id, message_id=message_id)
    text = {
        "id": message_id, "org_id": shop.org_id, "lane": 3, "purpose": "slot_available", "segments": 1, "body": "Free",
        "subject_kind": "slot_offer", "subject_id": offer_id, "to_phone": "+12125550100", "sent_at": now(),
    }  # fmt: skip
    shop.insert("messages", **text | {"status": status} | columns)
    return offer_id


def book(shop: Shop, slot_id: UUID, offer_id: UUID, minutes: int = 4, status: str = "booked") -> None:
    shop.sql(
        "UPDATE slots SET status = %s, booked_offer_id = %s, booked_at = opened_at + make_interval(mins => %s)"
        " WHERE id = %s",
        status, offer_id, minutes, slot_id,
    )  # fmt: skip
    shop.sql("UPDATE slot_offers SET opened_at = now(), held_at = now() WHERE id = %s", offer_id)


def booked(shop: Shop, starts_at: datetime | None = None, people: int = 1, **columns: Any) -> UUID:
    slot_id, offers = offered(shop, starts_at, people, **columns)
    book(shop, slot_id, offers[0])
    return slot_id
