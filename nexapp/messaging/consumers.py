"""Numbers that people can be reached at, and whether they want to be."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select, text, update

from nexapp.identity.phones import area_zone_of, region_of
from nexapp.messaging.lanes import CODES
from nexapp.messaging.models import SMS, Consumer, Message
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

_ENSURE = text("SELECT nexapp_ensure_consumer(:id, :phone, :zone, :region)")


def ensure_consumer(phone: str) -> UUID:
    """The consumer of a number in E.164, made where it is new. In the caller's transaction, for any actor."""
    found: UUID = db.session.execute(
        _ENSURE, {"id": new_id(), "phone": phone, "zone": area_zone_of(phone), "region": region_of(phone)}
    ).scalar_one()
    return found


def ensure_consumers(phones: Iterable[str]) -> dict[str, UUID]:
    """Sorted, so that two lists written at once wait for each other and never in a circle."""
    return {phone: ensure_consumer(phone) for phone in sorted(set(phones))}


def find_consumer(phone: str) -> Consumer | None:
    return db.session.scalar(select(Consumer).where(Consumer.phone == phone))


def opt_out(phone: str, source: str) -> bool:
    """No text that nobody asked for, from any business. False where the number had opted out before.

    Runs as the system. What waits for the number is dropped, and what is under way isn't sent again.
    """
    consumer_id = ensure_consumer(phone)
    changed = db.session.execute(
        update(Consumer)
        .where(Consumer.id == consumer_id, Consumer.opted_out_at.is_(None))
        .values(opted_out_at=func.now(), opt_out_source=source)
    )
    _drop_waiting(phone)
    if not changed.rowcount:  # type: ignore[attr-defined]
        return False
    audit.record("consumer.opted_out", "consumer", consumer_id, {"source": source})
    return True


def opt_in(phone: str, source: str) -> bool:
    """Lift an opt-out; nobody returns to a list by it. False where there was none. Runs as the system."""
    consumer_id = db.session.scalar(
        update(Consumer)
        .where(Consumer.phone == phone, Consumer.opted_out_at.is_not(None))
        .values(opted_out_at=None, opt_out_source=None)
        .returning(Consumer.id)
    )
    if consumer_id is None:
        return False
    audit.record("consumer.opted_in", "consumer", consumer_id, {"source": source})
    return True


def _drop_waiting(phone: str) -> None:
    mine = (Message.to_phone == phone, Message.channel == SMS, Message.lane > CODES)
    db.session.execute(
        update(Message)
        .where(*mine, Message.status == "queued")
        .values(status="suppressed", error="The person opted out.")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(Message)
        .where(*mine, Message.status == "sending")
        .values(expires_at=func.now())
        .execution_options(synchronize_session=False)
    )
