"""A client exchanges a booking for another open time of the business: the new one is theirs and the old one is free, or
nothing has changed.

Both slots are locked in the order of their ids, after the person's own lock, so that exchanges across each other wait
and don't block. Where somebody else still has to say yes, the old booking stands until they have.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from nexapp.slots import booking_alerts, cancelling, holds
from nexapp.slots import claim_followups as followups
from nexapp.slots.claim_errors import ExchangeWaits, NothingBooked, SlotJustTaken
from nexapp.slots.open_slots import find_time, offer_time
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

LOCK = "SELECT id FROM slots WHERE org_id = :org AND id IN (:one, :other) ORDER BY id FOR NO KEY UPDATE"

BOOKING = """
    SELECT f.id, f.consumer_id, f.notify_request_id, s.id AS slot_id, s.starts_at, s.booked_name, s.booked_note,
        coalesce(f.calendar_uid, f.id) AS calendar_uid, f.calendar_base + s.sequence + 1 AS calendar_base
    FROM slot_offers f JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id
    WHERE f.org_id = :org AND f.id = :offer AND s.booked_offer_id = f.id AND s.status = 'booked'
      AND s.starts_at > clock_timestamp()
"""

# One exchange at a time: two that were both approved would leave the person with two bookings.
WAITS = """
    SELECT s.id FROM slots s JOIN slot_offers f ON f.org_id = s.org_id AND f.id = s.booked_offer_id
    WHERE s.org_id = :org AND s.status = 'pending' AND f.replaces_offer_id = :offer
      AND f.consumer_id = :consumer
"""

CARRY = """
    UPDATE slot_offers SET calendar_uid = :uid, calendar_base = :base, confirmed_at = now(), replaces_offer_id = :old
    WHERE org_id = :org AND id = :offer
"""


def move_booking(offer_id: UUID, token: str) -> UUID:
    """Book the open time that `token` names instead; the offer of the new booking.

    Raises `NothingBooked` where there is no booking to exchange, `SlotJustTaken` where the time is gone,
    `BookedAtThatTime` where the person has a third one then, and `ExchangeWaits` where an exchange waits for a yes.
    """
    holds.lock_person_of(offer_id)
    wanted, mine = find_time(token), _booking(offer_id)
    if wanted.id == mine.slot_id:
        raise SlotJustTaken
    _all(LOCK, one=wanted.id, other=mine.slot_id)
    # Both are locked now; what changed while we waited is seen by these.
    wanted, mine = find_time(token), _booking(offer_id)
    if _all(WAITS, offer=offer_id, consumer=mine.consumer_id):
        raise ExchangeWaits
    fresh = offer_time(wanted, mine, "move", replaces=offer_id)
    holds.refuse_second_booking(fresh, apart=mine.slot_id)
    slot = holds.take(fresh, mine.booked_name, mine.booked_note)
    _run(CARRY, offer=fresh, uid=mine.calendar_uid, base=mine.calendar_base, old=offer_id)
    audit.record("booking.moved", "slot", slot.id, {"offer_id": str(fresh), "from_offer_id": str(offer_id)})
    _settle(slot, fresh, offer_id)
    return fresh


def _settle(slot: Row[Any], fresh: UUID, old: UUID) -> None:
    followups.cancel_unsent(slot)
    if slot.status == "pending":
        followups.await_answer(slot, fresh)
        booking_alerts.tell_team(slot, fresh, slot.status)
        return
    freed = cancelling.end_booking(old, "moved", moved_to=fresh)
    followups.finish_booking(slot, fresh)
    booking_alerts.tell_team(slot, fresh, "moved")
    cancelling.tell_if_in_time(freed)


def _booking(offer_id: UUID) -> Row[Any]:
    found = _all(BOOKING, offer=offer_id)
    if not found:
        raise NothingBooked
    return found[0]


def _all(statement: str, **values: Any) -> list[Row[Any]]:
    return list(db.session.execute(text(statement), {"org": current_actor().tenant, **values}).all())


def _run(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), {"org": current_actor().tenant, **values})
