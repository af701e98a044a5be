"""What came in, stored once in the inbox of webhooks and shown to the business line by line."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert

from nexapp.slots.booking_systems.changes import Change
from nexapp.slots.booking_systems.models import BookingDelivery, ExternalBooking
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor
from nexapp.spine.webhooks import receive

SOURCE = "booking-system"
SIGNAL = "booking-systems-changed"
KEPT_DAYS = 90


def store(booking_system_id: UUID, name: str, payload: dict[str, Any], changes: list[Change], *, signed: bool) -> bool:
    """Keep a post and queue its handling. False where this very event came before."""
    found: list[Change | None] = list(changes) or [None]
    rows = [delivery_row(booking_system_id, change, payload, signed=signed) for change in found]
    is_new = receive(SOURCE, f"{booking_system_id}:{name}", {"deliveries": [str(row["id"]) for row in rows]})
    if is_new:
        db.session.execute(insert(BookingDelivery), rows)
        tell_pages()
    return is_new


def delivery_row(
    booking_system_id: UUID, change: Change | None, payload: dict[str, Any], *, signed: bool, **values: Any
) -> dict[str, Any]:
    return {
        "id": new_id(), "org_id": current_actor().tenant, "booking_system_id": booking_system_id,
        "action": change.action if change else "other", "uid": change.uid if change else None,
        "reference": change.reference if change else None, "starts_at": change.starts_at if change else None,
        "ends_at": change.ends_at if change else None, "signed": signed, "payload": payload,
        "change": change.to_json() if change else None, "outcome": "received", "received_at": now(), **values,
    }  # fmt: skip


def add_delivery(
    booking_system_id: UUID, change: Change, payload: dict[str, Any], *, signed: bool, **values: Any
) -> UUID:
    """A change of our own finding: a time that a moved booking left, an event that vanished from a feed."""
    row = delivery_row(booking_system_id, change, payload, signed=signed, **values)
    db.session.execute(insert(BookingDelivery), [row])
    found: UUID = row["id"]
    return found


def tell_pages() -> None:
    publish(f"org:{current_actor().tenant}:booking-systems", SIGNAL)


def forget_old() -> None:
    """Payloads hold names of clients: they are kept as long as somebody may ask about them. Runs as the system."""
    age = func.now() - func.make_interval(0, 0, 0, KEPT_DAYS)
    db.session.execute(delete(BookingDelivery).where(BookingDelivery.created_at < age))
    db.session.execute(delete(ExternalBooking).where(ExternalBooking.ends_at < age))
