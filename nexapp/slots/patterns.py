"""Many slots at once: a day's pattern over weeks and people, or times written one by one.

What a plan would add is worked out first and shown with exact counts; adding it takes one statement. Times that are
taken, blocked, over, outside the opening hours or not on the clock are left out, each with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import StaffMember
from nexapp.slots import hours
from nexapp.slots.adding import FARTHEST, check_length, lock_calendar, time_zone
from nexapp.slots.booking_systems.elsewhere import list_booked_elsewhere
from nexapp.slots.errors import NotYourSlot
from nexapp.slots.history import tell_pages
from nexapp.slots.models import Service, Slot, SlotEvent
from nexapp.slots.services import refuse_unoffered
from nexapp.slots.times import FIRST, to_instant, today_in
from nexapp.slots.tokens import topic_token
from nexapp.slots.transitions import may_change_staff
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor, scoped

MOST = 400
"""Slots of one plan: a month of a team of six."""
MOST_WEEKS = 12
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Plan:
    """Who, on which days, at which wall times; each so many minutes long."""

    staff_ids: tuple[UUID, ...]
    days: tuple[date, ...]
    times: tuple[time, ...]
    minutes: int
    service_id: UUID | None = None
    price_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One slot of a plan."""

    staff_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Skipped:
    """A time that is left out, and why: taken, blocked, closed, outside, over, elsewhere or
    not_on_clock."""

    staff_id: UUID
    on: date
    at: time
    reason: str


