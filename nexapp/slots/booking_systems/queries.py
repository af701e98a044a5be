"""What the pages of booking systems show: a bounded number of statements for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, tuple_

from nexapp.identity.models import StaffMember
from nexapp.slots.booking_systems.models import BookingDelivery, BookingStaff, BookingSystem, ExternalBooking
from nexapp.slots.models import Slot
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import current_actor, scoped

PAGE = 25
MOST_WAITING = 100
NEEDS_A_PERSON = ("waiting_approval", "waiting_staff", "conflict")
Cursor = tuple[datetime, UUID]


def list_systems() -> Sequence[Any]:
    """Each with when it last heard something and how many bookings lie ahead."""
    own = BookingDelivery.booking_system_id == BookingSystem.id
    last = select(func.max(BookingDelivery.created_at)).where(BookingDelivery.org_id == BookingSystem.org_id, own)
    ahead = select(func.count()).where(
        ExternalBooking.org_id == BookingSystem.org_id, ExternalBooking.booking_system_id == BookingSystem.id,
        ExternalBooking.status == "booked", ExternalBooking.starts_at > func.now(),
    )  # fmt: skip
    return db.session.execute(
        scoped(BookingSystem)
        .outerjoin(StaffMember, _staff_of(BookingSystem))
        .with_only_columns(
            *BookingSystem.__table__.columns, StaffMember.display_name.label("staff"),
            last.correlate(BookingSystem).scalar_subquery().label("last_at"),
            ahead.correlate(BookingSystem).scalar_subquery().label("ahead"),
        )
        .order_by(BookingSystem.created_at, BookingSystem.id)
    ).all()  # fmt: skip


def find_system(system_id: UUID) -> Any:
    found = next((row for row in list_systems() if row.id == system_id), None)
    if found is None:
        raise NotFound
    return found


def list_waiting(system_id: UUID | None = None) -> Sequence[Any]:
    """What waits for a person, the earliest time first."""
    wanted = _deliveries().where(BookingDelivery.outcome.in_(NEEDS_A_PERSON))
    if system_id is not None:
        wanted = wanted.where(BookingDelivery.booking_system_id == system_id)
    order = (BookingDelivery.outcome, BookingDelivery.starts_at, BookingDelivery.id)
    return db.session.execute(wanted.order_by(*order).limit(MOST_WAITING)).all()


def count_waiting() -> int:
    wanted = scoped(BookingDelivery).where(BookingDelivery.outcome.in_(NEEDS_A_PERSON))
    return db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0


def list_deliveries(system_id: UUID, after: Cursor | None) -> tuple[Sequence[Any], Cursor | None]:
    """The latest first, and where the page ends if there are more."""
    place = tuple_(BookingDelivery.created_at, BookingDelivery.id)
    wanted = _deliveries().where(BookingDelivery.booking_system_id == system_id)
    wanted = wanted.where(place < after) if after else wanted
    order = (BookingDelivery.created_at.desc(), BookingDelivery.id.desc())
    rows = db.session.execute(wanted.order_by(*order).limit(PAGE + 1)).all()
    return (rows[:PAGE], (rows[PAGE - 1].created_at, rows[PAGE - 1].id)) if len(rows) > PAGE else (rows, None)


def list_named_staff(system_id: UUID) -> Sequence[Any]:
    """Who is known under which name over there."""
    return db.session.execute(
        select(BookingStaff.reference, BookingStaff.staff_member_id, StaffMember.display_name)
        .join(StaffMember, _staff_of(BookingStaff))
        .where(BookingStaff.org_id == current_actor().tenant, BookingStaff.booking_system_id == system_id)
        .order_by(BookingStaff.reference)
    ).all()


def _deliveries() -> Any:
    return (
        scoped(BookingDelivery)
        .join(
            BookingSystem,
            and_(BookingSystem.org_id == BookingDelivery.org_id, BookingSystem.id == BookingDelivery.booking_system_id),
        )
        .outerjoin(Slot, and_(Slot.org_id == BookingDelivery.org_id, Slot.id == BookingDelivery.slot_id))
        .with_only_columns(
            *BookingDelivery.__table__.columns, BookingSystem.name.label("system"), Slot.starts_at.label("slot_at"),
        )
    )  # fmt: skip


def _staff_of(model: Any) -> Any:
    return and_(StaffMember.org_id == model.org_id, StaffMember.id == model.staff_member_id)
