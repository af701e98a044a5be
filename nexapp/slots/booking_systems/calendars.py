"""A staff member's slots and blocked times as a calendar that other programs subscribe to.

Whoever has the address reads it, so it says first names only. A new address makes the old one unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from icalendar import Calendar, Event
from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.events import AccessEnded
from nexapp.identity.models import Organization, StaffMember
from nexapp.slots.booking_systems.addresses import calendar_hash
from nexapp.slots.booking_systems.calendar_reading import OWN_UIDS
from nexapp.slots.booking_systems.models import StaffCalendar
from nexapp.slots.calendar.models import BlockedTime
from nexapp.slots.errors import NotYourSlot
from nexapp.slots.models import ConsumerProfile, Service, Slot
from nexapp.slots.offers import first_name
from nexapp.slots.transitions import may_change_staff
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.events import on
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role, current_actor, scoped

BACK, AHEAD = timedelta(days=30), timedelta(days=180)
TAKEN = ("pending", "booked", "completed", "no_show")


def add_calendar(staff_member_id: UUID) -> UUID:
    """Give a staff member's calendar an address; where it has one already, that. Raises `NotYourSlot`."""
    _refuse_foreign(staff_member_id)
    calendar_id, actor = new_id(), current_actor()
    added = db.session.scalar(
        insert(StaffCalendar)
        .values(
            id=calendar_id, org_id=actor.tenant, staff_member_id=staff_member_id, generation=1,
            token_hash=calendar_hash(calendar_id, 1), created_by=actor.user_id,
        )
        .on_conflict_do_nothing()
        .returning(StaffCalendar.id)
    )  # fmt: skip
    if added is None:
        return _get_of(staff_member_id)
    audit.record("staff_calendar.added", "staff_calendar", added)
    return UUID(str(added))


def change_address(calendar_id: UUID) -> None:
    """A new address; who subscribed to the old one sees nothing new any more."""
    calendar = get_calendar(calendar_id)
    generation = calendar.generation + 1
    db.session.execute(
        update(StaffCalendar)
        .where(StaffCalendar.org_id == calendar.org_id, StaffCalendar.id == calendar_id)
        .values(generation=generation, token_hash=calendar_hash(calendar_id, generation))
    )
    audit.record("staff_calendar.address_changed", "staff_calendar", calendar_id)


def remove_calendar(calendar_id: UUID) -> None:
    db.session.delete(get_calendar(calendar_id))
    audit.record("staff_calendar.removed", "staff_calendar", calendar_id)


@on(AccessEnded, inline=True)
def end_known_addresses(event: AccessEnded) -> None:
    """Who is out of the team would read on under an address they know: those they made, and that of their own time."""
    theirs = select(StaffMember.id).where(StaffMember.org_id == event.org_id, StaffMember.user_id == event.user_id)
    ended = db.session.scalars(
        delete(StaffCalendar)
        .where(
            StaffCalendar.org_id == event.org_id,
            or_(StaffCalendar.created_by == event.user_id, StaffCalendar.staff_member_id.in_(theirs)),
        )
        .returning(StaffCalendar.id)
        .execution_options(synchronize_session=False)
    ).all()
    for calendar_id in ended:
        audit.record("staff_calendar.removed", "staff_calendar", calendar_id)


def get_calendar(calendar_id: UUID) -> Any:
    """The actor's own or, for managers, anybody's. Raises `NotFound`, `NotYourSlot`."""
    found = db.session.scalars(scoped(StaffCalendar).where(StaffCalendar.id == calendar_id)).first()
    if found is None:
        raise NotFound
    _refuse_foreign(found.staff_member_id)
    return found


def list_calendars() -> list[Any]:
    """Each staff member whose slots the actor may change, with their calendar's id where it has an address."""
    rows = db.session.execute(
        scoped(StaffMember)
        .outerjoin(
            StaffCalendar,
            and_(StaffCalendar.org_id == StaffMember.org_id, StaffCalendar.staff_member_id == StaffMember.id),
        )
        .where(StaffMember.is_active)
        .with_only_columns(
            StaffMember.id.label("staff_member_id"), StaffMember.display_name, StaffMember.user_id, StaffCalendar.id,
            StaffCalendar.generation,
        )
        .order_by(StaffMember.position, StaffMember.display_name)
    ).all()  # fmt: skip
    actor = current_actor()
    return [row for row in rows if actor.role.at_least(Role.MANAGER) or row.user_id == actor.user_id]


