"""When a follow-up is due: one-tap times, times that were typed, days without a time, and repeats.

The wall time that was meant is kept beside the instant, so that 9:00 stays 9:00 when the clocks change.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import func, select

from nexapp.identity.models import Organization, User
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import current_actor
from nexapp.spine.wall_times import clock_words, day_words, to_instant

NINE = time(9)
"""When a day without a time begins to remind."""

A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
FARTHEST = timedelta(days=731)
REPEATS = ("daily", "weekdays", "weekly", "monthly")
ONE_TAPS = ("tomorrow", "in_3_days", "next_monday")
MONDAY, SATURDAY = 0, 5


@dataclass(frozen=True, slots=True)
class Due:
    """What was meant, by the clock of a zone, and the instant that it is."""

    at: datetime
    on: date
    wall: time | None
    zone: str


def zone_of(user_id: UUID) -> str:
    """A person's own zone, else that of the actor's organisation."""
    own = select(User.time_zone).where(User.id == user_id).scalar_subquery()
    found = select(func.coalesce(own, Organization.time_zone)).where(Organization.id == current_actor().tenant)
    return str(db.session.scalar(found))


def typed(on: date, at: time | None, zone: str, which: str | None = None, present: datetime | None = None) -> Due:
    """A day, with a time or without. Raises `BadInput` (past, too far), `TimeDoesNotExist`, `TimeHappensTwice`."""
    present = present or now()
    today = present.astimezone(ZoneInfo(zone)).date()
    if on < today:
        raise BadInput(fields={"on": _("%(day)s is over. Choose today or later.", day=day_words(on))})
    if on - today > FARTHEST:
        raise BadInput(fields={"on": _("That is more than two years away.")})
    if at is None:
        return whole_day(on, zone, present)
    due = to_instant(on, at, zone, which)
    if due <= present:
        current = clock_words(present, zone)
        raise BadInput(fields={"at": _("This time has passed: it is %(now)s now.", now=current)})
    return Due(due, on, at, zone)


def whole_day(on: date, zone: str, present: datetime) -> Due:
    """Nine o'clock; on a day that is past nine already the next full hour, the last one of the day at once."""
    nine = settled(on, NINE, zone)
    if nine > present:
        return Due(nine, on, None, zone)
    local = present.astimezone(ZoneInfo(zone))
    hour = present + AN_HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    is_today = hour.astimezone(ZoneInfo(zone)).date() == on
    return Due(hour if is_today else present, on, None, zone)


def one_tap(choice: str, zone: str, present: datetime | None = None) -> Due:
    """One of `ONE_TAPS`, at nine; raises `BadInput` for anything else."""
    present = present or now()
    today = present.astimezone(ZoneInfo(zone)).date()
    days = {"tomorrow": 1, "in_3_days": 3, "next_monday": 7 - today.weekday()}
    if choice not in days:
        raise BadInput(fields={"when": _("Choose one of the times.")})
    on = today + timedelta(days=days[choice])
    return Due(settled(on, NINE, zone), on, NINE, zone)


def in_an_hour(zone: str, present: datetime | None = None) -> Due:
    at = ((present or now()) + AN_HOUR).replace(second=0, microsecond=0)
    local = at.astimezone(ZoneInfo(zone))
    return Due(at, local.date(), local.time(), zone)


def settled(on: date, at: time, zone: str) -> datetime:
    """The instant of a wall time that nobody is there to be asked about: the first of two; where the clocks jump over
    it, as long after the jump as it lies behind the jump's begin."""
    return datetime.combine(on, at.replace(fold=0), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def next_of(rule: str, last: Due, repeat_day: int | None, present: datetime) -> Due:
    """The next time of a repeated one that lies ahead, at the same wall time. What was missed isn't made up for."""
    on = last.on
    while True:
        on = _following(rule, on, repeat_day or last.on.day)
        at = settled(on, last.wall or NINE, last.zone)
        if at > present and at > last.at:
            return Due(at, on, last.wall, last.zone)


def _following(rule: str, on: date, repeat_day: int) -> date:
    if rule == "weekly":
        return on + 7 * A_DAY
    if rule == "monthly":
        first = (on.replace(day=1) + timedelta(days=32)).replace(day=1)
        return first.replace(day=min(repeat_day, monthrange(first.year, first.month)[1]))
    following = on + A_DAY
    while rule == "weekdays" and following.weekday() >= SATURDAY:
        following += A_DAY
    return following


def due_words(due: Due) -> str:
    """`Friday 20 November, 9:00 AM`; a day without a time is the day alone."""
    local = due.at.astimezone(ZoneInfo(due.zone))
    if due.wall is None:
        return day_words(due.on)
    return _("%(day)s, %(time)s", day=day_words(local.date()), time=clock_words(local.time()))
