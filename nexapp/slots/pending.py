"""Bookings that the business wants to confirm: its answer, or none in time. One guarded statement each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text, update

from nexapp.slots import claim_followups as followups
from nexapp.slots.claim_errors import NotWaitingForAnswer
from nexapp.slots.history import record_event
from nexapp.slots.models import SlotOffer
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.tenancy import current_actor

SLOT = "s.id, s.org_id, s.round, s.public_token, s.status, s.starts_at"

APPROVE = f"""
    UPDATE slots s SET status = 'booked', booked_at = clock_timestamp(), pending_until = NULL,
        pending_for = NULL, updated_at = now()
    WHERE s.org_id = :org AND s.id = :slot AND s.status = 'pending' AND s.pending_until > clock_timestamp()
    RETURNING {SLOT}, s.booked_offer_id AS offer_id, s.booked_consumer_id AS consumer_id
"""  # noqa: S608 - constants of this file

# What the row was is read under its lock, for RETURNING gives what it has become.
GIVE_BACK = f"""
    WITH prior AS (
        SELECT id, booked_offer_id, booked_consumer_id, pending_for FROM slots
        WHERE org_id = :org AND id = :slot AND status = 'pending'
          AND (:lapsed IS FALSE OR pending_until <= clock_timestamp())
        FOR UPDATE
    )
    UPDATE slots s
    SET status = CASE WHEN s.starts_at > clock_timestamp() THEN 'open' ELSE 'expired' END,
        pending_until = NULL, pending_for = NULL, booked_offer_id = NULL, booked_consumer_id = NULL,
        booked_name = NULL, booked_note = NULL, booked_at = NULL, booked_price_cents = NULL, updated_at = now()
    FROM prior
    WHERE s.org_id = :org AND s.id = prior.id
    RETURNING {SLOT}, prior.booked_offer_id AS offer_id, prior.booked_consumer_id AS consumer_id, prior.pending_for
"""  # noqa: S608 - constants of this file


def approve(slot_id: UUID) -> None:
    """The business takes the booking. Raises `NotWaitingForAnswer` where it lapsed or was answered."""
    slot = _one(APPROVE, slot=slot_id)
    if slot is None:
        raise NotWaitingForAnswer
    audit.record("slot.approved", "slot", slot_id, {"offer_id": str(slot.offer_id)})
    followups.finish_booking(slot, slot.offer_id)
    _end_replaced(slot.offer_id)


def decline(slot_id: UUID) -> None:
    """The business can't take it: the slot opens for the others of this round, whose links live again.

    Raises `NotWaitingForAnswer` where it lapsed or was answered.
    """
    slot = _one(GIVE_BACK, slot=slot_id, lapsed=False)
    if slot is None:
        raise NotWaitingForAnswer
    audit.record("slot.declined", "slot", slot_id, {"offer_id": str(slot.offer_id)})
    _refuse(slot, "declined", answered=True)


@job("lapse_pending")
def lapse_pending(slot_id: str) -> None:
    """Nobody answered in time: the slot opens again. Does nothing where somebody did."""
    slot = _one(GIVE_BACK, slot=slot_id, lapsed=True)
    if slot is not None:
        _refuse(slot, "pending_lapsed", answered=False)


def _end_replaced(offer_id: UUID) -> None:
    # In a unit of its own: no unit locks two slots in an order of its choice.
    old = _one("SELECT replaces_offer_id FROM slot_offers WHERE org_id = :org AND id = :offer", offer=offer_id)
    if old is not None and old.replaces_offer_id is not None:
        enqueue(
            "end_replaced_booking", unique_key=f"end_replaced:{old.replaces_offer_id}",
            offer_id=old.replaces_offer_id, moved_to=offer_id,
        )  # fmt: skip


def _refuse(slot: Row[Any], kind: str, *, answered: bool) -> None:
    db.session.execute(
        update(SlotOffer)
        .where(SlotOffer.org_id == slot.org_id, SlotOffer.id == slot.offer_id)
        .values(declined_at=text("now()"))
        .execution_options(synchronize_session=False)
    )
    record_event(slot, kind, consumer_id=slot.consumer_id, offer_id=slot.offer_id)
    followups.text_refusal(slot, slot.offer_id, answered=answered)


def _one(statement: str, **values: Any) -> Row[Any] | None:
    return db.session.execute(text(statement), {"org": current_actor().tenant, **values}).first()