def write_calendar(staff_member_id: UUID) -> bytes:
    """The calendar as a file; the same bytes until something in it changes."""
    facts = db.session.execute(
        select(StaffMember.display_name, Organization.name, Organization.time_zone)
        .join(Organization, Organization.id == StaffMember.org_id)
        .where(StaffMember.org_id == current_actor().tenant, StaffMember.id == staff_member_id)
    ).one()
    calendar = Calendar()
    calendar.add("prodid", "-//NexApp//Slots//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{facts.display_name} · {facts.name}")
    calendar.add("refresh-interval;value=duration", "PT5M")
    for event in (*_slots(staff_member_id), *_blocked(staff_member_id, facts.time_zone)):
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _slots(staff_member_id: UUID) -> Iterator[Event]:
    rows = db.session.execute(
        scoped(Slot)
        .outerjoin(Service, and_(Service.org_id == Slot.org_id, Service.id == Slot.service_id))
        .outerjoin(
            ConsumerProfile,
            and_(ConsumerProfile.org_id == Slot.org_id, ConsumerProfile.consumer_id == Slot.booked_consumer_id),
        )
        .where(
            Slot.staff_member_id == staff_member_id, Slot.status.in_(TAKEN),
            Slot.starts_at > func.now() - BACK, Slot.starts_at < func.now() + AHEAD,
        )
        .with_only_columns(
            Slot.id, Slot.starts_at, Slot.ends_at, Slot.status, Slot.sequence, Slot.updated_at,
            Service.name.label("service"), func.coalesce(Slot.booked_name, ConsumerProfile.name, "").label("client"),
        )
        .order_by(Slot.starts_at, Slot.id)
    )  # fmt: skip
    for row in rows:
        words = [row.service or _("Appointment"), first_name(row.client)]
        event = _event(str(row.id), row.starts_at, row.ends_at, ": ".join(filter(None, words)), row.updated_at)
        event.add("sequence", row.sequence)
        event.add("status", "TENTATIVE" if row.status == "pending" else "CONFIRMED")
        yield event


def _blocked(staff_member_id: UUID, zone: str) -> Iterator[Event]:
    first = (now() - BACK).astimezone(ZoneInfo(zone)).date()
    rows = db.session.scalars(
        scoped(BlockedTime)
        .where(
            (BlockedTime.staff_member_id == staff_member_id) | BlockedTime.staff_member_id.is_(None),
            BlockedTime.is_weekly | (BlockedTime.ends_on >= first),
        )
        .order_by(BlockedTime.starts_on, BlockedTime.id)
    )
    for row in rows:
        starts_at = datetime.combine(row.starts_on, row.starts, ZoneInfo(zone))
        ends_at = datetime.combine(row.ends_on, row.ends, ZoneInfo(zone))
        event = _event(str(row.id), starts_at, ends_at, row.note or _("Blocked"), row.created_at)
        if row.is_weekly:
            event.add("rrule", {"freq": "weekly", **_until(row.weekly_until, starts_at)})
        yield event


def _until(last: date | None, starts_at: datetime) -> dict[str, datetime]:
    return {} if last is None else {"until": datetime.combine(last, starts_at.timetz()).astimezone(UTC)}


def _event(name: str, starts_at: datetime, ends_at: datetime, summary: str, changed_at: datetime) -> Event:
    event = Event()
    event.add("uid", f"{name}{OWN_UIDS}")
    # When it last changed, not when it is read: else no two readings were equal.
    event.add("dtstamp", changed_at.astimezone(UTC))
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("summary", summary)
    return event


def _get_of(staff_member_id: UUID) -> UUID:
    wanted = scoped(StaffCalendar).where(StaffCalendar.staff_member_id == staff_member_id)
    return UUID(str(db.session.scalar(wanted.with_only_columns(StaffCalendar.id))))


def _refuse_foreign(staff_member_id: UUID) -> None:
    known = scoped(StaffMember).where(StaffMember.id == staff_member_id).with_only_columns(StaffMember.id)
    if db.session.scalar(known) is None:
        raise NotFound
    if not may_change_staff(staff_member_id):
        raise NotYourSlot
