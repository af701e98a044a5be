"""When a business is open, and which times are blocked: wall times in its zone, read as instants.

A date's exception goes before the weekday's hours, and a staff member's own rule before the business's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import Date, cast, func, or_, select

from nexapp.identity.models import Organization
from nexapp.slots.calendar.errors import DayClosed, OutsideHours, TimeBlocked
from nexapp.slots.calendar.models import BlockedTime, HourException, OpeningHours
from nexapp.slots.times import clock_words, day_words
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

A_DAY = timedelta(days=1)
A_WEEK = 7
MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another, with what it is about."""

    starts_at: datetime
    ends_at: datetime
    note: str = ""
    rule_id: UUID | None = None

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        return self.starts_at < ends_at and starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that may count between two dates; answers without asking the database again."""

    zone: str
    weekly: Sequence[OpeningHours]
    exceptions: Sequence[HourException]
    blocks: Sequence[BlockedTime]

    def since(self, at: datetime) -> Rules:
        """The same without the exceptions and blocked times that were there at that instant."""
        return replace(
            self, exceptions=[each for each in self.exceptions if each.created_at > at],
            blocks=[each for each in self.blocks if each.created_at > at],
        )  # fmt: skip

    def exception(self, staff_id: UUID | None, on: date) -> HourException | None:
        found = [each for each in self.exceptions if each.on_date == on and each.staff_member_id in (staff_id, None)]
        return max(found, key=lambda each: each.staff_member_id is not None, default=None)

    def is_closed(self, staff_id: UUID | None, on: date) -> bool:
        exception = self.exception(staff_id, on)
        return exception is not None and exception.opens is None

    def open_spans(self, staff_id: UUID | None, on: date) -> list[Span] | None:
        """When somebody works on a date, in order; None where no hours are kept at all."""
        exception = self.exception(staff_id, on)
        if exception is not None:
            return [self._span(on, exception.opens, exception.closes)] if exception.opens is not None else []
        own = [each for each in self.weekly if each.staff_member_id == staff_id and staff_id is not None]
        hours = own or [each for each in self.weekly if each.staff_member_id is None]
        if not hours:
            return None
        today = sorted((each for each in hours if each.weekday == on.weekday()), key=lambda each: each.opens)
        return [self._span(on, each.opens, each.closes) for each in today]

    def is_open(self, staff_id: UUID, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether the whole time lies in opening hours; hours that meet at midnight count as one."""
        reached = starts_at
        for on in _days(starts_at, ends_at, self.zone):
            spans = self.open_spans(staff_id, on)
            if spans is None:
                return True
            for span in spans:
                if span.starts_at <= reached < span.ends_at:
                    reached = span.ends_at
        return reached >= ends_at

    def blocked(self, staff_id: UUID, starts_at: datetime, ends_at: datetime) -> Span | None:
        """The first blocked time that meets this one."""
        found = (
            span
            for on in _days(starts_at, ends_at, self.zone)
            for span in self.blocked_spans(staff_id, on)
            if span.meets(starts_at, ends_at)
        )
        return min(found, key=lambda span: span.starts_at, default=None)

    def blocked_spans(self, staff_id: UUID | None, on: date) -> list[Span]:
        """Blocked times that touch a local date, whole, in order."""
        mine = (each for each in self.blocks if each.staff_member_id in (staff_id, None))
        found = [span for each in mine if (span := self._block_on(each, on)) is not None]
        return sorted(found, key=lambda span: span.starts_at)

    def _block_on(self, block: BlockedTime, on: date) -> Span | None:
        first = block.starts_on
        if block.is_weekly:
            weeks = (on - first).days // A_WEEK
            first += timedelta(days=A_WEEK * weeks)
            if weeks < 0 or (block.weekly_until and first > block.weekly_until):
                return None
        last = first + (block.ends_on - block.starts_on)
        # What ends at midnight does not reach into the next day.
        touches = first <= on <= last and not (on == last and block.ends == MIDNIGHT and last > first)
        if not touches:
            return None
        span = Span(self._instant(first, block.starts), self._instant(last, block.ends, fold=1))
        return Span(span.starts_at, span.ends_at, block.note or "", block.id)

    def _span(self, on: date, opens: time, closes: time | None) -> Span:
        ends = closes or MIDNIGHT
        return Span(
            self._instant(on, opens), self._instant(on + A_DAY if ends == MIDNIGHT else on, ends, fold=1)
        )  # fmt: skip

    def _instant(self, on: date, at: time, fold: int = 0) -> datetime:
        # A rule is never asked about: of a time that happens twice it means the first to begin and the second to end.
        return datetime.combine(on, at.replace(fold=fold), tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


def load_rules(zone: str, first: date, last: date) -> Rules:
    """The acting business's rules for these local dates, both included."""
    org_id = current_actor().tenant
    # A span may reach over midnight into the first day.
    first -= A_DAY
    return Rules(
        zone,
        db.session.scalars(select(OpeningHours).where(OpeningHours.org_id == org_id)).all(),
        db.session.scalars(
            select(HourException).where(
                HourException.org_id == org_id, HourException.on_date >= first, HourException.on_date <= last + A_DAY
            )
        ).all(),
        db.session.scalars(
            select(BlockedTime).where(
                BlockedTime.org_id == org_id, BlockedTime.starts_on <= last,
                or_(
                    BlockedTime.ends_on >= first,
                    BlockedTime.is_weekly & (BlockedTime.weekly_until.is_(None) | (BlockedTime.weekly_until >= first)),
                ),
            )
        ).all(),
    )  # fmt: skip


def rules_at(zone: str, starts_at: datetime, ends_at: datetime) -> Rules:
    here = ZoneInfo(zone)
    return load_rules(zone, starts_at.astimezone(here).date(), ends_at.astimezone(here).date())


def refuse_blocked(rules: Rules, staff_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    """Raises `TimeBlocked` with the blocked time and what it is for."""
    span = rules.blocked(staff_id, starts_at, ends_at)
    if span is not None:
        start, end = (clock_words(at, rules.zone) for at in (span.starts_at, span.ends_at))
        about = f" ({span.note})" if span.note else ""
        sentence = _("The time from %(start)s to %(end)s is blocked%(about)s.", start=start, end=end, about=about)
        raise TimeBlocked(sentence, fields={"at": sentence})


def refuse_closed(rules: Rules, staff_id: UUID, starts_at: datetime) -> None:
    """Raises `DayClosed` where the date is an exception without hours."""
    on = starts_at.astimezone(ZoneInfo(rules.zone)).date()
    if rules.is_closed(staff_id, on):
        exception = rules.exception(staff_id, on)
        sentence = _closed(on, exception.note if exception else None)
        raise DayClosed(sentence, fields={"on": sentence})


def closed_words(slot: Any) -> str | None:
    """Why nobody can be asked to come on the slot's date, where the business is closed then. One statement."""
    here = func.timezone(Organization.time_zone, slot.starts_at)
    found = db.session.execute(
        select(HourException.opens, HourException.note, HourException.on_date)
        .join(Organization, Organization.id == HourException.org_id)
        .where(
            HourException.org_id == slot.org_id, HourException.on_date == cast(here, Date),
            or_(HourException.staff_member_id.is_(None), HourException.staff_member_id == slot.staff_member_id),
        )
        .order_by(HourException.staff_member_id.is_(None))
        .limit(1)
    ).first()  # fmt: skip
    return _closed(found.on_date, found.note) if found and found.opens is None else None


def _closed(on: date, note: str | None) -> str:
    return _("%(day)s is closed%(about)s.", day=day_words(on), about=f" ({note})" if note else "")


def warn_outside(rules: Rules, staff_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    """Raises `OutsideHours`, which the person may answer with "all the same"."""
    if not rules.is_open(staff_id, starts_at, ends_at):
        sentence = outside_words(rules, staff_id, starts_at)
        raise OutsideHours(sentence, fields={"outside_ok": sentence})


def outside_words(rules: Rules, staff_id: UUID, starts_at: datetime) -> str:
    spans = rules.open_spans(staff_id, on := starts_at.astimezone(ZoneInfo(rules.zone)).date())
    if not spans:
        return _("There are no opening hours on %(day)s.", day=day_words(on))
    hours = ", ".join(
        _("%(start)s to %(end)s", start=clock_words(s.starts_at, rules.zone), end=clock_words(s.ends_at, rules.zone))
        for s in spans
    )
    return _("This is outside the opening hours of that day: %(hours)s.", hours=hours)


def _days(starts_at: datetime, ends_at: datetime, zone: str) -> Iterator[date]:
    """The local dates that a time touches."""
    here = ZoneInfo(zone)
    on, last = starts_at.astimezone(here).date(), ends_at.astimezone(here).date()
    while on <= last:
        yield on
        on += A_DAY
