"""Holding, confirming and giving back a time: one winner, decided by PostgreSQL in one statement each.

Every statement locks the slot's row before it touches an offer's, and no unit locks two slots, so that taps on
different slots can't wait for each other in a circle. All run in the caller's unit, for its actor's organisation.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from nexapp.slots import booking_alerts
from nexapp.slots import claim_followups as followups
from nexapp.slots.claim_errors import BookedAtThatTime, HoldRanOut, HoldsElsewhere, SlotJustTaken
from nexapp.slots.history import record_event
from nexapp.spine import audit
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.tenancy import current_actor

SLOT = "s.id, s.org_id, s.round, s.public_token, s.status, s.starts_at, s.held_until, s.pending_until"
FREE = "status = 'open', held_by_offer_id = NULL, held_consumer_id = NULL, held_until = NULL, updated_at = now()"

# Whose yes a booking waits for; `o` is the business.
WAITS_FOR = """CASE
    WHEN o.uses_booking_system AND o.booking_url IS NOT NULL THEN 'booking_system'
    WHEN o.requires_confirmation THEN 'business' END"""

# One booking of a person at a time, whatever business it is at: the second waits here and then sees the first.
LOCK_PERSON = """
    SELECT pg_advisory_xact_lock(hashtextextended('bookings:' || CAST(consumer_id AS text), 0))
    FROM slot_offers WHERE org_id = :org AND id = :offer
"""
IS_BUSY = """
    SELECT nexapp_is_busy(f.consumer_id, s.starts_at, s.ends_at, coalesce(CAST(:apart AS uuid), s.id)) AS busy
    FROM slot_offers f JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id
    WHERE f.org_id = :org AND f.id = :offer
"""

# clock_timestamp(), not now(): a statement that waited for the row's lock asks again at the time it gets it.
# A hold that ran out counts as open here, so that nothing depends on a sweeper.
HOLD = f"""
    UPDATE slots s
    SET status = 'held', held_by_offer_id = f.id, held_consumer_id = f.consumer_id, updated_at = now(),
        held_until = least(
            clock_timestamp() + make_interval(secs => coalesce(o.hold_seconds, :standard)), s.starts_at)
    FROM slot_offers f, organizations o
    WHERE f.org_id = :org AND f.id = :offer AND f.declined_at IS NULL
      AND s.org_id = f.org_id AND s.id = f.slot_id AND s.round = f.round AND o.id = s.org_id
      AND s.starts_at > clock_timestamp()
      AND (s.status = 'open' OR (s.status = 'held' AND s.held_until <= clock_timestamp()))
      AND NOT EXISTS (SELECT FROM nexapp_offer(f.token_hash) n WHERE n.may_hold_at IS NOT NULL OR n.is_busy)
    RETURNING {SLOT}, f.consumer_id
"""  # noqa: S608 - constants of this file

BOOKED = """status = CASE WHEN w.waits_for IS NULL THEN 'booked' ELSE 'pending' END, pending_for = w.waits_for,
        pending_until = CASE WHEN w.waits_for IS NOT NULL THEN
            least(clock_timestamp() + make_interval(mins => o.pending_minutes), s.starts_at) END,
        booked_at = CASE WHEN w.waits_for IS NULL THEN clock_timestamp() END,
        booked_name = :name, booked_note = :note,
        booked_price_cents = nexapp_price_at(s.price_cents, s.price_steps, s.starts_at, clock_timestamp()),
        held_by_offer_id = NULL, held_consumer_id = NULL, held_until = NULL, updated_at = now()"""

# The price of the instant is the one that stands. What the person booked elsewhere meanwhile is seen under their lock.
CONFIRM = f"""
    UPDATE slots s
    SET {BOOKED}, booked_offer_id = s.held_by_offer_id, booked_consumer_id = s.held_consumer_id
    FROM organizations o CROSS JOIN LATERAL (SELECT {WAITS_FOR} AS waits_for) w
    WHERE o.id = s.org_id AND s.org_id = :org AND s.held_by_offer_id = :offer
      AND s.status = 'held' AND s.held_until > clock_timestamp()
    RETURNING {SLOT}, s.pending_for, s.booked_consumer_id AS consumer_id
