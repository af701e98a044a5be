"""What is kept about bookings beside the slot and its offer: planned reminders, and choices asked for by text."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel


class BookingReminder(TenantModel, Model):
    """One reminder of one booking at one time: planned with its text, or left out."""

    __tablename__ = "booking_reminders"

    slot_id: Mapped[UUID]
    offer_id: Mapped[UUID]
    minutes: Mapped[int]
    """How long before the start it was meant for."""
    starts_at: Mapped[datetime]
    send_at: Mapped[datetime | None]
    """None: left out, for it would have come too soon after the booking, or in the night."""
    message_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]


class ReplyChoice(TenantModel, Model):
    """What one number of "Reply 1 for …, 2 for …" stands for."""

    __tablename__ = "reply_choices"

    consumer_id: Mapped[UUID]
    inbound_id: Mapped[UUID]
    """The text that made us ask."""
    number: Mapped[int] = mapped_column()
    offer_id: Mapped[UUID]
