"""Watched calendars, served by a real HTTP server: what vanishes opens its time, what looks broken opens nothing."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.slots.booking_systems import feeds
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from tests.booking_systems.calendar_host import CalendarHost, calendar, event, raw_event
from tests.booking_systems.senders import slots_at, soon
from tests.slots.merchant_world import Shop

AT = soon()
DAY = timedelta(days=1)
A_LOT_OF_WORK = 20
"""Seconds of a processor, whatever else this machine does; written out, the rule would take hours of them."""

pytestmark = pytest.mark.usefixtures("near_feeds")


class Feed:
    """One watched calendar of Dr. Smith's, read once so that its bookings are known."""

    def __init__(self, shop: Shop, host: CalendarHost, acting: Any, run_feeds: Callable[[], None]) -> None:
        self.shop, self.host, self.acting, self.run_feeds = shop, host, acting, run_feeds
        self.id: UUID = new_id()
        shop.insert(
            "booking_systems", id=self.id, org_id=shop.org_id, kind="feed", name="Dr. Smith's calendar", url=host.url,
            staff_member_id=shop.staff_id,
        )  # fmt: skip

    def read(self, *events: str) -> str | None:
        """Show these events (or what is shown already), read, and give the failure."""
        if events:
            self.host.show(*events)
        with self.acting(Actor(Role.SYSTEM, self.shop.org_id)):
            feeds.read_now(self.id)
        self.run_feeds()
        return self.value("failure")

    def read_body(self, body: bytes) -> str | None:
        self.host.body = body
        return self.read()

    def value(self, column: str) -> Any:
        return self.shop.value(f"SELECT {column} FROM booking_systems WHERE id = %s", self.id)

    def outcomes(self) -> list[str]:
        return [row[0] for row in self.shop.sql("SELECT outcome FROM booking_deliveries ORDER BY created_at, id")]

    def booked(self) -> list[datetime]:
        rows = self.shop.sql("SELECT starts_at FROM external_bookings WHERE status = 'booked' ORDER BY starts_at")
        return [row[0] for row in rows]

    def opened(self) -> int:
        return int(self.shop.value("SELECT count(*) FROM slots WHERE status = 'open'"))


@pytest.fixture
def feed(shop: Shop, calendar_host: CalendarHost, acting: Any, run_feeds: Callable[[], None]) -> Feed:
    return Feed(shop, calendar_host, acting, run_feeds)


def days(count: int, first: int = 0) -> list[str]:
    return [event(f"day-{number}", AT + number * DAY) for number in range(first, count)]


def test_the_first_reading_opens_nothing_and_the_next_opens_what_vanished(shop: Shop, feed: Feed) -> None:
    shop.people(2)
    assert feed.read(*days(5)) is None
    assert (len(feed.booked()), feed.opened(), feed.outcomes()) == (5, 0, [])
    feed.read(*days(5, first=1))
    assert slots_at(shop, AT) == [("open", "feed")]
    assert (len(feed.booked()), len(shop.texts())) == (4, 2)


def test_a_cancelled_event_and_one_marked_as_free_open_their_times(feed: Feed) -> None:
    feed.read(*days(4))
    feed.read(
        event("day-0", AT, 30, "STATUS:CANCELLED"), event("day-1", AT + DAY, 30, "TRANSP:TRANSPARENT"), *days(4, 2)
    )
    assert feed.opened() == 2


def test_a_moved_event_opens_its_old_time(shop: Shop, feed: Feed) -> None:
    feed.read(*days(3))
    feed.read(event("day-0", AT + timedelta(hours=3)), *days(3, 1))
    assert slots_at(shop, AT) == [("open", "feed")]
    assert feed.booked()[0] == AT + timedelta(hours=3)


def test_a_past_event_that_vanishes_opens_nothing(feed: Feed) -> None:
    gone = event("gone", AT - 5 * DAY)
    feed.read(gone, *days(2))
    feed.read(*days(2))
    assert feed.outcomes() == []


