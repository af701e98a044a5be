"""Quiet hours by zone and region."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from nexapp.messaging.quiet import next_quiet, quiet_until

NY, LA = "America/New_York", "America/Los_Angeles"


def until(local: str, zone: str, *, zones: list[str] | None = None, region: str = "US-NY") -> str | None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = quiet_until(at, zones=zones or [zone], region=region, starts=time(21), ends=time(8))
    return None if end is None else end.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")[:16]


@pytest.mark.parametrize(
    ("local", "end"),
    [
        ("2026-11-20T20:59", None),
        ("2026-11-20T21:00", "2026-11-21T08:00"),
        ("2026-11-20T23:59", "2026-11-21T08:00"),
        ("2026-11-21T00:00", "2026-11-21T08:00"),
        ("2026-11-21T07:59", "2026-11-21T08:00"),
        ("2026-11-21T08:00", None),
    ],
)
def test_hours_across_midnight(local: str, end: str | None) -> None:
    assert until(local, NY) == end


@pytest.mark.parametrize("region", ["US-FL", "US-WA", "US-OK", "US-MD"])
def test_a_state_with_earlier_evenings(region: str) -> None:
    assert until("2026-11-20T20:00", NY, region=region) == "2026-11-21T08:00"
    assert until("2026-11-20T19:59", NY, region=region) is None


def test_a_region_never_makes_it_laxer() -> None:
    at = datetime(2026, 11, 20, 23, tzinfo=UTC)  # 18:00 in New York
    end = quiet_until(at, zones=[NY], region="US-FL", starts=time(17), ends=time(10))
    assert end == datetime(2026, 11, 21, 15, tzinfo=UTC)


def test_the_stricter_of_two_zones() -> None:
    # 21:30 in New York is 18:30 in Los Angeles: night for one of them is night.
    assert until("2026-11-20T21:30", NY, zones=[LA, NY]) == "2026-11-21T11:00"
    # 08:30 in New York is 05:30 in Los Angeles.
    assert until("2026-11-21T08:30", NY, zones=[NY, LA]) == "2026-11-21T11:00"
    assert until("2026-11-21T11:00", NY, zones=[NY, LA]) is None


def test_zones_that_are_never_awake_together() -> None:
    # Bangkok's day and Miami's have no hour in common; the first zone is the person's own.
    bangkok, miami = "Asia/Bangkok", "America/New_York"
    assert until("2026-11-21T02:30", bangkok, zones=[bangkok, miami], region="US-FL") == "2026-11-21T08:00"
    assert until("2026-11-21T12:00", bangkok, zones=[bangkok, miami], region="US-FL") is None


def test_hours_that_leave_no_waking_moment_give_way_to_the_law() -> None:
    at = datetime(2026, 11, 20, 15, tzinfo=UTC)  # 10:00 in New York
    assert quiet_until(at, zones=[NY], region="US-FL", starts=time(8), ends=time(20)) is None
    night = datetime(2026, 11, 20, 4, tzinfo=UTC)
    end = quiet_until(night, zones=[NY], region="US-FL", starts=time(8), ends=time(20))
    assert end == datetime(2026, 11, 20, 13, tzinfo=UTC)


def test_clock_changes_keep_the_wall_time() -> None:
    assert until("2026-10-31T22:00", NY) == "2026-11-01T08:00"
    assert until("2027-03-13T22:00", NY) == "2027-03-14T08:00"


def test_equal_ends_mean_no_quiet_hours() -> None:
    at = datetime(2026, 11, 20, 4, tzinfo=UTC)
    assert quiet_until(at, zones=[NY], region="US-NY", starts=time(8), ends=time(8)) is None


def next_night(
    local: str, zone: str = NY, *, zones: list[str] | None = None, region: str = "US-NY"
) -> tuple[str, str] | None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    span = next_quiet(at, zones=zones or [zone], region=region, starts=time(21), ends=time(8))
    if span is None:
        return None
    first, last = (moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")[:16] for moment in span)
    return first, last


@pytest.mark.parametrize(
    ("local", "span"),
    [
        ("2026-11-20T20:59", ("2026-11-20T21:00", "2026-11-21T08:00")),
        ("2026-11-21T08:00", ("2026-11-21T21:00", "2026-11-22T08:00")),
        ("2026-10-31T12:00", ("2026-10-31T21:00", "2026-11-01T08:00")),
    ],
)
def test_the_next_night(local: str, span: tuple[str, str]) -> None:
    assert next_night(local) == span


def test_the_next_night_is_by_the_same_rules() -> None:
    assert next_night("2026-11-20T12:00", region="US-FL") == ("2026-11-20T20:00", "2026-11-21T08:00")
    # Quiet from New York's evening to Los Angeles's morning.
    assert next_night("2026-11-20T12:00", zones=[LA, NY]) == ("2026-11-20T21:00", "2026-11-21T11:00")


def test_an_evening_that_the_clocks_jump_over_is_no_night() -> None:
    hours = {"zones": [NY], "region": "US-NY", "starts": time(2, 30), "ends": time(3)}
    at = datetime(2027, 3, 13, 12, tzinfo=UTC)  # the clocks jump from 2:00 to 3:00 on the 14th
    assert next_quiet(at, **hours) == (
        datetime(2027, 3, 15, 6, 30, tzinfo=UTC),
        datetime(2027, 3, 15, 7, tzinfo=UTC),
    )


def test_no_quiet_hours_no_next_night() -> None:
    at = datetime(2026, 11, 20, 4, tzinfo=UTC)
    assert next_quiet(at, zones=[NY], region="US-NY", starts=time(8), ends=time(8)) is None