@dataclass(slots=True)
class Preview:
    wanted: list[Wanted] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def pattern_times(starts: time, ends: time, minutes: int, gap: int) -> tuple[time, ...]:
    """The wall times from `starts` on at which a whole slot fits before `ends`; midnight ends the day."""
    check_length(minutes)
    first, last = _minutes(starts), _minutes(ends) or DAY_MINUTES
    if last <= first:
        raise BadInput(fields={"ends": _("It has to end after it starts.")})
    return tuple(time(at // 60, at % 60) for at in range(first, last - minutes + 1, minutes + gap))


def pattern_days(first: date, weekdays: frozenset[int], weeks: int) -> tuple[date, ...]:
    """Those weekdays from `first` on, for so many weeks."""
    days = (first + timedelta(days=number) for number in range(7 * weeks))
    return tuple(day for day in days if day.weekday() in weekdays)


def preview(plan: Plan) -> Preview:
    """What the plan would add now. Raises `BadInput`, or `NotYourSlot` for a colleague's time."""
    _check(plan)
    zone = time_zone()
    rules = hours.load_rules(zone, min(plan.days), max(plan.days))
    found, seen, elsewhere = Preview(), _taken(plan), _booked_elsewhere(plan)
    for staff_id, on, at in _places(plan):
        reason, wanted = _judge(plan, rules, seen, staff_id, on, at)
        if wanted is not None and _meets(elsewhere.get(staff_id, ()), wanted.starts_at, wanted.ends_at):
            reason, wanted = "elsewhere", None
        if wanted is None:
            found.skipped.append(Skipped(staff_id, on, at, reason))
        else:
            seen.setdefault(staff_id, []).append((wanted.starts_at, wanted.ends_at))
            found.wanted.append(wanted)
    return found


def add_plan(plan: Plan, key: str) -> tuple[list[UUID], Preview]:
    """Add the plan's slots as drafts; the ids of those added. The same form again finds the slots of the first.

    Raises `BadInput` where nothing of it can be added.
    """
    lock_calendar()
    found, ids = preview(plan), _ids(plan, key)
    known = list(db.session.scalars(select(Slot.id).where(Slot.id.in_(ids.values()), _ours())))
    if known:
        there = set(known)
        found.skipped = [each for each in found.skipped if ids.get((each.staff_id, each.on, each.at)) not in there]
        return known, found
    if not found.wanted:
        raise BadInput(_("None of these times is free, so nothing was added."))
    rows = [_row(plan, wanted, key) for wanted in found.wanted]
    added = db.session.execute(
        insert(Slot)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(Slot.id, Slot.org_id, Slot.round, Slot.public_token)
    ).all()
    _record(added)
    return [row.id for row in added], found


def _record(added: Sequence[Any]) -> None:
    actor = current_actor()
    events = [
        {"id": new_id(), "org_id": row.org_id, "slot_id": row.id, "round": 0, "kind": "added", "user_id": actor.user_id,
         "details": {}}
        for row in added
    ]  # fmt: skip
    if events:
        db.session.execute(insert(SlotEvent), events)
        tell_pages(added[0])
    audit.record("slot.pattern_added", "slot", None, {"slots": len(added)})


def _check(plan: Plan) -> None:
    check_length(plan.minutes)
    if not plan.staff_ids:
        raise BadInput(fields={"staff": _("Choose at least one person.")})
    if not plan.days or not plan.times:
        raise BadInput(_("No time fits between these two. Make the slots shorter or the day longer."))
    if len(plan.staff_ids) * len(plan.days) * len(plan.times) > MOST:
        raise BadInput(_("That is more than %(most)s slots. Choose fewer weeks, days or people.", most=MOST))
    if max(plan.days) > today_in(time_zone()) + FARTHEST:
        raise BadInput(_("That is more than a year away."))
    _check_people(plan)


def _check_people(plan: Plan) -> None:
    known = set(
        db.session.scalars(
            scoped(StaffMember)
            .where(StaffMember.id.in_(plan.staff_ids), StaffMember.is_active)
            .with_only_columns(StaffMember.id)
        )
    )
    if known != set(plan.staff_ids):
        raise BadInput(fields={"staff": _("Choose people of your team.")})
    if not all(may_change_staff(staff_id) for staff_id in plan.staff_ids):
        raise NotYourSlot
    if plan.service_id is not None and not db.session.scalar(
        scoped(Service).where(Service.id == plan.service_id).with_only_columns(Service.id)
    ):
        raise BadInput(fields={"service_id": _("Choose one of your services.")})
    refuse_unoffered(plan.service_id, plan.staff_ids)


def _places(plan: Plan) -> Iterator[tuple[UUID, date, time]]:
    return ((staff_id, on, at) for on in sorted(plan.days) for at in sorted(plan.times) for staff_id in plan.staff_ids)


def _judge(
    plan: Plan,
    rules: hours.Rules,
    seen: dict[UUID, list[tuple[datetime, datetime]]],
    staff_id: UUID,
    on: date,
    at: time,
) -> tuple[str, Wanted | None]:
    try:
        # Of a time that happens twice a pattern means the first.
        starts_at = to_instant(on, at, rules.zone, FIRST)
    except BadInput:
        return "not_on_clock", None
    ends_at = starts_at + timedelta(minutes=plan.minutes)
    if starts_at <= now():
        return "over", None
    if rules.is_closed(staff_id, on):
        return "closed", None
    if not rules.is_open(staff_id, starts_at, ends_at):
        return "outside", None
    if rules.blocked(staff_id, starts_at, ends_at):
        return "blocked", None
    if _meets(seen.get(staff_id, ()), starts_at, ends_at):
        return "taken", None
    return "", Wanted(staff_id, starts_at, ends_at)


def _taken(plan: Plan) -> dict[UUID, list[tuple[datetime, datetime]]]:
    first, last = _around(plan)
    rows = db.session.execute(
        select(Slot.staff_member_id, Slot.starts_at, Slot.ends_at).where(
            _ours(), Slot.staff_member_id.in_(plan.staff_ids), Slot.status.not_in(("cancelled", "expired")),
            Slot.ends_at > first, Slot.starts_at < last,
        )
    )  # fmt: skip
    return _by_person(rows)


def _booked_elsewhere(plan: Plan) -> dict[UUID, list[tuple[datetime, datetime]]]:
    return _by_person(list_booked_elsewhere(plan.staff_ids, *_around(plan)))


def _around(plan: Plan) -> tuple[datetime, datetime]:
    """The plan's days in every zone, and what reaches into them."""
    first, last = (datetime.combine(on, time(), tzinfo=now().tzinfo) for on in (min(plan.days), max(plan.days)))
    return first - timedelta(days=2), last + timedelta(days=3)


def _meets(spans: Iterable[tuple[datetime, datetime]], starts_at: datetime, ends_at: datetime) -> bool:
    return any(begins < ends_at and starts_at < ends for begins, ends in spans)


def _by_person(rows: Iterable[Any]) -> dict[UUID, list[tuple[datetime, datetime]]]:
    found: dict[UUID, list[tuple[datetime, datetime]]] = {}
    for row in rows:
        found.setdefault(row.staff_member_id, []).append((row.starts_at, row.ends_at))
    return found


def _row(plan: Plan, wanted: Wanted, key: str) -> dict[str, Any]:
    actor = current_actor()
    return {
        "id": _id(key, wanted.staff_id, wanted.starts_at), "org_id": actor.tenant, "staff_member_id": wanted.staff_id,
        "service_id": plan.service_id, "starts_at": wanted.starts_at, "ends_at": wanted.ends_at,
        "price_cents": plan.price_cents, "status": "draft", "round": 0, "public_token": topic_token(),
        "created_by": actor.user_id, "source": "pattern",
    }  # fmt: skip


def _ids(plan: Plan, key: str) -> dict[tuple[UUID, date, time], UUID]:
    zone, found = time_zone(), {}
    for staff_id, on, at in _places(plan):
        try:
            found[staff_id, on, at] = _id(key, staff_id, to_instant(on, at, zone, FIRST))
        except BadInput:
            continue
    return found


def _id(key: str, staff_id: UUID, starts_at: datetime) -> UUID:
    return uuid5(current_actor().tenant, f"{key}:{staff_id}:{starts_at.timestamp()}")


def _ours() -> Any:
    return Slot.org_id == current_actor().tenant


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
