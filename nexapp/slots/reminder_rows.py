"""The lines of planned reminders: one for each booking, time and distance from it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update

from nexapp.messaging.models import Message
from nexapp.slots.booking_models import BookingReminder
from nexapp.spine.db import db


def withdraw_reminders(org_id: UUID, offer_id: UUID) -> int:
    """The booking is gone or has another time: what was planned for it doesn't leave any more. How many."""
    planned = select(BookingReminder.message_id).where(
        BookingReminder.org_id == org_id, BookingReminder.offer_id == offer_id,
        BookingReminder.withdrawn_at.is_(None), BookingReminder.message_id.is_not(None),
    )  # fmt: skip
    return withdraw([message_id for message_id in db.session.scalars(planned) if message_id])


def withdraw(message_ids: Sequence[UUID]) -> int:
    """What has left stays as it is, so that no reminder of the same time goes out twice."""
    if not message_ids:
        return 0
    waiting = Message.id.in_(message_ids)
    # What is under way isn't sent a second time.
    _change(update(Message).where(waiting, Message.status == "sending").values(expires_at=func.now()))
    stopped = update(Message).where(waiting, Message.status == "queued").values(status="cancelled")
    ids = db.session.scalars(stopped.returning(Message.id).execution_options(synchronize_session=False)).all()
    _change(update(BookingReminder).where(BookingReminder.message_id.in_(ids)).values(withdrawn_at=func.now()))
    return len(ids)


def _change(statement: object) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[attr-defined]
