"""What became of a booking once its time had come: the client was there, or wasn't. Counted on the person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from nexapp.slots.history import record_event
from nexapp.slots.models import Slot
from nexapp.slots.transitions import get_slot_for_change, transition
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import current_actor

CAME, MISSED = "completed", "no_show"
AT_ONCE = 500

COMPLETE = text("""
    UPDATE slots SET status = 'completed', updated_at = now()
    WHERE id IN (
        SELECT id FROM slots WHERE status = 'booked' AND ends_at <= now()
        ORDER BY ends_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    RETURNING id, org_id, round, public_token, booked_consumer_id, booked_offer_id
""")


def mark_attendance(slot_id: UUID, *, came: bool) -> None:
    """Say whether the client came, once the booking has begun; said again the other way, it is put right.

    Raises `SlotChanged` where there is no such booking, `NotYourSlot`, or `NotFound`.
    """
    slot = get_slot_for_change(slot_id)
    other = MISSED if came else CAME
    row = transition(slot, ("booked", other), Slot.starts_at <= func.now(), status=CAME if came else MISSED)
    record_event(row, row.status, consumer_id=row.booked_consumer_id, offer_id=row.booked_offer_id)
    audit.record(f"slot.{row.status}", "slot", row.id, {"was": row.was})


def count_missed(consumer_id: UUID) -> int:
    """How often the person did not come to this business."""
    missed = select(func.count()).where(
        Slot.org_id == current_actor().tenant, Slot.booked_consumer_id == consumer_id, Slot.status == MISSED
    )
    return db.session.scalar(missed) or 0


@job("complete_slots")
def complete_slots() -> None:
    """Who said nothing of a client means that they came. Runs as the system; run twice, the second finds nothing."""
    for slot in db.session.execute(COMPLETE, {"most": AT_ONCE}).all():
        _note(slot)


def _note(slot: Any) -> None:
    record_event(slot, CAME, consumer_id=slot.booked_consumer_id, offer_id=slot.booked_offer_id)


def register() -> None:
    schedule("complete_slots", cron="*/5 * * * *", job="complete_slots")
