"""The bookings of an iCalendar file: each single appointment that lies ahead, repeats and exceptions worked out.

Left out are whole days (a holiday is no appointment), times marked as free, cancelled ones, and our own calendars. An
event whose time can't be understood is named, so that nobody takes it for one that has vanished.
"""

from __future__ import annotations

import time
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import prod
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from nexapp.slots.booking_systems.changes import LONGEST_UID
from nexapp.slots.booking_systems.errors import FeedFailed

AHEAD = timedelta(days=120)
MOST_EVENTS, MOST_SERIES, MOST_TIMES_A_DAY = 20_000, 500, 24
LONGEST = timedelta(days=2)
ZONE = "X-WR-TIMEZONE"
OWN_UIDS = "@slots.nexapp"
"""The end of every UID in our own calendars: a feed that shows one back tells us nothing new."""
TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
OLDEST_YEARS = 50
"""A series is worked out from its first day on, so none may begin at the dawn of time."""
READING_SECONDS = 15.0
"""For all series of a file together. A rule that fits no day is looked through up to the year 9999."""


@dataclass(frozen=True, slots=True)
class Appointment:
    key: str
    """Its UID; for one of a series also the time that the series gave it."""
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    appointments: dict[str, Appointment]
    events: int
    unreadable: frozenset[str]
    """UIDs of events whose time can't be understood."""


def read_calendar(body: bytes, zone: str, at: datetime, seconds: float = READING_SECONDS) -> Reading:
    """What is booked from `at` on; floating times are the business's. Raises `FeedFailed`."""
    calendar = _parse(body)
    events = calendar.walk("VEVENT")
    if len(events) > MOST_EVENTS:
        raise FeedFailed("too_many")
    sorted_out = _SortedOut(events, at)
    found = [*_single(sorted_out.single), *_series(calendar, sorted_out.series, at, seconds)]
    unreadable = set(sorted_out.unreadable)
    appointments: dict[str, Appointment] = {}
    for key, event in found:
        if not _counts(event):
            continue
        span = _span(event, ZoneInfo(zone))
        if span is None:
            unreadable.add(_uid(event))
        elif at < span[0] < at + AHEAD and timedelta() < span[1] - span[0] <= LONGEST:
            appointments[key] = Appointment(key, *span)
    return Reading(appointments, len(events), frozenset(unreadable))


def _parse(body: bytes) -> Any:
    text = body.decode("utf-8-sig", errors="replace").strip()
    if not text.upper().startswith("BEGIN:VCALENDAR"):
        raise FeedFailed("not_calendar")
    if not text.upper().endswith("END:VCALENDAR"):
        raise FeedFailed("truncated")
    try:
        return Calendar.from_ical(text)
    except (ValueError, IndexError, KeyError):
        raise FeedFailed("not_calendar") from None


class _SortedOut:
    """Single events, the UIDs of series, and what can't be read; whole days and our own are left out."""

    def __init__(self, events: list[Any], at: datetime) -> None:
        self.single: list[Any] = []
        self.series: set[str] = set()
        self.unreadable: set[str] = set()
        for event in events:
            self._put(event, at)
        # One part of a series that can't be read makes the whole of it doubtful.
        self.series -= self.unreadable

    def _put(self, event: Any, at: datetime) -> None:
        uid = _uid(event)
        if uid.endswith(OWN_UIDS):
            return
        if not uid or not _is_readable(event, at):
            self.unreadable.add(uid)
        elif any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID")):
            self.series.add(uid)
        elif isinstance(event["DTSTART"].dt, datetime):
            self.single.append(event)


def _uid(event: Any) -> str:
    return str(event.get("UID", ""))[:LONGEST_UID]


def _is_readable(event: Any, at: datetime) -> bool:
    """It has a start, its zones are known, and its rule can be worked out in a moment."""
    named = [event.get(name) for name in ("DTSTART", "DTEND", "RECURRENCE-ID")]
    if named[0] is None or not all(hasattr(part, "dt") for part in named if part is not None):
        return False
    rules = event.get("RRULE", [])
    rules = rules if isinstance(rules, list) else [rules]
    if any(_is_too_often(rule) or _never_comes(rule) for rule in rules):
        return False
    if rules and named[0].dt.year < at.year - OLDEST_YEARS:
        return False
    return not any(_in_unknown_zone(part) for part in named if part is not None)


