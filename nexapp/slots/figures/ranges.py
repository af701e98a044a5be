"""Which days the figures are about: local days of the business, both ends included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from werkzeug.datastructures import MultiDict

from nexapp.slots.times import week_of

DEFAULT = "30"
LENGTHS = {"7": 7, "30": 30, "90": 90, "365": 365}
PRESETS = ("week", *LENGTHS, "ahead")
AHEAD = 14
LONGEST = 3 * 366
MOST_DAYS, MOST_WEEKS = 35, 372
"""Beyond so many days a chart's bars stand for weeks, then for months."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Range:
    """`name` is a preset, or empty for days that somebody chose."""

    name: str
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> date:
        """The first day of the equally long range that ends where this one begins."""
        return self.first - self.days * DAY

    @property
    def step(self) -> str:
        """What one bar stands for: day, week (from Monday) or month."""
        if self.days <= MOST_DAYS:
            return "day"
        return "week" if self.days <= MOST_WEEKS else "month"

    def steps(self, step: str) -> Iterator[date]:
        """The first day of each bar, in order. The first may begin before the range: only its own days count."""
        at = _begin(self.first, step)
        while at <= self.last:
            yield at
            at = _next(at, step)

    def address(self) -> dict[str, str]:
        """As a link's query has it."""
        if self.name:
            return {"range": self.name}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def read_range(args: MultiDict[str, str], today: date) -> Range:
    """The range in the address; what can't be read counts as not given, ends the wrong way round are turned."""
    first, last = _read_date(args.get("from")), _read_date(args.get("to"))
    if first or last:
        first, last = sorted((first or last or today, last or today))
        return Range("", max(first, last - (LONGEST - 1) * DAY), last)
    name = args.get("range", DEFAULT)
    return preset(name if name in PRESETS else DEFAULT, today)


def preset(name: str, today: date) -> Range:
    if name == "week":
        monday, after = week_of(today)
        return Range(name, monday, after - DAY)
    if name == "ahead":
        return Range(name, today + DAY, today + AHEAD * DAY)
    return Range(name, today - (LENGTHS[name] - 1) * DAY, today)


def _begin(on: date, step: str) -> date:
    if step == "week":
        return week_of(on)[0]
    return on.replace(day=1) if step == "month" else on


def _next(at: date, step: str) -> date:
    if step == "month":
        return (at + 32 * DAY).replace(day=1)
    return at + (7 * DAY if step == "week" else DAY)


def _read_date(value: str | None) -> date | None:
    try:
        found = date.fromisoformat(value) if value else None
    except ValueError:
        return None
    # The ends of the calendar can't be moved into another zone.
    return found if found and 2000 <= found.year <= 2200 else None
