"""The places of a business. Staff members belong to one, or to none where there is only one."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select

from nexapp.identity.errors import LocationNotFound
from nexapp.identity.models import Location
from nexapp.identity.staff import get_staff_member
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import current_actor, scoped


def list_locations() -> list[Location]:
    """The acting business's places, those in use first."""
    order = (Location.is_active.desc(), Location.position, Location.created_at)
    return list(db.session.scalars(scoped(Location).order_by(*order)))


def get_location(location_id: UUID) -> Location:
    found: Location | None = db.session.scalar(scoped(Location).where(Location.id == location_id))
    if found is None:
        raise LocationNotFound
    return found


def add_location(name: str, address: str | None, phone: str | None) -> Location:
    """Raises `BadInput` for a name that another place has."""
    org_id = current_actor().tenant
    _refuse_known_name(name)
    last = db.session.scalar(select(func.max(Location.position)).where(Location.org_id == org_id))
    location = Location(
        org_id=org_id, name=name, address=address, phone=phone, position=0 if last is None else last + 1
    )  # fmt: skip
    db.session.add(location)
    db.session.flush()
    audit.record("location.added", "location", location.id)
    return location


def change_location(location_id: UUID, name: str, address: str | None, phone: str | None) -> Location:
    """Raises `BadInput` for a name that another place has."""
    location = get_location(location_id)
    wanted = {"name": name, "address": address, "phone": phone}
    changed = [field for field, value in wanted.items() if getattr(location, field) != value]
    if "name" in changed:
        _refuse_known_name(name, but=location_id)
    for field in changed:
        setattr(location, field, wanted[field])
    if changed:
        db.session.flush()
        audit.record("location.changed", "location", location_id, {"fields": changed})
    return location


def set_location_activity(location_id: UUID, *, is_active: bool) -> Location:
    """Use a place, or no more. What is planned there stays."""
    location = get_location(location_id)
    if location.is_active != is_active:
        location.is_active = is_active
        audit.record("location.activated" if is_active else "location.deactivated", "location", location_id)
    return location


def place_staff_member(staff_id: UUID, location_id: UUID | None) -> None:
    """Say where somebody works; new slots of theirs are there."""
    member = get_staff_member(staff_id)
    chosen = get_location(location_id).id if location_id else None
    if member.location_id != chosen:
        member.location_id = chosen
        db.session.flush()
        audit.record("staff_member.placed", "staff_member", staff_id, {"location": str(chosen) if chosen else None})


def _refuse_known_name(name: str, but: UUID | None = None) -> None:
    same = scoped(Location).where(func.lower(Location.name) == name.lower())
    if db.session.scalar(same.where(Location.id != but) if but else same) is not None:
        raise BadInput(fields={"name": _("Another location has that name.")})
