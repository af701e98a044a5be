"""When a follow-up is due: one-tap times, days without a time, and repeats, by clocks that jump and go back."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexapp.sales.when import NINE, ONE_TAPS, REPEATS, Due, next_of, one_tap, settled, typed, whole_day
from nexapp.spine.errors import BadInput
from nexapp.spine.wall_times import TimeDoesNotExist, TimeHappensTwice

NEW_YORK = "America/New_York"
NOON = datetime(2026, 3, 4, 17, tzinfo=UTC)
"""A Wednesday at noon in New York, four days before its clocks jump."""

ZONES = (
    NEW_YORK, "Europe/London", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia",
    "Pacific/Kiritimati", "Africa/Casablanca", "America/Santiago", "Asia/Kolkata", "Asia/Beirut", "UTC",
)  # fmt: skip
A_DAY = timedelta(days=1)

zones = st.sampled_from(ZONES)
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
walls = st.times().map(lambda at: at.replace(second=0, microsecond=0))
instants = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


@pytest.fixture(scope="module", autouse=True)
def words() -> Iterator[None]:
    app = Flask("words")
    Babel(app)
    with app.test_request_context():
        yield


def shows(at: datetime, zone: str, on: date, wall: time) -> bool:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.combine(on, wall)


def exists(on: date, wall: time, zone: str) -> bool:
    meant = datetime.combine(on, wall, ZoneInfo(zone))
    return meant.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == meant.replace(tzinfo=None)


@given(zones, days, walls)
@example(NEW_YORK, date(2026, 3, 8), time(2, 30))
@example(NEW_YORK, date(2026, 11, 1), time(1, 30))
def test_a_settled_time_is_what_the_clock_shows(zone: str, on: date, wall: time) -> None:
    at = settled(on, wall, zone)
    if exists(on, wall, zone):
        assert shows(at, zone, on, wall)
        # Of two, the first.
        assert not shows(at - timedelta(hours=1), zone, on, wall)
        assert not shows(at - timedelta(minutes=30), zone, on, wall)
    else:
        assert at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) > datetime.combine(on, wall)


@settings(max_examples=300, deadline=None)
@given(zones, days, walls, st.sampled_from(REPEATS), st.integers(1, 31), st.integers(0, 40 * 24 * 60))
@example(NEW_YORK, date(2026, 3, 7), time(2, 30), "daily", 7, 0)
@example(NEW_YORK, date(2026, 10, 31), time(1, 30), "daily", 31, 0)
@example(NEW_YORK, date(2027, 1, 31), time(9), "monthly", 31, 0)
@example("Pacific/Apia", date(2026, 1, 31), time(0), "monthly", 31, 60)
def test_repeats_keep_their_wall_time(
    zone: str, on: date, wall: time, rule: str, repeat_day: int, late_minutes: int
) -> None:
    """However late it is done, the next one lies ahead, on a day of its rule, at the time that was meant."""
    last = Due(settled(on, wall, zone), on, wall, zone)
    present = last.at + timedelta(minutes=late_minutes)
    following = next_of(rule, last, repeat_day, present)
    assert following.at > present
    assert following.at > last.at
    assert (following.wall, following.zone) == (wall, zone)
    assert following.at == settled(following.on, wall, zone)
    if exists(following.on, wall, zone):
        assert shows(following.at, zone, following.on, wall)
    assert fits(rule, on, following.on, repeat_day)
    # None that fits was left out in between.
    between = (on + number * A_DAY for number in range(1, (following.on - on).days))
    assert not any(fits(rule, on, day, repeat_day) and settled(day, wall, zone) > present for day in between)


def fits(rule: str, first: date, on: date, repeat_day: int) -> bool:
    if rule == "weekdays":
        return on.weekday() < 5
    if rule == "weekly":
        return (on - first).days % 7 == 0
    if rule == "monthly":
        later = (on.year, on.month) > (first.year, first.month)
        return later and on.day == min(repeat_day, monthrange(on.year, on.month)[1])
    return True


def test_a_month_without_that_day_has_its_last_and_the_next_its_own() -> None:
    last, seen = Due(settled(date(2027, 1, 31), NINE, NEW_YORK), date(2027, 1, 31), NINE, NEW_YORK), []
    for _month in range(3):
        last = next_of("monthly", last, 31, last.at)
        seen.append(last.on)
    assert seen == [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]


@given(zones, instants, st.sampled_from(ONE_TAPS))
def test_one_tap_is_a_morning_ahead(zone: str, present: datetime, choice: str) -> None:
    due = one_tap(choice, zone, present)
    today = present.astimezone(ZoneInfo(zone)).date()
    assert due.at > present
    assert (due.on - today).days == {"tomorrow": 1, "in_3_days": 3, "next_monday": 7 - today.weekday()}[choice]
    assert choice != "next_monday" or due.on.weekday() == 0
    assert shows(due.at, zone, due.on, NINE) or not exists(due.on, NINE, zone)


@given(zones, instants, st.integers(0, 400))
def test_a_day_without_a_time_reminds_on_that_day(zone: str, present: datetime, ahead: int) -> None:
    on = present.astimezone(ZoneInfo(zone)).date() + ahead * A_DAY
    due = whole_day(on, zone, present)
    assert due.at >= present
    assert due.wall is None
    local = due.at.astimezone(ZoneInfo(zone))
    assert local.date() == on or not exists(on, NINE, zone)
    if ahead:
        assert shows(due.at, zone, on, NINE) or not exists(on, NINE, zone)


def test_after_nine_it_is_the_next_full_hour() -> None:
    assert whole_day(date(2026, 3, 4), NEW_YORK, NOON + timedelta(minutes=20)).at == NOON + timedelta(hours=1)
    late = datetime(2026, 3, 5, 4, 40, tzinfo=UTC)
    assert whole_day(date(2026, 3, 4), NEW_YORK, late).at == late, "no hour of the day is left"


def test_times_that_are_typed() -> None:
    due = typed(date(2026, 3, 6), time(14, 30), NEW_YORK, present=NOON)
    assert due.at == datetime(2026, 3, 6, 19, 30, tzinfo=UTC)
    assert typed(date(2026, 3, 9), time(14, 30), NEW_YORK, present=NOON).at.hour == 18, "after the clocks have jumped"


@pytest.mark.parametrize(
    ("on", "at", "field", "words"),
    [
        (date(2026, 3, 3), time(9), "on", "is over"),
        (date(2026, 3, 3), None, "on", "is over"),
        (date(2026, 3, 4), time(11, 59), "at", "has passed"),
        (date(2028, 3, 6), time(9), "on", "two years"),
    ],
)
def test_times_that_make_no_sense(on: date, at: time | None, field: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        typed(on, at, NEW_YORK, present=NOON)
    assert words in refused.value.fields[field]


def test_times_that_do_not_exist_or_happen_twice_are_asked_about() -> None:
    with pytest.raises(TimeDoesNotExist, match=r"The next time that does is 3:00"):
        typed(date(2026, 3, 8), time(2, 30), NEW_YORK, present=NOON)
    with pytest.raises(TimeHappensTwice):
        typed(date(2026, 11, 1), time(1, 30), NEW_YORK, present=NOON)
    first, second = (typed(date(2026, 11, 1), time(1, 30), NEW_YORK, which, NOON).at for which in ("first", "second"))
    assert second - first == timedelta(hours=1)
