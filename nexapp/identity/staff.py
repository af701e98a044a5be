"""Staff members: whose time can be booked, with or without a sign-in of their own."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select

from nexapp.identity.errors import LastStaffMember, StaffMemberNotFound
from nexapp.identity.models import StaffMember
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import scoped

COLORS = ("blue", "green", "orange", "purple", "teal", "pink", "yellow", "cyan", "red", "lime")


def list_staff() -> list[StaffMember]:
    """The acting organisation's staff, those who work there first."""
    order = (StaffMember.is_active.desc(), StaffMember.position, StaffMember.created_at)
    return list(db.session.scalars(scoped(StaffMember).order_by(*order)))


def get_staff_member(staff_id: UUID) -> StaffMember:
    found: StaffMember | None = db.session.scalar(scoped(StaffMember).where(StaffMember.id == staff_id))
    if found is None:
        raise StaffMemberNotFound
    return found


def add_staff_member(org_id: UUID, display_name: str, user_id: UUID | None = None) -> StaffMember:
    """Add somebody at the end of the list, in the next colour."""
    position = db.session.scalar(
        select(func.coalesce(func.max(StaffMember.position) + 1, 0)).where(StaffMember.org_id == org_id)
    )
    member = StaffMember(
        org_id=org_id, user_id=user_id, display_name=display_name, position=position or 0,
        color=COLORS[(position or 0) % len(COLORS)],
    )  # fmt: skip
    db.session.add(member)
    db.session.flush()
    audit.record("staff_member.added", "staff_member", member.id, org_id=org_id)
    return member


def hire(org_id: UUID, display_name: str) -> StaffMember:
    """Add a staff member by hand. Raises `BadInput` where the list has the name already."""
    _refuse_known_name(display_name)
    return add_staff_member(org_id, display_name)


def rename_staff_member(staff_id: UUID, display_name: str) -> StaffMember:
    member = get_staff_member(staff_id)
    if member.display_name != display_name:
        _refuse_known_name(display_name, but=staff_id)
        member.display_name = display_name
        audit.record("staff_member.renamed", "staff_member", staff_id)
    return member


def set_staff_activity(staff_id: UUID, *, is_active: bool) -> StaffMember:
    """Let somebody take slots, or no more. Slots they have stay. Raises `LastStaffMember`."""
    member = get_staff_member(staff_id)
    if member.is_active == is_active:
        return member
    if not is_active and _lock_active() == {staff_id}:
        raise LastStaffMember(_("Somebody has to take the slots. Add another person first."))
    member.is_active = is_active
    audit.record("staff_member.activated" if is_active else "staff_member.deactivated", "staff_member", staff_id)
    return member


def _lock_active() -> set[UUID]:
    # Locked, in one order, so that two people don't each take away the last but one.
    active = scoped(StaffMember).where(StaffMember.is_active).order_by(StaffMember.id).with_for_update()
    return {member.id for member in db.session.scalars(active)}


def _refuse_known_name(display_name: str, but: UUID | None = None) -> None:
    same = scoped(StaffMember).where(func.lower(StaffMember.display_name) == display_name.lower())
    if db.session.scalar(same.where(StaffMember.id != but) if but else same) is not None:
        raise BadInput(fields={"display_name": _("Somebody of that name is on the list already.")})
