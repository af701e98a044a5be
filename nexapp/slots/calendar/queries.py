"""What the calendar shows. One statement for the slots, however many days and people it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select

from nexapp.slots.models import ConsumerProfile, Service, Slot
from nexapp.slots.queries import shown_status
from nexapp.slots.times import midnight
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

MOST_SLOTS = 1500
"""Of one week. More than a day's quarter-hours for each of twenty people are not read anyway."""


def list_calendar_slots(first: date, last: date, zone: str, staff_ids: Sequence[UUID]) -> Sequence[Any]:
    """The slots of these local days that were not cancelled, in order of time."""
    holder, guest = (ConsumerProfile.__table__.alias(name) for name in ("holder", "guest"))
    begins, ends = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    return db.session.execute(
        select(
            Slot.id, Slot.staff_member_id, Slot.starts_at, Slot.ends_at, Slot.sequence, Slot.held_until,
            Slot.pending_until, shown_status().label("state"), Service.name.label("service"),
            holder.c.name.label("holder"), func.coalesce(Slot.booked_name, guest.c.name).label("client"),
        )
        .outerjoin(Service, and_(Service.org_id == Slot.org_id, Service.id == Slot.service_id))
        .outerjoin(holder, and_(holder.c.org_id == Slot.org_id, holder.c.consumer_id == Slot.held_consumer_id))
        .outerjoin(guest, and_(guest.c.org_id == Slot.org_id, guest.c.consumer_id == Slot.booked_consumer_id))
        .where(
            Slot.org_id == current_actor().tenant, Slot.starts_at < ends, Slot.ends_at > begins,
            Slot.starts_at > begins - timedelta(hours=12), Slot.status != "cancelled",
            Slot.staff_member_id.in_(staff_ids),
        )
        .order_by(Slot.starts_at, Slot.id)
        .limit(MOST_SLOTS)
    ).all()  # fmt: skip
