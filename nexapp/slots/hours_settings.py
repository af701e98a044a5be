"""Changing opening hours, their exceptions and blocked times. Slots that exist stay where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import StaffMember
from nexapp.slots.adding import lock_calendar
from nexapp.slots.calendar.models import BlockedTime, HourException, OpeningHours
from nexapp.slots.errors import NotYourSlot
from nexapp.slots.hours import A_DAY, MIDNIGHT
from nexapp.slots.models import Slot
from nexapp.slots.times import today_in
from nexapp.slots.transitions import may_change_staff
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import Role, current_actor, scoped

LONGEST_BLOCK = timedelta(days=366)
Hours = tuple[int, time, time]
"""Weekday, opening and closing time."""


@dataclass(frozen=True, slots=True)
class Block:
    """A blocked time as its form says it. Nobody in `staff_id`: everybody."""

    staff_id: UUID | None
    starts_on: date
    starts: time
    ends_on: date
    ends: time
    is_weekly: bool = False
    weekly_until: date | None = None
    note: str | None = None


def list_hours(staff_id: UUID | None) -> Sequence[OpeningHours]:
    return db.session.scalars(
        scoped(OpeningHours)
        .where(OpeningHours.staff_member_id.is_not_distinct_from(staff_id))
        .order_by(OpeningHours.weekday, OpeningHours.opens)
    ).all()


def set_hours(staff_id: UUID | None, hours: Sequence[Hours]) -> None:
    """Replace a week's hours; none at all: the business keeps none, a staff member the business's.

    Spans of a day that meet or overlap become one. Raises `BadInput`.
    """
    check_team(staff_id)
    org_id = current_actor().tenant
    merged = merge_hours(hours)
    db.session.execute(
        delete(OpeningHours).where(
            OpeningHours.org_id == org_id, OpeningHours.staff_member_id.is_not_distinct_from(staff_id)
        )
    )
    rows = [
        {"id": new_id(), "org_id": org_id, "staff_member_id": staff_id, "weekday": day, "opens": o, "closes": c}
        for day, o, c in merged
    ]
    if rows:
        db.session.execute(insert(OpeningHours).on_conflict_do_nothing(), rows)
    _changed("opening_hours.changed", staff_id)


def merge_hours(hours: Sequence[Hours]) -> list[Hours]:
    merged: list[Hours] = []
    for day, opens, closes in sorted(hours):
        if closes not in (MIDNIGHT,) and closes <= opens:
            raise BadInput(fields={f"day_{day}": _("It has to close after it opens.")})
        last = merged[-1] if merged else None
        if last and last[0] == day and (last[2] == MIDNIGHT or opens <= last[2]):
            ends = MIDNIGHT if MIDNIGHT in (last[2], closes) else max(last[2], closes)
            merged[-1] = (day, last[1], ends)
        else:
            merged.append((day, opens, closes))
    return merged


def list_exceptions(zone: str) -> Sequence[Any]:
    """Those of today and later, the next first."""
    return db.session.execute(
        select(*HourException.__table__.columns, StaffMember.display_name.label("staff"))
        .outerjoin(
            StaffMember,
            (StaffMember.org_id == HourException.org_id) & (StaffMember.id == HourException.staff_member_id),
        )
        .where(HourException.org_id == current_actor().tenant, HourException.on_date >= today_in(zone))
        .order_by(HourException.on_date, StaffMember.position)
        .limit(200)
    ).all()


def add_exception(
    staff_id: UUID | None, on: date, opens: time | None, closes: time | None, note: str | None, zone: str
) -> None:
    """Other hours on a date, or closed. A second one for the same date replaces the first. Raises `BadInput`."""
    check_team(staff_id)
    if on < today_in(zone):
        raise BadInput(fields={"on_date": _("Choose today or a later day.")})
    if (opens is None) != (closes is None):
        raise BadInput(fields={"closes": _("Enter both times, or none where it is closed.")})
    if opens is not None and closes is not None and closes != MIDNIGHT and closes <= opens:
        raise BadInput(fields={"closes": _("It has to close after it opens.")})
    values = {"opens": opens, "closes": closes, "note": note}
    db.session.execute(
        insert(HourException)
        .values(id=new_id(), org_id=current_actor().tenant, staff_member_id=staff_id, on_date=on, **values)
        .on_conflict_do_update(index_elements=["org_id", "staff_member_id", "on_date"], set_=values)
    )
    _changed("opening_hours.exception_added", staff_id)


def remove_exception(exception_id: UUID) -> None:
    _remove(HourException, exception_id)
    _changed("opening_hours.exception_removed", None)


def list_blocks(zone: str) -> Sequence[Any]:
    """Those that still count, the next first."""
    today = today_in(zone)
    ahead = (BlockedTime.ends_on >= today) | (
        BlockedTime.is_weekly & (BlockedTime.weekly_until.is_(None) | (BlockedTime.weekly_until >= today))
    )
    return db.session.execute(
        select(*BlockedTime.__table__.columns, StaffMember.display_name.label("staff"))
        .outerjoin(
            StaffMember, (StaffMember.org_id == BlockedTime.org_id) & (StaffMember.id == BlockedTime.staff_member_id)
        )
        .where(BlockedTime.org_id == current_actor().tenant, ahead)
        .order_by(BlockedTime.is_weekly.desc(), BlockedTime.starts_on, BlockedTime.starts)
        .limit(200)
    ).all()


def add_block(block: Block, starts_at: datetime, ends_at: datetime) -> int:
    """Block a time. Gives how many slots lie in its first occurrence; they stay, and no new one can be put there.

    Raises `BadInput`, or `NotYourSlot` where staff block a colleague's time or everybody's.
    """
    check_team(block.staff_id)
    may_block(block.staff_id)
    begins, ends = datetime.combine(block.starts_on, block.starts), datetime.combine(block.ends_on, block.ends)
    if ends <= begins:
        raise BadInput(fields={"ends": _("It has to end after it starts.")})
    if block.is_weekly and ends > datetime.combine(block.starts_on, MIDNIGHT) + A_DAY:
        raise BadInput(
            fields={"ends_on": _("A time that repeats ends on the day it starts, at midnight at the latest.")}
        )
    if ends - begins > LONGEST_BLOCK:
        raise BadInput(fields={"ends_on": _("That is too long: at most a year.")})
    if block.weekly_until is not None and (not block.is_weekly or block.weekly_until < block.starts_on):
        raise BadInput(fields={"weekly_until": _("Choose a day after the first one, for a time that repeats.")})
    # A slot that is being put there is counted, or refused.
    lock_calendar()
    row = BlockedTime(
        org_id=current_actor().tenant, staff_member_id=block.staff_id, starts_on=block.starts_on, starts=block.starts,
        ends_on=block.ends_on, ends=block.ends, is_weekly=block.is_weekly, weekly_until=block.weekly_until,
        note=block.note, created_by=current_actor().user_id,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    _changed("blocked_time.added", row.id)
    return _count_slots(block.staff_id, starts_at, ends_at)


def remove_block(block_id: UUID) -> None:
    found: BlockedTime | None = db.session.scalar(scoped(BlockedTime).where(BlockedTime.id == block_id))
    if found is None:
        raise NotFound
    may_block(found.staff_member_id)
    _remove(BlockedTime, block_id)
    _changed("blocked_time.removed", block_id)


def may_block(staff_id: UUID | None) -> None:
    """Staff block their own time, managers anybody's and everybody's. Raises `NotYourSlot`."""
    allowed = current_actor().role.at_least(Role.MANAGER) if staff_id is None else may_change_staff(staff_id)
    if not allowed:
        raise NotYourSlot


def check_team(staff_id: UUID | None) -> None:
    known = scoped(StaffMember).where(StaffMember.id == staff_id).with_only_columns(StaffMember.id)
    if staff_id is not None and db.session.scalar(known) is None:
        raise BadInput(fields={"staff": _("Choose somebody of your team.")})


def _count_slots(staff_id: UUID | None, starts_at: datetime, ends_at: datetime) -> int:
    mine = Slot.staff_member_id == staff_id if staff_id else Slot.staff_member_id.is_not(None)
    return (
        db.session.scalar(
            select(func.count()).where(
                Slot.org_id == current_actor().tenant, mine, Slot.starts_at < ends_at, Slot.ends_at > starts_at,
                Slot.status.in_(("draft", "open", "held", "pending", "booked")),
            )
        )
        or 0
    )  # fmt: skip


def _remove(model: Any, row_id: UUID) -> None:
    done = db.session.scalar(
        delete(model).where(model.org_id == current_actor().tenant, model.id == row_id).returning(model.id)
    )
    if done is None:
        raise NotFound


def _changed(action: str, subject_id: UUID | None) -> None:
    audit.record(action, "opening_hours" if action.startswith("opening") else "blocked_time", subject_id)
    publish(f"org:{current_actor().tenant}:slots", "slots-changed")
