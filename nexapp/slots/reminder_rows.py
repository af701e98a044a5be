"""The lines of planned reminders: one for each booking, time and distance from it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, update

from nexapp.messaging.outbox import cancel_queued
from nexapp.slots.booking_models import BookingReminder
from nexapp.spine.db import db

PURPOSE = "reminder"
SUBJECT = "slot_offer"


def withdraw_reminders(org_id: UUID, offer_id: UUID) -> None:
    """The booking is gone or has another time: what was planned for it doesn't leave any more."""
    db.session.execute(
        update(BookingReminder)
        .where(BookingReminder.org_id == org_id, BookingReminder.offer_id == offer_id)
        .where(BookingReminder.withdrawn_at.is_(None), BookingReminder.message_id.is_not(None))
        .values(withdrawn_at=func.now())
        .execution_options(synchronize_session=False)
    )
    cancel_queued(SUBJECT, [offer_id], PURPOSE)
