"""New slots: wall time in the business's zone, checked before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from flask_babel import gettext as _
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import Organization, StaffMember
from nexapp.slots import hours
from nexapp.slots.booking_systems.elsewhere import elsewhere_words
from nexapp.slots.calendar.errors import BookedElsewhere
from nexapp.slots.errors import NotYourSlot, SlotOverlaps
from nexapp.slots.history import record_event
from nexapp.slots.models import Service, Slot
from nexapp.slots.times import FIRST, clock_words, day_words, to_instant, today_in
from nexapp.slots.tokens import topic_token
from nexapp.slots.transitions import may_change_staff
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import current_actor, scoped

SHORTEST_MINUTES, LONGEST_MINUTES = 5, 720
FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class PriceStep:
    """From so many minutes before the start on, the price is this."""

    minutes: int
    cents: int


@dataclass(frozen=True, slots=True)
class NewSlot:
    """What the form says. `key` names the form: the same form twice is the same slot."""

    key: str
    staff_member_id: UUID
    on: date
    at: time
    minutes: int
    which: str | None = None
    service_id: UUID | None = None
    price_cents: int | None = None
    note: str | None = None
    price_steps: tuple[PriceStep, ...] = ()
    location_id: UUID | None = None
    offer_mode: str | None = None
    """How people are asked once it is open; None: as the business does."""
    wave_size: int | None = None
    source: str = "merchant"
    outside_ok: bool = True
    """Whether it may lie outside the opening hours, or under a booking of another system; a form asks first."""

    def again(self, on: date, key: str) -> NewSlot:
        """The same on another day. A time that happens twice there is its first."""
        return replace(self, on=on, key=key, which=self.which or FIRST)


def add_slot(new: NewSlot) -> tuple[UUID, bool]:
    """Add a draft. Gives its id, and whether it is new: a repeated form finds the slot of the first.

    Raises `BadInput` with a sentence for the field, `errors.SlotOverlaps`, `TimeDoesNotExist`, `TimeHappensTwice`.
    """
    lock_calendar()
    zone = time_zone()
    _check_people(new)
    starts_at = _check_time(new, zone)
    slot_id = uuid5(current_actor().tenant, new.key)
    if _find(slot_id) is not None:
        return slot_id, False
    _check_hours(new, starts_at, zone)
    added = _insert(new, slot_id, starts_at)
    if added is not None:
        record_event(added, "added")
        audit.record("slot.added", "slot", slot_id)
        return slot_id, True
    if _find(slot_id) is not None:
        return slot_id, False
    raise overlap_at(new.staff_member_id, starts_at, starts_at + timedelta(minutes=new.minutes), zone)


def lock_calendar() -> None:
    """One move or addition of a business at a time: two that swap places would wait for each other for ever."""
    key = f"calendar:{current_actor().tenant}"
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def time_zone() -> str:
    """The acting business's."""
    found = db.session.scalar(select(Organization.time_zone).where(Organization.id == current_actor().tenant))
    return str(found)


def _check_people(new: NewSlot) -> None:
    staff = db.session.scalar(
        scoped(StaffMember)
        .where(StaffMember.id == new.staff_member_id, StaffMember.is_active)
        .with_only_columns(StaffMember.id)
    )
    if staff is None:
        raise BadInput(fields={"staff_member_id": _("Choose somebody of your team.")})
    if not may_change_staff(new.staff_member_id):
        raise NotYourSlot
    if new.service_id is not None and not db.session.scalar(
        scoped(Service).where(Service.id == new.service_id).with_only_columns(Service.id)
    ):
        raise BadInput(fields={"service_id": _("Choose one of your services.")})


def _check_time(new: NewSlot, zone: str) -> datetime:
    check_length(new.minutes)
    return check_when(new.on, new.at, zone, new.which)


def check_length(minutes: int) -> None:
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        sentence = _("A slot lasts from %(least)s minutes to %(most)s hours.", least=SHORTEST_MINUTES, most=12)
        raise BadInput(fields={"minutes": sentence})


