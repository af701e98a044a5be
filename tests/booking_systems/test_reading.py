"""What needs no business: reading files, and reaching the servers that hold them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from nexapp.slots.booking_systems.calendar_reading import read_calendar
from nexapp.slots.booking_systems.errors import FeedFailed
from nexapp.slots.booking_systems.fetching import fetch
from nexapp.spine.public_addresses import is_public
from tests.booking_systems.calendar_host import CalendarHost, calendar, raw_event


def test_a_gap_and_a_repeated_hour_are_read_as_calendars_do() -> None:
    at = datetime(2027, 3, 1, tzinfo=UTC)
    gap = raw_event("gap", "DTSTART:20270314T023000", "DURATION:PT30M")
    summer = raw_event(
        "s", "DTSTART;TZID=America/New_York:20270313T100000", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=2"
    )
    found = read_calendar(calendar(gap, summer), "America/New_York", at).appointments
    assert [f"{one.starts_at:%d %H:%M}" for one in sorted(found.values(), key=lambda one: one.starts_at)] == [
        "13 15:00", "14 07:30", "14 14:00",
    ]  # fmt: skip
    twice = raw_event("twice", "DTSTART:20271107T013000", "DURATION:PT30M")
    [one] = read_calendar(calendar(twice), "America/New_York", datetime(2027, 11, 1, tzinfo=UTC)).appointments.values()
    assert f"{one.starts_at:%H:%M}" == "05:30"


def test_a_server_that_drips_is_left_after_the_time_for_all(calendar_host: CalendarHost) -> None:
    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        for _ in range(1_000):
            time.sleep(0.1)
            handler.wfile.write(b"x")
            handler.wfile.flush()

    calendar_host.answer = drip
    started = time.monotonic()
    with pytest.raises(FeedFailed, match="slow"):
        fetch(calendar_host.url, private_hosts=frozenset({"127.0.0.1"}), seconds=0.5)
    assert time.monotonic() - started < 50, "the server drips for twice as long"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1:248:1893:25c8:1946", True), ("127.0.0.1", False), ("0.0.0.0", False),
        ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False),
        ("fe80::1%eth0", False), ("fc00::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False), ("::127.0.0.1", False), ("fec0::1", False),
    ],
)  # fmt: skip
def test_what_counts_as_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("20260101T010000Z", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), ("00020101T010000Z", "FREQ=DAILY"),
        ("20260101T010000Z", "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=-31"),
    ],
)  # fmt: skip
def test_a_rule_that_would_take_for_ever_is_named_and_not_worked_out(start: str, rule: str) -> None:
    bomb = raw_event("bomb", f"DTSTART:{start}", "DURATION:PT30M", f"RRULE:{rule}")
    leap = raw_event("leap", "DTSTART:20240229T100000Z", "DURATION:PT30M", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")
    started = time.process_time()
    found = read_calendar(calendar(bomb, leap), "UTC", datetime(2027, 12, 1, tzinfo=UTC))
    assert time.process_time() - started < 20, "written out, the rules would take hours of a processor"
    assert found.unreadable == {"bomb"}
    assert [f"{one.starts_at:%Y-%m-%d}" for one in found.appointments.values()] == ["2028-02-29"]


def test_series_that_take_too_long_together_are_given_up() -> None:
    weekly = raw_event("w", "DTSTART:20270101T100000Z", "DURATION:PT30M", "RRULE:FREQ=WEEKLY")
    at = datetime(2027, 1, 1, tzinfo=UTC)
    assert len(read_calendar(calendar(weekly), "UTC", at).appointments) > 10
    with pytest.raises(FeedFailed, match="too_many"):
        read_calendar(calendar(weekly), "UTC", at, seconds=0)
