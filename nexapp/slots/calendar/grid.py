"""Where everything stands in the calendar's columns, counted in steps of five minutes from local midnight.

The content security policy forbids styles in the page, so a place is a handful of classes:
`at-h9 at-m6 for-h0 for-m6` is 9:30, for half an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from nexapp.slots.hours import Rules
from nexapp.spine.clock import now

STEP = 5
HOUR = 60 // STEP
DAY = 24 * HOUR
FREE = HOUR // 2
"""Length of the empty places that a tap turns into a new slot."""

USUAL = (8 * HOUR, 18 * HOUR)


@dataclass(frozen=True, slots=True)
class Box:
    """From a step of the day on, so many steps long."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length

    @property
    def place(self) -> str:
        return f"{at(self.start)} for-h{self.length // HOUR} for-m{self.length % HOUR}"

    def meets(self, other: Box) -> bool:
        return self.start < other.end and other.start < self.end


def at(step: int) -> str:
    return f"at-h{step // HOUR} at-m{step % HOUR}"


@dataclass(frozen=True, slots=True)
class Placed:
    """A slot, a blocked time or a time without opening hours, in its place."""

    box: Box
    what: Any = None
    beside: bool = False
    """Something else stands in the same place, as an expired slot may: this one makes room."""


@dataclass(slots=True)
class Column:
    """One day of one person."""

    staff: Any
    on: date
    may_change: bool
    slots: list[Placed] = field(default_factory=list)
    closed: list[Placed] = field(default_factory=list)
    blocked: list[Placed] = field(default_factory=list)
    free: list[tuple[Box, str]] = field(default_factory=list)
    """Empty half-hours ahead, with their wall time."""
    is_closed: bool = False
    present: int | None = None
    """The step that the clock stands at, on today's column."""


@dataclass(frozen=True, slots=True)
class Grid:
    columns: list[Column]
    first_hour: int
    last_hour: int

    @property
    def hours(self) -> range:
        return range(self.first_hour, self.last_hour)


def build_grid(pairs: Sequence[tuple[Any, date, bool]], slots: Sequence[Any], rules: Rules) -> Grid:
    """`pairs`: the person, the day, and whether the actor may change it; one column each."""
    columns = [_column(staff, on, may_change, slots, rules) for staff, on, may_change in pairs]
    first, last = _reach(columns, rules)
    for column in columns:
        column.closed = _closed(column, rules, first, last)
        if column.may_change:
            column.free = _free(column, first, last, rules.zone)
    return Grid(columns, first // HOUR, last // HOUR)


def _column(staff: Any, on: date, may_change: bool, slots: Sequence[Any], rules: Rules) -> Column:
    column = Column(staff, on, may_change, is_closed=rules.is_closed(staff.id, on))
    here = ZoneInfo(rules.zone)
    for slot in slots:
        if slot.staff_member_id == staff.id and (box := box_of(slot.starts_at, slot.ends_at, on, here)):
            beside = any(box.meets(other.box) for other in column.slots)
            column.slots.append(Placed(box, slot, beside))
    for span in rules.blocked_spans(staff.id, on):
        if box := box_of(span.starts_at, span.ends_at, on, here):
            column.blocked.append(Placed(box, span))
    present = now().astimezone(here)
    if present.date() == on:
        column.present = (present.hour * 60 + present.minute) // STEP
    return column


def box_of(starts_at: datetime, ends_at: datetime, on: date, here: ZoneInfo) -> Box | None:
    """The part of a time that lies on a local date, as the clock on the wall shows it."""
    starts, ends = starts_at.astimezone(here), ends_at.astimezone(here)
    if starts.date() > on or ends.date() < on:
        return None
    start = 0 if starts.date() < on else _step(starts)
    end = DAY if ends.date() > on else _step(ends)
    if starts.date() == on and end <= start:
        # The clocks went back within it: it keeps the length that it takes.
        end = min(DAY, start + max(1, round((ends_at - starts_at) / timedelta(minutes=STEP))))
    return Box(start, end - start) if end > start else None


def _step(at: datetime) -> int:
    return round((at.hour * 60 + at.minute) / STEP)


def _reach(columns: Sequence[Column], rules: Rules) -> tuple[int, int]:
    """The hours that the calendar shows: those of the business, and whatever lies outside them."""
    boxes = [placed.box for column in columns for placed in column.slots]
    for column in columns:
        boxes += _open_boxes(column, rules) or ([] if column.is_closed else [Box(USUAL[0], USUAL[1] - USUAL[0])])
    first = min((box.start for box in boxes), default=USUAL[0])
    last = max((box.end for box in boxes), default=USUAL[1])
    return first // HOUR * HOUR, -(-last // HOUR) * HOUR


def _open_boxes(column: Column, rules: Rules) -> list[Box] | None:
    spans = rules.open_spans(column.staff.id, column.on)
    if spans is None:
        return None
    here = ZoneInfo(rules.zone)
    found = (box_of(span.starts_at, span.ends_at, column.on, here) for span in spans)
    return [box for box in found if box]


def _closed(column: Column, rules: Rules, first: int, last: int) -> list[Placed]:
    """What lies between the opening hours."""
    opened = _open_boxes(column, rules)
    if opened is None:
        return []
    edges = [first, *(edge for box in opened for edge in (box.start, box.end)), last]
    gaps = (Box(start, end - start) for start, end in zip(edges[::2], edges[1::2], strict=True))
    return [Placed(gap) for gap in gaps if gap.length > 0]


def _free(column: Column, first: int, last: int, zone: str) -> list[tuple[Box, str]]:
    taken = [placed.box for placed in (*column.slots, *column.closed, *column.blocked) if _takes(placed)]
    present = now().astimezone(ZoneInfo(zone))
    soonest = 0 if column.on > present.date() else DAY if column.on < present.date() else _step(present) + 1
    boxes = (Box(start, FREE) for start in range(first, last, FREE) if start >= soonest)
    return [
        (box, f"{box.start // HOUR:02}:{box.start % HOUR * STEP:02}")
        for box in boxes
        if not any(box.meets(other) for other in taken)
    ]


def _takes(placed: Placed) -> bool:
    return getattr(placed.what, "state", None) != "expired"


def by_cell(slots: Sequence[Any], zone: str) -> dict[tuple[UUID, date], list[Any]]:
    """The slots of each person and local day, in order of time."""
    found: dict[tuple[UUID, date], list[Any]] = {}
    here = ZoneInfo(zone)
    for slot in slots:
        found.setdefault((slot.staff_member_id, slot.starts_at.astimezone(here).date()), []).append(slot)
    return found
