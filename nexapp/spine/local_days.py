"""Hours of each person's own clock: whether one has come, and for which of their days.

All is judged by the wall clock of the zone, so a change of the clocks needs no rule: an hour that is left out has come
with the next one that isn't, and one that happens twice is the same hour of the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones


@dataclass(frozen=True, slots=True)
class LocalHour:
    """An hour of each day, or of one weekday (Monday is 0)."""

    hour: int
    lasts: timedelta
    """By the wall clock. Later than this, what was to be done has lost its sense."""
    weekday: int | None = None
    looks_back: bool = False
    """It tells of a time that is over with its hour, so it waits for it even when it is started by hand."""

    def day_of(self, wall: datetime) -> date:
        """The last day whose hour this wall clock has passed."""
        on = wall.date() if wall.hour >= self.hour else wall.date() - timedelta(days=1)
        return on if self.weekday is None else on - timedelta(days=(on.weekday() - self.weekday) % 7)


@dataclass(frozen=True, slots=True)
class Come:
    """The hour has come in a zone."""

    zone: str
    on: date
    is_late: bool
    at: datetime
    """When it came."""


@cache
def zones() -> dict[str, ZoneInfo]:
    """All that a row may name; read once, for the library itself keeps only a few."""
    return {name: ZoneInfo(name) for name in sorted(available_timezones() - {"localtime"})}


def find_come(hour: LocalHour, zone: str, at: datetime) -> Come | None:
    """The last coming of the hour in this zone; None where its day doesn't exist there."""
    here = zones()[zone]
    wall = at.astimezone(here).replace(tzinfo=None)
    on = hour.day_of(wall)
    begins = datetime.combine(on, time(hour.hour))
    came = begins.replace(tzinfo=here).astimezone(UTC)
    if came.astimezone(here).date() != on:
        return None
    return Come(zone, on, wall - begins >= hour.lasts, came)


def list_come(hour: LocalHour, at: datetime) -> list[Come]:
    """The last coming of the hour in every zone of the world."""
    found = (find_come(hour, zone, at) for zone in zones())
    return [come for come in found if come is not None]


def list_begun(hour: LocalHour, on: date, at: datetime) -> list[Come]:
    """Every zone in which this day has begun, as if the hour had come just now; where it looks back, it must have."""
    begins = datetime.combine(on, time(hour.hour if hour.looks_back else 0))
    walls = ((name, at.astimezone(zone).replace(tzinfo=None)) for name, zone in zones().items())
    return [Come(name, on, False, at) for name, wall in walls if wall >= begins]


@lru_cache(maxsize=4096)
def end_of_day(on: date, zone: str) -> datetime:
    """The instant at which a day is over there."""
    return datetime.combine(on + timedelta(days=1), time(), zones()[zone]).astimezone(UTC)