def check_when(on: date, at: time, zone: str, which: str | None = None) -> datetime:
    """The instant of a wall time that lies ahead. Raises `BadInput`, `TimeDoesNotExist`, `TimeHappensTwice`."""
    today = today_in(zone)
    if on < today:
        raise BadInput(fields={"on": _("%(day)s is over. Choose today or later.", day=day_words(on))})
    if on > today + FARTHEST:
        raise BadInput(fields={"on": _("That is more than a year away.")})
    starts_at = to_instant(on, at, zone, which)
    if starts_at <= now():
        current = clock_words(now(), zone)
        raise BadInput(fields={"at": _("This time has passed: it is %(now)s now.", now=current)})
    return starts_at


def _check_hours(new: NewSlot, starts_at: datetime, zone: str) -> None:
    ends_at = starts_at + timedelta(minutes=new.minutes)
    rules = hours.rules_at(zone, starts_at, ends_at)
    hours.refuse_blocked(rules, new.staff_member_id, starts_at, ends_at)
    if not new.outside_ok:
        _warn_booked_elsewhere(new, starts_at, ends_at, zone)
        hours.warn_outside(rules, new.staff_member_id, starts_at, ends_at)


def _warn_booked_elsewhere(new: NewSlot, starts_at: datetime, ends_at: datetime, zone: str) -> None:
    if words := elsewhere_words(new.staff_member_id, starts_at, ends_at, zone):
        raise BookedElsewhere(words, fields={"outside_ok": words})


def _insert(new: NewSlot, slot_id: UUID, starts_at: datetime) -> Any:
    actor = current_actor()
    # Without a target: the same form again and an overlap both leave the row out, and no transaction is lost.
    return db.session.execute(
        insert(Slot)
        .values(
            id=slot_id, org_id=actor.tenant, staff_member_id=new.staff_member_id, service_id=new.service_id,
            starts_at=starts_at, ends_at=starts_at + timedelta(minutes=new.minutes), price_cents=new.price_cents,
            note=new.note, status="draft", round=0, public_token=topic_token(), created_by=actor.user_id,
            location_id=new.location_id, source=new.source, offer_mode=new.offer_mode, wave_size=new.wave_size,
            price_steps=[{"minutes": step.minutes, "cents": step.cents} for step in new.price_steps],
        )
        .on_conflict_do_nothing()
        .returning(Slot.id, Slot.org_id, Slot.round, Slot.public_token)
    ).first()  # fmt: skip


def _find(slot_id: UUID) -> UUID | None:
    found: UUID | None = db.session.scalar(scoped(Slot).where(Slot.id == slot_id).with_only_columns(Slot.id))
    return found


def overlap_at(
    staff_id: UUID, starts_at: datetime, ends_at: datetime, zone: str, but: UUID | None = None
) -> SlotOverlaps:
    """The refusal that names the slot which is in the way."""
    other = db.session.execute(
        select(Slot.starts_at, Slot.ends_at, StaffMember.display_name)
        .join(StaffMember, (StaffMember.org_id == Slot.org_id) & (StaffMember.id == Slot.staff_member_id))
        .where(
            Slot.org_id == current_actor().tenant, Slot.staff_member_id == staff_id, Slot.id.is_distinct_from(but),
            Slot.starts_at < ends_at, Slot.ends_at > starts_at, Slot.status.not_in(("cancelled", "expired")),
        )
        .order_by(Slot.starts_at)
    ).first()  # fmt: skip
    if other is None:
        return SlotOverlaps(fields={"at": _("That time was taken a moment ago and is free again. Send it once more.")})
    sentence = _(
        "%(staff)s already has a slot from %(start)s to %(end)s on that day.",
        staff=other.display_name,
        start=clock_words(other.starts_at, zone),
        end=clock_words(other.ends_at, zone),
    )
    return SlotOverlaps(sentence, fields={"at": sentence})
