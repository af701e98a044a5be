"""What other systems say is booked: asked for wherever a time is about to be given away here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import and_

from nexapp.slots.booking_systems.models import BookingSystem, ExternalBooking
from nexapp.slots.times import clock_words
from nexapp.spine.db import db
from nexapp.spine.tenancy import scoped


def list_booked_elsewhere(staff_ids: Collection[UUID], starts_at: datetime, ends_at: datetime) -> Sequence[Any]:
    """Bookings over there of these people that meet this time, the earliest first."""
    return db.session.execute(
        scoped(ExternalBooking)
        .join(
            BookingSystem,
            and_(BookingSystem.org_id == ExternalBooking.org_id, BookingSystem.id == ExternalBooking.booking_system_id),
        )
        .where(
            ExternalBooking.status == "booked", ExternalBooking.staff_member_id.in_(staff_ids),
            ExternalBooking.starts_at < ends_at, ExternalBooking.ends_at > starts_at,
        )
        .with_only_columns(
            ExternalBooking.staff_member_id, ExternalBooking.starts_at, ExternalBooking.ends_at,
            ExternalBooking.slot_id, BookingSystem.name.label("system"),
        )
        .order_by(ExternalBooking.starts_at, ExternalBooking.id)
    ).all()  # fmt: skip


def elsewhere_words(
    staff_id: UUID, starts_at: datetime, ends_at: datetime, zone: str, but: UUID | None = None
) -> str | None:
    """That the time is booked over there, if it is; not by the booking that filled the slot `but` itself."""
    rows = list_booked_elsewhere([staff_id], starts_at, ends_at)
    found = next((row for row in rows if but is None or row.slot_id != but), None)
    if found is None:
        return None
    start, end = (clock_words(at, zone) for at in (found.starts_at, found.ends_at))
    return _("%(system)s has a booking from %(start)s to %(end)s.", system=found.system, start=start, end=end)