def _is_too_often(rule: Any) -> bool:
    """Nobody has appointments by the minute; working such a rule out would take for ever."""
    times = prod(len(rule.get(name, [])) or 1 for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    return times > MOST_TIMES_A_DAY or bool(TOO_OFTEN & {str(freq).upper() for freq in rule.get("FREQ", [])})


def _never_comes(rule: Any) -> bool:
    """It asks for a day that none of its months has, like 30 February."""
    days, months = ([abs(int(value)) for value in rule.get(name, [])] for name in ("BYMONTHDAY", "BYMONTH"))
    return bool(days and months) and min(days) > max(monthrange(2024, month)[1] for month in months)


def _in_unknown_zone(part: Any) -> bool:
    # A zone that nobody knows leaves the bare time, as if it were the reader's own.
    return "TZID" in part.params and isinstance(part.dt, datetime) and part.dt.tzinfo is None


def _single(events: list[Any]) -> Iterator[tuple[str, Any]]:
    """The newest of each UID. Some senders use one UID for several events: those are told apart by their start."""
    newest: dict[str, int] = {}
    for event in events:
        newest[_uid(event)] = max(newest.get(_uid(event), 0), _sequence(event))
    kept = [event for event in events if _sequence(event) == newest[_uid(event)]]
    shared = {uid for uid, count in Counter(map(_uid, kept)).items() if count > 1}
    for event in kept:
        uid = _uid(event)
        yield f"{uid} at {event['DTSTART'].dt.isoformat()}" if uid in shared else uid, event


def _series(calendar: Any, uids: set[str], at: datetime, seconds: float) -> Iterator[tuple[str, Any]]:
    if len(uids) > MOST_SERIES:
        raise FeedFailed("too_many")
    deadline = time.monotonic() + seconds
    for uid, part in _parts(calendar, uids).items():
        # One by one: between them there is a moment to give up.
        for event in recurring_ical_events.of(part, skip_bad_series=True).between(at, at + AHEAD):
            yield f"{uid} of {event['RECURRENCE-ID'].dt.isoformat()}", event
        if time.monotonic() > deadline:
            raise FeedFailed("too_many")


def _parts(calendar: Any, uids: set[str]) -> dict[str, Any]:
    """Each series as a calendar of its own, in the zone of the whole."""
    parts: dict[str, Any] = {}
    for event in calendar.walk("VEVENT"):
        if (uid := _uid(event)) in uids:
            parts.setdefault(uid, Calendar()).add_component(event)
    if ZONE in calendar:
        for part in parts.values():
            part[ZONE] = calendar[ZONE]
    return parts


def _span(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    try:
        starts_at, ends_at = _instant(event.start, zone), _instant(event.end, zone)
        # From a time that the clocks jump over to one after the jump: the length on the wall is meant.
        return starts_at, ends_at if ends_at > starts_at else starts_at + (event.end - event.start)
    except (AttributeError, ValueError, TypeError, OverflowError):
        return None
    except Exception as error:
        # The library's own refusals (an event that ends before it starts) have no common root.
        if type(error).__module__.startswith("icalendar"):
            return None
        raise


def _instant(at: Any, zone: Any) -> datetime:
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day)  # noqa: DTZ001 - a whole day; it is left out in the end
    # A wall time in a gap is read with the offset before it, a repeated one is its first, as iCalendar says.
    instant: datetime = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    return instant


def _counts(event: Any) -> bool:
    is_timed = isinstance(event["DTSTART"].dt, datetime)
    is_busy = str(event.get("TRANSP", "OPAQUE")).upper() != "TRANSPARENT"
    return is_timed and is_busy and str(event.get("STATUS", "")).upper() != "CANCELLED"


def _sequence(event: Any) -> int:
    try:
        return int(event.get("SEQUENCE", 0))
    except (TypeError, ValueError):
        return 0