"""  # noqa: S608 - constants of this file

TAKE = f"""
    UPDATE slots s
    SET {BOOKED}, booked_offer_id = f.id, booked_consumer_id = f.consumer_id
    FROM slot_offers f, organizations o CROSS JOIN LATERAL (SELECT {WAITS_FOR} AS waits_for) w
    WHERE f.org_id = :org AND f.id = :offer AND f.declined_at IS NULL
      AND s.org_id = f.org_id AND s.id = f.slot_id AND s.round = f.round AND o.id = s.org_id
      AND s.starts_at > clock_timestamp()
      AND (s.status = 'open' OR (s.status = 'held' AND s.held_until <= clock_timestamp()))
    RETURNING {SLOT}, s.pending_for, s.booked_consumer_id AS consumer_id
"""  # noqa: S608 - constants of this file

RELEASE = f"""
    UPDATE slots s SET {FREE}
    WHERE s.org_id = :org AND s.held_by_offer_id = :offer AND s.status = 'held'
    RETURNING {SLOT}
"""  # noqa: S608 - constants of this file

EXPIRE = f"""
    UPDATE slots s SET {FREE}
    WHERE s.org_id = :org AND s.id = :slot AND s.status = 'held' AND s.held_by_offer_id = :offer
      AND s.held_until = CAST(:until AS timestamptz) AND s.held_until <= clock_timestamp()
    RETURNING {SLOT}
"""  # noqa: S608 - constants of this file

FREE_OWN = f"""
    UPDATE slots s SET {FREE}
    WHERE s.org_id = :org AND s.held_consumer_id = :consumer AND s.status = 'held' AND s.held_until <= clock_timestamp()
    RETURNING {SLOT}
"""  # noqa: S608 - constants of this file

END_HOLD = """
    UPDATE slot_offers SET lapsed_at = coalesce(CAST(:at AS timestamptz), now())
    WHERE org_id = :org AND slot_id = :slot AND round = :round
      AND held_at IS NOT NULL AND lapsed_at IS NULL AND released_at IS NULL AND declined_at IS NULL
    RETURNING id, consumer_id
"""

BEGIN_HOLD = """
    UPDATE slot_offers
    SET held_at = now(), opened_at = coalesce(opened_at, now()), lapsed_at = NULL, released_at = NULL
    WHERE org_id = :org AND id = :offer