BROKEN = [
    (b"", "not_calendar"),
    (b"<html>Sign in first</html>", "not_calendar"),
    (calendar(), "empty"),
    (calendar(event("day-0", AT))[:-30], "truncated"),
    (calendar(event("day-0", AT)).replace(b"END:VCALENDAR", b""), "truncated"),
    (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR", "not_calendar"),
    (b"\xff\xfe" + "BEGIN:VCALENDAR".encode("utf-16-le"), "not_calendar"),
]


def test_a_file_that_is_broken_opens_nothing(feed: Feed) -> None:
    feed.read(*days(3))
    for body, failure in BROKEN:
        assert feed.read_body(body) == failure
        assert (feed.opened(), len(feed.booked())) == (0, 3)
    assert feed.value("failures") == len(BROKEN)
    # Back to normal afterwards: nothing had vanished.
    assert feed.read(*days(3)) is None
    assert (feed.opened(), feed.outcomes(), feed.value("failures")) == (0, [], 0)


def test_an_answer_that_is_an_error_opens_nothing(feed: Feed, calendar_host: CalendarHost) -> None:
    feed.read(*days(3))
    for status in (500, 404, 401):
        calendar_host.answer = lambda handler, code=status: handler.reply(code, b"no")
        assert feed.read() == "status"
    assert (feed.value("failures"), feed.opened(), len(feed.booked())) == (3, 0, 3)


def test_a_file_that_ends_too_early_opens_nothing(feed: Feed, calendar_host: CalendarHost) -> None:
    feed.read(*days(3))

    def cut(handler: Any) -> None:
        handler.reply(200, calendar_host.body[:-40], Content_Length=str(len(calendar_host.body)))

    calendar_host.answer = cut
    assert feed.read() in {"truncated", "unreachable"}
    assert len(feed.booked()) == 3


PRIVATE = [
    "http://127.0.0.2:9/x.ics", "http://localhost:9/x", "http://10.0.0.1/x", "file:///etc/passwd",
    "http://[::ffff:127.0.0.1]/x", "http://169.254.169.254/latest/meta-data",
]  # fmt: skip


def test_a_redirect_into_a_private_network_is_not_followed(feed: Feed, calendar_host: CalendarHost) -> None:
    feed.read(*days(3))
    for target in PRIVATE:
        calendar_host.answer = lambda handler, to=target: handler.reply(302, b"", Location=to)
        assert feed.read() == "address", target
    assert len(feed.booked()) == 3


def test_a_redirect_to_a_calendar_is_followed_but_not_for_ever(feed: Feed, calendar_host: CalendarHost) -> None:
    calendar_host.show(*days(2))

    def once(handler: Any) -> None:
        if handler.path == "/team.ics":
            handler.reply(301, b"", Location="/moved.ics")
        else:
            handler.reply(200, calendar_host.body)

    calendar_host.answer = once
    assert feed.read() is None
    assert len(feed.booked()) == 2
    calendar_host.answer = lambda handler: handler.reply(302, b"", Location="/round")
    assert feed.read() == "redirects"


def test_too_large_and_gzip_bombs_are_refused(feed: Feed, calendar_host: CalendarHost) -> None:
    feed.read(*days(3))
    assert feed.read_body(b"BEGIN:VCALENDAR" + b" " * 10_000_000 + b"END:VCALENDAR") == "too_large"
    bomb = gzip.compress(b"BEGIN:VCALENDAR" + b"\n" * 200_000_000, compresslevel=9)
    calendar_host.answer = lambda handler: handler.reply(200, bomb, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        assert feed.read() == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 50_000_000, "it is unpacked no further than the limit"
    finally:
        tracemalloc.stop()
    packed = gzip.compress(calendar(*days(3)))
    calendar_host.answer = lambda handler: handler.reply(200, packed, Content_Encoding="gzip")
    assert feed.read() is None
    calendar_host.answer = lambda handler: handler.reply(200, packed[:-20], Content_Encoding="gzip")
    assert feed.read() == "truncated"


def test_an_unchanged_feed_is_not_read_again(feed: Feed, calendar_host: CalendarHost) -> None:
    calendar_host.etag = '"one"'
    feed.read(*days(3))
    feed.read(*days(1))  # the server says that nothing has changed
    assert [request.get("If-None-Match") for request in calendar_host.requests] == [None, '"one"']
    assert len(feed.booked()) == 3


def test_more_than_three_at_once_ask_first_and_come_back_by_themselves(shop: Shop, feed: Feed) -> None:
    feed.read(*days(7))
    feed.read(*days(7, first=4))
    assert (feed.opened(), feed.outcomes()) == (0, ["waiting_approval"] * 4)
    feed.read(*days(7, first=4))
    assert feed.outcomes() == ["waiting_approval"] * 4  # asked once
    feed.read(*days(7))
    assert (feed.opened(), feed.outcomes()) == (0, ["withdrawn"] * 4)
    assert len(feed.booked()) == 7


def test_what_a_person_approved_is_opened_once(shop: Shop, feed: Feed, run_jobs: Callable[[], None]) -> None:
    shop.people(1)
    feed.read(*days(7))
    feed.read(*days(7, first=4))
    waiting = [str(row[0]) for row in shop.sql("SELECT id FROM booking_deliveries ORDER BY starts_at")]
    assert "4 cancellations wait for your OK" in shop.browser().get("/settings/booking-systems").text
    shop.browser().post("/settings/booking-systems/approvals", delivery=waiting[:2])
    shop.browser().post("/settings/booking-systems/dismissals", delivery=waiting[2:])
    run_jobs()
    assert (feed.opened(), sorted(feed.outcomes())) == (2, ["dismissed", "dismissed", "opened", "opened"])
    # They come back: what was opened is taken again, and nothing opens a second time.
    feed.read(*days(7))
    assert feed.opened() == 0
    assert [state for state, _source in slots_at(shop, AT)] == ["booked"]
    feed.read(*days(7))
    assert shop.value("SELECT count(*) FROM slots") == 2


def test_a_much_smaller_feed_opens_nothing_until_a_person_says_it_is_right(shop: Shop, feed: Feed) -> None:
    feed.read(*days(20))
    assert feed.read(*days(20, first=15)) == "smaller"
    assert (feed.opened(), feed.outcomes(), len(feed.booked())) == (0, [], 20)
    assert "It is right as it is" in shop.browser().get(f"/settings/booking-systems/{feed.id}").text
    shop.browser().post(f"/settings/booking-systems/{feed.id}/acceptance")
    feed.run_feeds()
    assert (feed.value("failure"), feed.opened(), len(feed.booked())) == (None, 0, 5)


def test_a_calendar_shifted_as_a_whole_asks_first(feed: Feed) -> None:
    feed.read(*days(6))
    feed.read(*[event(f"day-{number}", AT + number * DAY + timedelta(hours=1)) for number in range(6)])
    assert (feed.opened(), feed.outcomes()) == (0, ["waiting_approval"] * 6)
    assert feed.booked()[0] == AT + timedelta(hours=1)


def test_a_series_with_exceptions_and_a_moved_instance(shop: Shop, feed: Feed) -> None:
    utc = f"{AT:%Y%m%dT%H%M%SZ}"
    second, third = (f"{AT + number * DAY:%Y%m%dT%H%M%SZ}" for number in (1, 2))
    series = raw_event("s", f"DTSTART:{utc}", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=4")
    feed.read(series)
    assert feed.booked() == [AT + number * DAY for number in range(4)]
    excepted = raw_event("s", f"DTSTART:{utc}", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=4", f"EXDATE:{second}")
    moved = raw_event(
        "s", f"RECURRENCE-ID:{third}", f"DTSTART:{AT + 2 * DAY + timedelta(hours=2):%Y%m%dT%H%M%SZ}", "DURATION:PT30M"
    )
    feed.read(excepted, moved)
    assert [len(slots_at(shop, AT + number * DAY)) for number in range(4)] == [0, 1, 1, 0]
    cancelled = raw_event("s", f"RECURRENCE-ID:{utc}", f"DTSTART:{utc}", "DURATION:PT30M", "STATUS:CANCELLED")
    feed.read(excepted, moved, cancelled)
    assert len(slots_at(shop, AT)) == 1
    assert len(feed.booked()) == 2


def test_extra_dates_count(feed: Feed) -> None:
    extra = f"{AT + 3 * DAY:%Y%m%dT%H%M%SZ}"
    feed.read(raw_event("s", f"DTSTART:{AT:%Y%m%dT%H%M%SZ}", "DURATION:PT30M", f"RDATE:{extra}"))
    assert feed.booked() == [AT, AT + 3 * DAY]


def test_whole_days_are_no_appointments(feed: Feed) -> None:
    day = f"{AT:%Y%m%d}"
    holiday = raw_event("h", f"DTSTART;VALUE=DATE:{day}")
    weeks = raw_event("w", f"DTSTART;VALUE=DATE:{day}", f"DTEND;VALUE=DATE:{AT + 20 * DAY:%Y%m%d}")
    feed.read(holiday, weeks, raw_event("y", f"DTSTART;VALUE=DATE:{day}", "RRULE:FREQ=YEARLY"), *days(1))
    assert (len(feed.booked()), feed.value("unreadable")) == (1, 0)
    feed.read(*days(1))
    assert feed.outcomes() == []


def test_floating_times_are_the_business_s_and_known_zones_their_own(shop: Shop, feed: Feed) -> None:
    near = f"{AT.replace(hour=10):%Y%m%dT100000}"
    feed.read(
        raw_event("floating", f"DTSTART:{near}", "DURATION:PT30M"),
        raw_event("paris", f"DTSTART;TZID=Europe/Paris:{near}", "DURATION:PT30M"),
        raw_event("windows", f"DTSTART;TZID=Pacific Standard Time:{near}", "DURATION:PT30M"),
    )
    expected = shop.sql(
        "SELECT t AT TIME ZONE z FROM (VALUES (%s::timestamp, 'Europe/Paris'), (%s::timestamp, 'America/New_York'),"
        " (%s::timestamp, 'America/Los_Angeles')) v(t, z) ORDER BY 1",
        *[f"{AT:%Y-%m-%d} 10:00"] * 3,
    )
    assert feed.booked() == [row[0] for row in expected]


def test_an_unknown_zone_is_not_guessed_and_does_not_count_as_gone(shop: Shop, feed: Feed) -> None:
    near = f"{AT:%Y%m%dT%H%M%S}"
    feed.read(event("here", AT), event("there", AT + DAY))
    feed.read(event("here", AT), raw_event("there", f"DTSTART;TZID=Mars/Base:{near}", "DURATION:PT30M"))
    assert (feed.opened(), len(feed.booked()), feed.value("unreadable")) == (0, 2, 1)
    assert "The time of 1 event" in shop.browser().get(f"/settings/booking-systems/{feed.id}").text


def test_a_zone_that_the_file_explains_is_read(feed: Feed) -> None:
    zone = """BEGIN:VTIMEZONE\nTZID:House\nBEGIN:STANDARD\nDTSTART:19700101T000000
TZOFFSETFROM:+0200\nTZOFFSETTO:+0200\nEND:STANDARD\nEND:VTIMEZONE"""
    lines = raw_event("x", f"DTSTART;TZID=House:{AT:%Y%m%dT%H%M%S}", "DURATION:PT30M")
    assert feed.read_body(calendar(lines, head=zone)) is None
    assert feed.booked() == [AT - timedelta(hours=2)]


def test_several_events_under_one_uid_are_told_apart(shop: Shop, feed: Feed) -> None:
    later = AT + timedelta(hours=2)
    feed.read(event("same", AT), event("same", later))
    assert feed.booked() == [AT, later]
    feed.read(event("same", later))
    assert (slots_at(shop, AT), slots_at(shop, later)) == ([("open", "feed")], [])
    assert feed.booked() == [later]


def test_the_newest_of_one_uid_counts(feed: Feed) -> None:
    feed.read(event("same", AT, 30, "SEQUENCE:1"), event("same", AT + DAY, 30, "SEQUENCE:2"))
    assert feed.booked() == [AT + DAY]


def test_rules_that_would_never_end_are_not_worked_out(feed: Feed) -> None:
    utc = f"DTSTART:{AT:%Y%m%dT%H%M%SZ}"
    every = ",".join(map(str, range(60)))
    started = time.process_time()
    feed.read(
        raw_event("a", utc, "DURATION:PT1S", "RRULE:FREQ=SECONDLY"),
        raw_event("b", utc, "DURATION:PT1S", f"RRULE:FREQ=DAILY;BYMINUTE={every};BYSECOND={every}"),
        event("c", AT),
    )
    assert time.process_time() - started < A_LOT_OF_WORK
    assert (len(feed.booked()), feed.value("unreadable")) == (1, 2)


def test_our_own_calendar_shown_back_to_us_tells_nothing(feed: Feed) -> None:
    feed.read(event("0190@slots.nexapp", AT), *days(1))
    assert len(feed.booked()) == 1


def test_a_new_booking_takes_our_open_slot(shop: Shop, feed: Feed) -> None:
    slot_id = shop.slot(AT, status="open", round=1, opened_at=AT - 3 * DAY)
    assert feed.read(*days(2)) is None
    assert shop.state(slot_id) == ("booked", 1)
    feed.read(*days(2, first=1))
    assert shop.state(slot_id) == ("open", 2)


def test_the_schedule_reads_each_feed_once_in_a_period(
    app: Flask, shop: Shop, other_shop: Shop, feed: Feed, acting: Any, run_jobs: Callable[[], None],
    calendar_host: CalendarHost,
) -> None:  # fmt: skip
    other_shop.insert(
        "booking_systems", id=new_id(), org_id=other_shop.org_id, kind="feed", name="Theirs", url=calendar_host.url,
        staff_member_id=other_shop.staff_id,
    )  # fmt: skip
    calendar_host.show(*days(2))
    for _ in range(2):
        with acting(SYSTEM):
            feeds.poll_feeds()
    feed.run_feeds()
    assert len(calendar_host.requests) == 2
    assert shop.sql("SELECT org_id, count(*) FROM external_bookings GROUP BY 1 ORDER BY 1") == sorted(
        [(shop.org_id, 2), (other_shop.org_id, 2)]
    )


def test_a_feed_that_failed_for_an_hour_is_read_once_an_hour(
    feed: Feed, shop: Shop, acting: Any, calendar_host: CalendarHost
) -> None:
    for minutes, asked in ((10, 0), (61, 1)):
        shop.sql(
            "UPDATE booking_systems SET failures = 12, failure = 'status',"
            " checked_at = now() - %s * interval '1 minute'", minutes,
        )  # fmt: skip
        calendar_host.requests.clear()
        with acting(SYSTEM):
            feeds.poll_feeds()
        feed.run_feeds()
        assert len(calendar_host.requests) == asked


def test_a_slow_server_does_not_hold_a_connection(feed: Feed, calendar_host: CalendarHost, shop: Shop) -> None:
    seen: list[int] = []

    def watch(handler: Any) -> None:
        rows = shop.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'nexapp' AND state LIKE 'idle in%%'"
        )
        seen.append(rows[0][0])
        handler.reply(200, calendar(*days(1)))

    calendar_host.answer = watch
    feed.read()
    assert seen == [0]
    assert len(feed.booked()) == 1


def test_a_reading_that_was_overtaken_changes_nothing(shop: Shop, feed: Feed, calendar_host: CalendarHost) -> None:
    """Two readings at once: the slower one brings the older file."""
    feed.read(*days(3))

    def slow(handler: Any) -> None:
        shop.sql("UPDATE booking_systems SET read_at = now() + interval '1 second'")
        handler.reply(200, calendar(*days(3, first=1)))

    calendar_host.answer = slow
    feed.read()
    assert (feed.opened(), len(feed.booked())) == (0, 3)


def test_a_private_address_is_refused_where_no_operator_allows_it(
    app: Flask, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Any = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update={"feed_private_hosts": ""}))
    assert feed.read(*days(1)) == "address"
