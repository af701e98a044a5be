"""Whose booking it is: who the other system's name, address or id is in the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import StaffMember, User
from nexapp.slots.booking_systems.changes import Change
from nexapp.slots.booking_systems.models import BookingStaff
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor, scoped


def find_staff(system: Any, change: Change) -> UUID | None:
    """What was said once counts first, then the same name or address; a team of one needs neither."""
    if system.staff_member_id is not None:
        return UUID(str(system.staff_member_id))
    if change.staff_member_id:
        return UUID(change.staff_member_id)
    return _told(system.id, change.reference) or _alike(change) or _only_one()


def remember_staff(booking_system_id: UUID, reference: str, staff_member_id: UUID) -> None:
    db.session.execute(
        insert(BookingStaff)
        .values(
            org_id=current_actor().tenant, booking_system_id=booking_system_id, reference=reference,
            staff_member_id=staff_member_id,
        )
        .on_conflict_do_update(
            index_elements=["org_id", "booking_system_id", "reference"], set_={"staff_member_id": staff_member_id}
        )
    )  # fmt: skip
    audit.record("booking_system.staff_named", "booking_system", booking_system_id, {"staff": str(staff_member_id)})


def _told(booking_system_id: UUID, reference: str) -> UUID | None:
    found: UUID | None = db.session.scalar(
        select(BookingStaff.staff_member_id).where(
            BookingStaff.org_id == current_actor().tenant, BookingStaff.booking_system_id == booking_system_id,
            BookingStaff.reference == reference,
        )
    )  # fmt: skip
    return found


def _alike(change: Change) -> UUID | None:
    """The one of that name or address; two of them are as good as none."""
    names = {name.casefold() for name in (change.staff_reference, change.staff_name) if name}
    if not names:
        return None
    found = db.session.scalars(
        scoped(StaffMember)
        .outerjoin(User, User.id == StaffMember.user_id)
        .where(
            StaffMember.is_active,
            or_(func.lower(StaffMember.display_name).in_(names), func.lower(User.email).in_(names)),
        )
        .with_only_columns(StaffMember.id)
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def _only_one() -> UUID | None:
    team = scoped(StaffMember).where(StaffMember.is_active).with_only_columns(StaffMember.id).limit(2)
    found = db.session.scalars(team).all()
    return found[0] if len(found) == 1 else None
