"""Quiet hours in every zone there is, on days when the clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import psycopg
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from nexapp.local.stack import Stack

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("posix/", "right/")))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
WALLS = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))
LONGEST_SHIFT = timedelta(hours=3)
"""No zone moved its clocks by more in these years."""


@pytest.fixture(scope="module")
def ask(services: Stack) -> Any:
    with psycopg.connect(services.owner_url, autocommit=True) as connection:

        def quiet_until(at: datetime, zone: str, starts: time, ends: time) -> datetime | None:
            row = connection.execute(
                "SELECT nexapp_quiet_until(%s::timestamptz, %s, %s::time, %s::time)", [at, zone, starts, ends]
            ).fetchone()
            assert row is not None
            return row[0].astimezone(UTC) if row[0] else None

        yield quiet_until


@pytest.fixture(scope="module")
def wall_in(services: Stack) -> Any:
    with psycopg.connect(services.owner_url, autocommit=True) as connection:
        yield lambda at, zone: connection.execute("SELECT %s::timestamptz AT TIME ZONE %s", [at, zone]).fetchone()[0]


def is_quiet(at: datetime, zone: str, starts: time, ends: time) -> bool:
    """What a person means by it: their own clock stands between the two."""
    wall = at.astimezone(ZoneInfo(zone)).time()
    return starts <= wall < ends if starts <= ends else wall >= starts or wall < ends


@settings(max_examples=200, deadline=None, derandomize=True)
@given(MOMENTS, st.sampled_from(ZONES), WALLS, WALLS)
@example(datetime(2026, 3, 8, 6, 59, tzinfo=UTC), "America/New_York", time(21), time(8))
@example(datetime(2026, 3, 8, 6, 30, tzinfo=UTC), "America/New_York", time(21), time(2, 30))
@example(datetime(2026, 11, 1, 4, 30, tzinfo=UTC), "America/New_York", time(21), time(1, 30))
@example(datetime(2026, 11, 1, 6, 10, tzinfo=UTC), "America/New_York", time(21), time(1, 30))
@example(datetime(2026, 4, 4, 15, 10, tzinfo=UTC), "Australia/Lord_Howe", time(22), time(2))
@example(datetime(2026, 10, 24, 23, 59, tzinfo=UTC), "Europe/Dublin", time(22), time(7))
@example(datetime(2026, 7, 1, 9, 59, tzinfo=UTC), "Pacific/Kiritimati", time(23, 59), time(0))
@example(datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "Asia/Kathmandu", time(8), time(8))
def test_what_is_quiet_is_held_until_it_is_not(
    ask: Any, wall_in: Any, at: datetime, zone: str, starts: time, ends: time
) -> None:
    until = ask(at, zone, starts, ends)
    # Governments change their minds: the two zone tables may be of different months.
    for moment in filter(None, (at, until)):
        assume(wall_in(moment, zone) == moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
    if starts == ends or not is_quiet(at, zone, starts, ends):
        assert until is None
        return
    assert until is not None
    assert at < until <= at + timedelta(days=1) + LONGEST_SHIFT
    assert not is_quiet(until, zone, starts, ends), "it would leave in the night"
    # Not a moment too late: just before, it is quiet, but for the hour that a clock jumps over or goes through twice.
    before = until - timedelta(seconds=1)
    assert is_quiet(before, zone, starts, ends) or clocks_change_near(until, zone)


def clocks_change_near(at: datetime, zone: str) -> bool:
    place = ZoneInfo(zone)
    return (at - LONGEST_SHIFT).astimezone(place).utcoffset() != (at + LONGEST_SHIFT).astimezone(place).utcoffset()


@pytest.mark.parametrize(
    ("at", "until"),
    [
        # The night that the clocks go forward is an hour shorter, the one that they go back an hour longer.
        ("2026-03-08T02:00:00Z", "2026-03-08T12:00:00Z"),
        ("2026-11-01T01:00:00Z", "2026-11-01T13:00:00Z"),
        ("2026-11-01T12:59:59Z", "2026-11-01T13:00:00Z"),
        ("2026-11-01T13:00:00Z", None),
        ("2026-07-02T00:59:59Z", None),
        ("2026-07-02T01:00:00Z", "2026-07-02T12:00:00Z"),
    ],
)
def test_nights_in_new_york(ask: Any, at: str, until: str | None) -> None:
    found = ask(datetime.fromisoformat(at), "America/New_York", time(21), time(8))
    assert found == (datetime.fromisoformat(until) if until else None)
