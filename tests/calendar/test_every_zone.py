"""Wall time and instants in every zone of the world whose clocks change in the next two years."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexapp.slots.errors import TimeDoesNotExist, TimeHappensTwice
from nexapp.slots.times import to_instant
from nexapp.spine.clock import now

HOUR = timedelta(hours=1)
LONGEST = timedelta(hours=26)
AROUND = 3 * 60
"""Minutes on both sides of a change in which it could be misread."""


@cache
def words() -> Flask:
    app = Flask("words")
    Babel(app)
    return app


def changes(name: str, first: datetime, last: datetime) -> list[datetime]:
    """The instants at which a zone's distance from UTC changes, to the minute."""
    zone, found, at = ZoneInfo(name), [], first
    while at < last:
        following = at + timedelta(days=7)
        if at.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            found.append(_narrow(zone, at, following))
        at = following
    return found


def _narrow(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(minutes=1):
        middle = (before + (after - before) / 2).replace(second=0, microsecond=0)
        if middle in (before, after):
            break
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return after


@cache
def all_changes() -> tuple[tuple[str, datetime], ...]:
    begins = now().replace(second=0, microsecond=0)
    names = sorted(available_timezones() - {"localtime"})
    found = [(name, at) for name in names for at in changes(name, begins, begins + timedelta(days=731))]
    assert len({name for name, _ in found}) > 100, "the machine's zones should be there"
    return tuple(found)


def check(name: str, wall: datetime) -> None:
    """What `to_instant` says of a wall time is what the zone's clock shows."""
    zone = ZoneInfo(name)
    with words().test_request_context():
        instants = _instants_that_show(zone, wall)
        if not instants:
            with pytest.raises(TimeDoesNotExist) as refused:
                to_instant(wall.date(), wall.time(), name)
            _check_next(name, wall, str(refused.value.fields["at"]))
        elif len(instants) > 1:
            with pytest.raises(TimeHappensTwice) as asked:
                to_instant(wall.date(), wall.time(), name)
            assert [choice.astimezone(UTC) for choice in asked.value.choices] == instants
            assert [to_instant(wall.date(), wall.time(), name, which) for which in ("first", "second")] == instants
        else:
            assert [to_instant(wall.date(), wall.time(), name)] == instants


def _instants_that_show(zone: ZoneInfo, wall: datetime) -> list[datetime]:
    """Searched the slow way: by every distance that the zone has around that day."""
    middle = wall.replace(tzinfo=UTC)
    offsets = {(middle + step * HOUR).astimezone(zone).utcoffset() for step in range(-48, 49)}
    instants = {middle - offset for offset in offsets if offset is not None}
    return sorted(at for at in instants if at.astimezone(zone).replace(tzinfo=None) == wall)


def _check_next(name: str, wall: datetime, sentence: str) -> None:
    """The refusal names the next wall time that exists."""
    zone, following = ZoneInfo(name), wall
    while not _instants_that_show(zone, following):
        following += timedelta(minutes=1)
        assert following - wall < LONGEST
    named = re.search(r"(\d{1,2}):(\d{2})\s(AM|PM)\.$", sentence)
    assert named, sentence
    hour = int(named[1]) % 12 + (12 if named[3] == "PM" else 0)
    assert (hour, int(named[2])) == (following.hour, following.minute)


def test_the_minutes_at_the_edges_of_every_change() -> None:
    """The last before, the first after, and the middle of what is skipped or repeated, for all of them."""
    seen = set()
    for name, at in all_changes():
        zone = ZoneInfo(name)
        before, after = (moment.astimezone(zone).replace(tzinfo=None) for moment in (at - timedelta(minutes=1), at))
        rule = (before, after)
        if rule in seen:
            continue
        seen.add(rule)
        for wall in (before, before + timedelta(minutes=1), after, before + (after - before) // 2):
            check(name, wall.replace(second=0, microsecond=0))


@given(st.integers(0), st.integers(-AROUND, AROUND))
@example(0, 0)
@settings(max_examples=400, deadline=None)
def test_any_minute_around_any_change(number: int, minutes: int) -> None:
    found = all_changes()
    name, at = found[number % len(found)]
    check(name, at.astimezone(ZoneInfo(name)).replace(tzinfo=None) + timedelta(minutes=minutes))


@given(st.integers(0), st.integers(0, 731 * 24 * 60))
@settings(max_examples=300, deadline=None)
def test_any_instant_reads_back(number: int, minutes: int) -> None:
    """Every instant has a wall time that leads back to it."""
    found = all_changes()
    name, _ = found[number % len(found)]
    at = now().replace(second=0, microsecond=0) + timedelta(minutes=minutes)
    local = at.astimezone(ZoneInfo(name))
    if local.second:
        return
    with words().test_request_context():
        which = "second" if local.fold else "first"
        assert to_instant(local.date(), local.time().replace(fold=0), name, which) == at