"""


def hold(offer_id: UUID) -> datetime:
    """Hold the offer's slot for its consumer; until when. Raises `SlotJustTaken` where it isn't free for them.

    A second live hold of the same person at this business breaks the unique index `slots_one_hold`.
    """
    slot = _one(HOLD, offer=offer_id, standard=settings().hold_seconds)
    if slot is None:
        raise SlotJustTaken
    _record_lapse(slot)
    _run(BEGIN_HOLD, offer=offer_id)
    record_event(slot, "held", consumer_id=slot.consumer_id, offer_id=offer_id, until=slot.held_until.isoformat())
    audit.record("slot.held", "slot", slot.id, {"offer_id": str(offer_id)})
    _watch(slot, offer_id)
    until: datetime = slot.held_until
    return until


def has(offer_id: UUID) -> bool:
    """Whether the offer holds its slot at this instant."""
    statement = (
        "SELECT id FROM slots WHERE org_id = :org AND held_by_offer_id = :offer AND status = 'held'"
        " AND held_until > clock_timestamp()"
    )
    return _one(statement, offer=offer_id) is not None


def confirm(offer_id: UUID, name: str, note: str | None) -> str:
    """Book what the offer holds, or ask the business where it wants to answer; "booked" or "pending".

    Raises `HoldRanOut` where the hold was over, given back or never there, and `BookedAtThatTime`.
    """
    lock_person_of(offer_id)
    refuse_second_booking(offer_id)
    slot = _one(CONFIRM, offer=offer_id, name=name, note=note)
    if slot is None:
        raise HoldRanOut
    _run("UPDATE slot_offers SET confirmed_at = now() WHERE org_id = :org AND id = :offer", offer=offer_id)
    audit.record(f"slot.{slot.status}", "slot", slot.id, {"offer_id": str(offer_id)})
    followups.cancel_unsent(slot)
    if slot.status == "pending":
        followups.await_answer(slot, offer_id)
    else:
        followups.finish_booking(slot, offer_id)
    booking_alerts.tell_team(slot, offer_id, slot.status)
    status: str = slot.status
    return status


def take(offer_id: UUID, name: str | None, note: str | None) -> Row[Any]:
    """Book an open slot at once, for somebody who gives another booking up for it. Raises `SlotJustTaken`.

    The caller has locked the slot's row and the person.
    """
    slot = _one(TAKE, offer=offer_id, name=name, note=note)
    if slot is None:
        raise SlotJustTaken
    _record_lapse(slot)
    return slot


def lock_person_of(offer_id: UUID) -> None:
    """Until the unit ends, no other booking of this person is made, at whatever business."""
    _run(LOCK_PERSON, offer=offer_id)


def refuse_second_booking(offer_id: UUID, apart: UUID | None = None) -> None:
    """Raise `BookedAtThatTime` where the person has another booking then. The person must be locked.

    `apart` is the slot of a booking that this one replaces.
    """
    # A statement of its own: it sees what was committed while the lock was waited for.
    found = _one(IS_BUSY, offer=offer_id, apart=apart)
    if found is not None and found.busy:
        raise BookedAtThatTime


def release(offer_id: UUID) -> bool:
    """Give a held slot back to the others. False where the offer holds nothing any more."""
    slot = _one(RELEASE, offer=offer_id)
    if slot is None:
        return False
    offer = _one(
        "UPDATE slot_offers SET released_at = now() WHERE org_id = :org AND id = :offer RETURNING consumer_id",
        offer=offer_id,
    )
    record_event(slot, "released", consumer_id=offer.consumer_id if offer else None, offer_id=offer_id)
    audit.record("slot.released", "slot", slot.id, {"offer_id": str(offer_id)})
    return True


def free_own_lapsed(consumer_id: UUID) -> None:
    """End the consumer's hold elsewhere at this business where it ran out; raises `HoldsElsewhere` where it lives."""
    slot = _one(FREE_OWN, consumer=consumer_id)
    if slot is not None:
        _record_lapse(slot)
        return
    live = _one(
        "SELECT held_by_offer_id FROM slots WHERE org_id = :org AND held_consumer_id = :consumer AND status = 'held'",
        consumer=consumer_id,
    )
    if live is not None:
        raise HoldsElsewhere(live.held_by_offer_id)


@job("expire_hold")
def expire_hold(slot_id: str, offer_id: str, held_until: str) -> None:
    """Open the slot again once exactly this hold has run out; anything else that happened to it stands."""
    slot = _one(EXPIRE, slot=slot_id, offer=offer_id, until=held_until)
    if slot is not None:
        _record_lapse(slot, held_until)


def _watch(slot: Row[Any], offer_id: UUID) -> None:
    until = slot.held_until.isoformat()
    enqueue(
        "expire_hold", run_at=slot.held_until, unique_key=f"expire_hold:{offer_id}:{until}",
        slot_id=slot.id, offer_id=offer_id, held_until=until,
    )  # fmt: skip


def _record_lapse(slot: Row[Any], at: str | None = None) -> None:
    """Note who let their hold of this round run out; at most one person has one that isn't ended."""
    former = _one(END_HOLD, slot=slot.id, round=slot.round, at=at)
    if former is not None:
        record_event(slot, "lapsed", consumer_id=former.consumer_id, offer_id=former.id)


def _one(statement: str, **values: Any) -> Row[Any] | None:
    return db.session.execute(text(statement), {"org": current_actor().tenant, **values}).first()


def _run(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), {"org": current_actor().tenant, **values})
