"""What the merchant's pages of slots show. Rows, not objects; a bounded number of statements for each page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, case, func, lateral, select, true, tuple_

from nexapp.identity.models import Location, Organization, StaffMember
from nexapp.slots.models import ConsumerProfile, NotifyRequest, Service, Slot, SlotOffer
from nexapp.slots.times import midnight
from nexapp.slots.transitions import effective_status
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import Role, current_actor

PAGE = 40
FILLED = ("booked", "completed", "no_show")
LISTED = (
    Slot.id, Slot.starts_at, Slot.ends_at, Slot.status, Slot.round, Slot.held_until, Slot.pending_until,
    Slot.pending_for,
)  # fmt: skip
"""What lists show of a slot, beside names and counts."""

Cursor = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class SlotFilter:
    """Which slots a list shows: local days (both included), one staff member, one state."""

    first: date
    last: date
    staff_member_id: UUID | None = None
    state: str | None = None


def public_link(slug: str) -> str:
    """Where people put themselves on the list."""
    return f"{settings().base_url}/b/{slug}"


def list_staff() -> Sequence[Any]:
    return db.session.execute(
        select(StaffMember.id, StaffMember.display_name, StaffMember.color, StaffMember.user_id)
        .where(StaffMember.org_id == _tenant(), StaffMember.is_active)
        .order_by(StaffMember.position, StaffMember.display_name)
    ).all()


def list_own_staff() -> Sequence[Any]:
    """Those of the team whose slots the actor may change."""
    actor = current_actor()
    return [staff for staff in list_staff() if actor.role.at_least(Role.MANAGER) or staff.user_id == actor.user_id]


def list_services() -> Sequence[Any]:
    return db.session.execute(
        select(Service.id, Service.name, Service.minutes, Service.price_cents)
        .where(Service.org_id == _tenant(), Service.is_active)
        .order_by(Service.name)
    ).all()


def list_locations() -> Sequence[Any]:
    """The places of the business that are in use."""
    return db.session.execute(
        select(Location.id, Location.name)
        .where(Location.org_id == _tenant(), Location.is_active)
        .order_by(Location.position, Location.name)
    ).all()


def list_slots(
    wanted: SlotFilter, zone: str, *, after: Cursor | None = None, until: Cursor | None = None
) -> tuple[Sequence[Any], Cursor | None]:
    """A page of slots in order of time, and where it ends if there are more.

    `until` asks again for a page that ended there, however many slots it has now.
    """
    query = _page_statement(bool(wanted.staff_member_id), bool(wanted.state), after is not None, until is not None)
    rows = db.session.execute(query, {
        **_days(wanted.first, wanted.last, zone), "staff": wanted.staff_member_id, "state": wanted.state,
        **_place("after", after), **_place("until", until),
    }).all()  # fmt: skip
    more = until is None and len(rows) > PAGE
    return (rows[:PAGE], (rows[PAGE - 1].starts_at, rows[PAGE - 1].id)) if more else (rows, None)


def list_day(on: date, zone: str) -> Sequence[Any]:
    """All slots of a local day in order of time, however many the team has."""
    return db.session.execute(_day_statement(), _days(on, on, zone)).all()


def get_slot(slot_id: UUID) -> Any:
    """One slot with its names, counts and business. Raises `NotFound`."""
    row = db.session.execute(_slot_statement(), {"org": _tenant(), "slot": slot_id}).first()
    if row is None:
        raise NotFound
    return row


def list_drafts(slot_ids: Sequence[UUID]) -> list[UUID]:
    """Those of them that were never opened."""
    wanted = select(Slot.id).where(Slot.org_id == _tenant(), Slot.id.in_(slot_ids), Slot.status == "draft")
    return list(db.session.scalars(wanted.where(Slot.round == 0)))


def list_live_slots() -> Sequence[Any]:
    """Slots that people are being asked about now, the latest opened first."""
    return db.session.execute(_live_statement(), {"org": _tenant()}).all()


def list_bookings_ahead(until: datetime) -> Sequence[Any]:
    """Booked slots that may still be offered to somebody else, the next first."""
    return db.session.execute(_ahead_statement(), {"org": _tenant(), "until": until}).all()


def count_waiting() -> int:
    return _count_in("active")


def count_invited() -> int:
    """Put on the list by the business, and not answered yet."""
    return _count_in("invited")


def _count_in(state: str) -> int:
    found = select(func.count()).where(NotifyRequest.org_id == _tenant(), NotifyRequest.status == state)
    return db.session.scalar(found) or 0


def shown_status() -> Any:
    """The state as people see it: what nobody took by its start has expired, whether or not a job said so yet."""
    status = effective_status()
    return case((status.in_(("draft", "open", "held")) & (Slot.starts_at <= func.now()), "expired"), else_=status)


# Each statement is built once: building one takes longer than it runs. Whose rows it reads is one of its values.
@cache
def _page_statement(by_staff: bool, by_state: bool, is_after: bool, is_until: bool) -> Any:
    query = _on_days()
    if by_staff:
        query = query.where(Slot.staff_member_id == bindparam("staff"))
    if by_state:
        query = query.where(shown_status() == bindparam("state"))
    place = tuple_(Slot.starts_at, Slot.id)
    if is_after:
        query = query.where(place > tuple_(bindparam("after_at"), bindparam("after_id")))
    if is_until:
        query = query.where(place <= tuple_(bindparam("until_at"), bindparam("until_id")))
    else:
        query = query.limit(PAGE + 1)
    return query.order_by(Slot.starts_at, Slot.id)


@cache
def _day_statement() -> Any:
    return _on_days().order_by(Slot.starts_at, Slot.id)


@cache
def _slot_statement() -> Any:
    return _slot_rows(tuple(Slot.__table__.columns)).where(Slot.id == bindparam("slot"))


@cache
def _live_statement() -> Any:
    live = shown_status().in_(("open", "held", "pending"))
    return _slot_rows().where(live).order_by(Slot.opened_at.desc()).limit(6)


@cache
def _ahead_statement() -> Any:
    return (
        _slot_rows()
        .where(Slot.status == "booked", Slot.starts_at > func.now(), Slot.starts_at < bindparam("until"))
        .order_by(Slot.starts_at, Slot.id)
        .limit(PAGE)
    )


def _slot_rows(columns: Sequence[Any] = LISTED) -> Any:
    counts = _counts()
    holder, guest = (ConsumerProfile.__table__.alias(name) for name in ("holder", "guest"))
    return (
        select(
            *columns,
            shown_status().label("state"),
            StaffMember.display_name.label("staff"), StaffMember.color, StaffMember.user_id.label("staff_user_id"),
            Service.name.label("service"), holder.c.name.label("holder"),
            func.coalesce(Slot.booked_name, guest.c.name).label("client"),
            counts.c.texted, counts.c.looked,
            Organization.name.label("business"), Organization.time_zone, Organization.currency,
            Organization.notice_minutes, Organization.average_value_cents,
        )
        .join(Organization, Organization.id == Slot.org_id)
        .join(StaffMember, and_(StaffMember.org_id == Slot.org_id, StaffMember.id == Slot.staff_member_id))
        .outerjoin(Service, and_(Service.org_id == Slot.org_id, Service.id == Slot.service_id))
        .outerjoin(holder, and_(holder.c.org_id == Slot.org_id, holder.c.consumer_id == Slot.held_consumer_id))
        .outerjoin(guest, and_(guest.c.org_id == Slot.org_id, guest.c.consumer_id == Slot.booked_consumer_id))
        .join(counts, onclause=true())
        .where(Slot.org_id == bindparam("org"))
    )  # fmt: skip


def _on_days() -> Any:
    return _slot_rows().where(Slot.starts_at >= bindparam("first"), Slot.starts_at < bindparam("end"))


def _days(first: date, last: date, zone: str) -> dict[str, Any]:
    return {"org": _tenant(), "first": midnight(first, zone), "end": midnight(last + timedelta(days=1), zone)}


def _place(name: str, cursor: Cursor | None) -> dict[str, Any]:
    return {f"{name}_at": cursor[0], f"{name}_id": cursor[1]} if cursor else {}


def _counts() -> Any:
    offers = select(func.count().label("texted"), func.count(SlotOffer.opened_at).label("looked")).where(
        SlotOffer.org_id == Slot.org_id, SlotOffer.slot_id == Slot.id, SlotOffer.round == Slot.round
    )
    return lateral(offers.correlate(Slot)).alias("counts")


def _tenant() -> UUID:
    return current_actor().tenant
