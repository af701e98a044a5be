"""An hour of each person's own clock: every local day once, in every zone, whatever its clocks do."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexapp.spine.local_days import Come, LocalHour, end_of_day, find_come, list_begun, list_come, zones

QUARTER = timedelta(minutes=15)
DAY = timedelta(hours=24)
SUNDAY = 6
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
YEARS = 4 * 365

any_zone = st.sampled_from(sorted(zones()))
any_instant = st.integers(0, YEARS * 96).map(lambda quarters: BEGIN + quarters * QUARTER)
any_hour = st.integers(0, 23)


def wall_of(zone: str, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def runs(hour: LocalHour, zone: str, first: datetime, count: int, skip: range = range(0)) -> list[Come]:
    """What a run each quarter of an hour does for one person: it knows only the days that it did before."""
    done: dict[date, Come] = {}
    for step in range(count):
        if step not in skip and (come := find_come(hour, zone, first + step * QUARTER)):
            done.setdefault(come.on, come)
    return list(done.values())


def days_between(zone: str, hour: LocalHour, first: datetime, last: datetime) -> list[date]:
    """Found the slow way: the days whose hour a wall clock passes, looked at each minute."""
    found, at = [], first
    while at <= last:
        wall = wall_of(zone, at)
        passed = wall.date() if wall.time() >= time(hour.hour) else wall.date() - timedelta(days=1)
        if passed not in found:
            found.append(passed)
        at += timedelta(minutes=1)
    return found


@settings(max_examples=300, deadline=None)
@given(any_zone, any_instant, any_hour)
@example("Pacific/Kiritimati", datetime(2026, 11, 20, 16, tzinfo=UTC), 6)
@example("Etc/GMT+12", datetime(2026, 11, 20, 18, tzinfo=UTC), 6)
@example("America/Havana", datetime(2026, 3, 8, 5, tzinfo=UTC), 0)
@example("Australia/Lord_Howe", datetime(2026, 10, 3, 15, tzinfo=UTC), 2)
@example("Africa/Casablanca", datetime(2026, 2, 15, 2, tzinfo=UTC), 3)
def test_each_local_day_comes_once_and_in_its_order(zone: str, first: datetime, hour: int) -> None:
    found = [come.on for come in runs(LocalHour(hour, DAY), zone, first, 4 * 96)]
    assert found == sorted(set(found))
    assert found == days_between(zone, LocalHour(hour, DAY), first, first + (4 * 96 - 1) * QUARTER)


@settings(max_examples=300, deadline=None)
@given(any_zone, any_instant, any_hour)
def test_the_wall_clock_has_passed_the_hour_of_the_day_it_is_for(zone: str, at: datetime, hour: int) -> None:
    come = find_come(LocalHour(hour, DAY), zone, at)
    assert come is not None
    since = wall_of(zone, at) - datetime.combine(come.on, time(hour))
    assert timedelta(0) <= since < DAY
    assert not come.is_late


@settings(max_examples=200, deadline=None)
@given(any_zone, any_instant, any_hour, st.integers(0, 23))
def test_it_is_late_exactly_when_its_sense_is_over(zone: str, at: datetime, hour: int, lasts: int) -> None:
    come = find_come(LocalHour(hour, timedelta(hours=lasts)), zone, at)
    assert come is not None
    assert come.is_late == (wall_of(zone, at) >= datetime.combine(come.on, time(hour)) + timedelta(hours=lasts))


@settings(max_examples=100, deadline=None)
@given(any_zone, any_instant)
def test_a_reminder_of_the_evening_is_never_sent_on_another_day(zone: str, at: datetime) -> None:
    come = find_come(LocalHour(21, timedelta(hours=3)), zone, at)
    assert come is not None
    assert come.is_late == (come.on != wall_of(zone, at).date())


@settings(max_examples=100, deadline=None)
@given(any_zone, any_instant)
def test_a_weekday_comes_once_a_week(zone: str, first: datetime) -> None:
    hour = LocalHour(18, timedelta(hours=30), weekday=SUNDAY)
    found = runs(hour, zone, first, 22 * 96)
    assert {come.on.weekday() for come in found} == {SUNDAY}
    assert [b.on - a.on for a, b in itertools.pairwise(found)] == [timedelta(days=7)] * (len(found) - 1)
    assert len(found) >= 3


@settings(max_examples=100, deadline=None)
@given(any_zone, any_instant, st.integers(1, 3 * 96))
def test_after_an_outage_the_last_day_alone_is_made_up_for(zone: str, first: datetime, length: int) -> None:
    """It was down for up to three days, over midnights and changes of the clocks."""
    hour, count = LocalHour(6, timedelta(hours=18)), 5 * 96
    whole = runs(hour, zone, first, count)
    found = runs(hour, zone, first, count, skip=range(96, 96 + length))
    assert [come.on for come in found] == sorted({come.on for come in found})
    back = first + (96 + length) * QUARTER
    missed = [come for come in whole if come.on not in {other.on for other in found}]
    last = find_come(hour, zone, back)
    assert last is not None
    assert all(come.on < last.on for come in missed)
    assert last.on in {come.on for come in found}


@pytest.mark.parametrize(("zone", "at", "on"), [
    # 02:00 to 03:00 is left out: the hour has come at 03:00.
    ("America/New_York", "2026-03-08T06:59:00", "2026-03-07"),
    ("America/New_York", "2026-03-08T07:00:00", "2026-03-08"),
    # 01:00 to 02:00 happens twice; a quarter past two has come once.
    ("America/New_York", "2026-11-01T05:30:00", "2026-10-31"),
    ("America/New_York", "2026-11-01T07:00:00", "2026-11-01"),
])  # fmt: skip
def test_hours_that_are_left_out_or_come_twice(zone: str, at: str, on: str) -> None:
    come = find_come(LocalHour(2, DAY), zone, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert come is not None
    assert come.on == date.fromisoformat(on)


def test_a_day_that_a_zone_left_out_has_no_hour() -> None:
    """Samoa went from 29 to 31 December 2011."""
    midnight = datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert wall_of("Pacific/Apia", midnight) == datetime(2011, 12, 31)
    assert find_come(LocalHour(6, DAY), "Pacific/Apia", midnight) is None
    after = find_come(LocalHour(6, DAY), "Pacific/Apia", midnight + timedelta(hours=6))
    assert after is not None
    assert after.on == date(2011, 12, 31)


def test_every_zone_is_asked_and_they_differ_by_a_day() -> None:
    found = {come.zone: come for come in list_come(LocalHour(6, DAY), datetime(2026, 11, 20, 16, tzinfo=UTC))}
    assert set(found) == set(zones())
    assert found["Pacific/Kiritimati"].on == date(2026, 11, 21)
    assert found["America/New_York"].on == date(2026, 11, 20)
    assert found["America/New_York"].at == datetime(2026, 11, 20, 11, tzinfo=UTC)


def test_a_day_asked_for_is_that_of_the_zones_where_it_has_begun() -> None:
    at = datetime(2026, 11, 20, 16, tzinfo=UTC)
    begun = {come.zone for come in list_begun(LocalHour(6, DAY), date(2026, 11, 21), at)}
    assert "Pacific/Kiritimati" in begun
    assert "America/New_York" not in begun


@pytest.mark.parametrize(("minutes", "has_come"), [(-1, False), (0, True), (60 * 30, True)])
def test_what_looks_back_waits_for_its_hour_even_when_it_is_asked_for(minutes: int, has_come: bool) -> None:
    """By New York's clock on the Sunday on which clocks went back: eighteen is eighteen."""
    six = datetime(2026, 11, 1, 23, tzinfo=UTC)
    begun = list_begun(LocalHour(18, DAY, 6, looks_back=True), date(2026, 11, 1), six + timedelta(minutes=minutes))
    assert ("America/New_York" in {come.zone for come in begun}) is has_come


def test_a_day_ends_at_its_own_midnight() -> None:
    assert end_of_day(date(2026, 11, 20), "America/New_York") == datetime(2026, 11, 21, 5, tzinfo=UTC)
