"""What the calendar shows. One statement for the slots, however many days and people it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from nexapp.identity.models import StaffMember
from nexapp.slots.models import ConsumerProfile, Service, Slot
from nexapp.slots.queries import shown_status
from nexapp.slots.times import midnight
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

MOST_SLOTS = 1500
"""Of one week. More than a day's quarter-hours for each of twenty people are not read anyway."""


def list_calendar_staff(first: date, last: date, zone: str) -> Sequence[Any]:
    """The team, and whoever left it and still has slots on these local days: they are not lost from sight."""
    stays = _on_days(first, last, zone).where(Slot.staff_member_id == StaffMember.id)
    return db.session.execute(
        select(StaffMember.id, StaffMember.display_name, StaffMember.color, StaffMember.user_id, StaffMember.is_active)
        .where(StaffMember.org_id == current_actor().tenant, or_(StaffMember.is_active, stays.exists()))
        .order_by(StaffMember.is_active.desc(), StaffMember.position, StaffMember.display_name)
    ).all()


def list_calendar_slots(first: date, last: date, zone: str, staff_ids: Sequence[UUID]) -> Sequence[Any]:
    """The slots of these local days that were not cancelled, in order of time."""
    holder, guest = (ConsumerProfile.__table__.alias(name) for name in ("holder", "guest"))
    return db.session.execute(
        _on_days(first, last, zone)
        .with_only_columns(
            Slot.id, Slot.staff_member_id, Slot.starts_at, Slot.ends_at, Slot.sequence, Slot.held_until,
            Slot.pending_until, shown_status().label("state"), Service.name.label("service"),
            holder.c.name.label("holder"), func.coalesce(Slot.booked_name, guest.c.name).label("client"),
        )
        .outerjoin(Service, and_(Service.org_id == Slot.org_id, Service.id == Slot.service_id))
        .outerjoin(holder, and_(holder.c.org_id == Slot.org_id, holder.c.consumer_id == Slot.held_consumer_id))
        .outerjoin(guest, and_(guest.c.org_id == Slot.org_id, guest.c.consumer_id == Slot.booked_consumer_id))
        .where(Slot.staff_member_id.in_(staff_ids))
        .order_by(Slot.starts_at, Slot.id)
        .limit(MOST_SLOTS)
    ).all()  # fmt: skip


def _on_days(first: date, last: date, zone: str) -> Any:
    """Slots that were not cancelled and touch these local days; none is longer than twelve hours."""
    begins, ends = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    return select(Slot.id).where(
        Slot.org_id == current_actor().tenant, Slot.starts_at < ends, Slot.ends_at > begins,
        Slot.starts_at > begins - timedelta(hours=12), Slot.status != "cancelled",
    )  # fmt: skip
