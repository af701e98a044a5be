"""Wall time and instants: gaps are refused with the next time, repeated times asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from nexapp.slots.adding import NewSlot, add_slot
from nexapp.slots.errors import TimeDoesNotExist, TimeHappensTwice
from nexapp.slots.times import midnight, text_time, to_instant, week_of
from nexapp.spine.clock import now
from tests.slots.merchant_world import Shop
from tests.slots.test_merchant_pages import new_slot

NY = "America/New_York"


def in_words(app: Flask, act: object) -> str:
    with app.test_request_context(), pytest.raises((TimeDoesNotExist, TimeHappensTwice)) as caught:
        act()  # type: ignore[operator]
    return caught.value.sentence or next(iter(caught.value.fields.values()))


@pytest.mark.parametrize(
    ("zone", "on", "at", "following"),
    [
        (NY, date(2027, 3, 14), time(2, 30), "3:00 AM"),
        (NY, date(2027, 3, 14), time(2, 0), "3:00 AM"),
        ("Australia/Lord_Howe", date(2027, 10, 3), time(2, 10), "2:30 AM"),
        ("Pacific/Apia", date(2011, 12, 30), time(10, 0), "12:00 AM"),
    ],
)
def test_a_time_that_the_clocks_jump_over(app: Flask, zone: str, on: date, at: time, following: str) -> None:
    sentence = in_words(app, lambda: to_instant(on, at, zone))
    assert "doesn't exist" in sentence
    assert f"The next time that does is {following}" in sentence


def test_times_beside_the_gap_exist(app: Flask) -> None:
    with app.test_request_context():
        assert to_instant(date(2027, 3, 14), time(1, 59), NY) == datetime(2027, 3, 14, 6, 59, tzinfo=UTC)
        assert to_instant(date(2027, 3, 14), time(3, 0), NY) == datetime(2027, 3, 14, 7, 0, tzinfo=UTC)


def test_a_time_that_happens_twice_is_asked_about(app: Flask) -> None:
    on, at = date(2027, 11, 7), time(1, 30)
    assert "happens twice" in in_words(app, lambda: to_instant(on, at, NY))
    with app.test_request_context():
        first, second = to_instant(on, at, NY, "first"), to_instant(on, at, NY, "second")
    assert second - first == timedelta(hours=1)
    assert first == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from([NY, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/Los_Angeles"]),
)
@settings(max_examples=300, deadline=None)
def test_an_instant_reads_as_what_was_typed(wall: datetime, zone: str) -> None:
    from zoneinfo import ZoneInfo

    app = Flask("words")
    from flask_babel import Babel

    Babel(app)
    with app.test_request_context():
        try:
            found = to_instant(wall.date(), wall.time(), zone, "second")
        except TimeDoesNotExist:
            return
    assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


def test_days_and_weeks() -> None:
    assert week_of(date(2026, 11, 22)) == (date(2026, 11, 16), date(2026, 11, 23))
    long_day = midnight(date(2026, 11, 2), NY) - midnight(date(2026, 11, 1), NY)
    assert long_day == timedelta(hours=25)


def test_a_text_says_the_time_with_its_zone(app: Flask) -> None:
    with app.test_request_context():
        assert text_time(datetime(2026, 11, 20, 14, 30, tzinfo=UTC), NY) == "Fri 20 Nov, 9:30 AM ET"


def next_change(on: date, weekday_number: int, month: int) -> date:
    """The nth Sunday of a month, this year or next, that lies ahead."""
    for year in (on.year, on.year + 1):
        first = date(year, month, 1)
        found = first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (weekday_number - 1))
        if found > on + timedelta(days=1):
            return found
    raise AssertionError


def test_the_form_refuses_the_gap_and_keeps_what_was_typed(shop: Shop) -> None:
    on = next_change(now().date(), 2, 3)
    answer = shop.browser().post(
        "/slots", staff_member_id=shop.staff_id, **new_slot(on=on.isoformat(), at="02:30", note="Kept")
    )
    body = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "The next time that does is 3:00 AM" in body.replace("&#39;", "'")
    assert "Kept" in body
    assert 'value="02:30"' in body


def test_the_form_asks_which_and_takes_the_answer(shop: Shop) -> None:
    on, owner = next_change(now().date(), 1, 11), shop.browser()
    form = new_slot(on=on.isoformat(), at="01:30", note="Kept")
    body = owner.post("/slots", staff_member_id=shop.staff_id, **form).get_data(as_text=True)
    assert "happens twice" in body
    assert "1:30 AM EDT, the first" in body
    assert "1:30 AM EST, the second" in body
    assert "Kept" in body
    assert owner.post("/slots", staff_member_id=shop.staff_id, **form, which="second").status_code == 303
    assert shop.value("SELECT starts_at FROM slots").astimezone(UTC).hour == 6


def test_the_question_is_not_asked_on_other_days(shop: Shop) -> None:
    answer = shop.browser().post("/slots", staff_member_id=shop.staff_id, **new_slot(which="third"))
    assert answer.status_code == 303


def test_double_posts_at_once_are_one_slot(shop: Shop, acting: object) -> None:
    from tests.slots.test_merchant_steps import race

    tomorrow = now().date() + timedelta(days=2)
    new = NewSlot("the-same-form", shop.staff_id, tomorrow, time(10), 30)
    assert race(acting, shop, lambda: add_slot(new), 4) == ["done"] * 4  # type: ignore[arg-type]
    assert len(shop.sql("SELECT 1 FROM slots")) == 1
