"""A time that another system has booked is not given away here by hand without a word."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest

from nexapp.spine.tenancy import Actor
from tests.booking_systems.senders import Sender
from tests.calendar import test_patterns
from tests.calendar.test_moving import aim, at, go
from tests.calendar.test_slot_form import form, words
from tests.people import Browser
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]
SENTENCE = "The generic has a booking from 10:00 AM to 10:30 AM."


@pytest.fixture
def booked(shop: Shop, sender: Sender) -> datetime:
    """Dr. Smith's ten o'clock, over there."""
    starts_at = at(10)
    assert sender.told("booked", starts_at) == "noted"
    return starts_at


@pytest.fixture
def owner(shop: Shop) -> Browser:
    return shop.browser()


def test_a_new_slot_of_that_time_asks_first(shop: Shop, owner: Browser, booked: datetime) -> None:
    fields = form(shop, at="10:15")
    answer = owner.post("/slots", **fields)
    assert answer.status_code == 422
    assert SENTENCE in words(answer)
    assert 'name="outside_ok"' in words(answer)
    assert owner.post("/slots", **fields, outside_ok="y").status_code == 303
    assert owner.post("/slots", **form(shop, at="10:15", staff_member_id=shop.other_staff_id)).status_code == 303
    assert owner.post("/slots", **form(shop, at="12:00")).status_code == 303


def test_weeks_in_a_row_leave_that_time_out(shop: Shop, owner: Browser, booked: datetime) -> None:
    shop.sql("UPDATE external_bookings SET starts_at = starts_at + interval '7 days', ends_at = ends_at + '7 days'")
    owner.post("/slots", **form(shop, weeks=3))
    assert shop.sql("SELECT (starts_at - %s) / 7 FROM slots ORDER BY 1", booked) == [
        (timedelta(days=0),), (timedelta(days=2),)
    ]  # fmt: skip


def test_a_pattern_leaves_that_time_out_and_says_why(shop: Shop, owner: Browser, booked: datetime) -> None:
    answer = owner.post("/slots/several/preview", fragment=True, **test_patterns.form(shop))
    assert "booked in another system" in test_patterns.words(answer)
    owner.post("/slots/several", **test_patterns.form(shop))
    assert shop.value("SELECT count(*) FROM slots") == 5
    assert shop.sql("SELECT 1 FROM slots WHERE starts_at = %s", booked) == []


def test_a_move_onto_that_time_goes_with_a_warning(shop: Shop, acting: Acting, booked: datetime) -> None:
    slot_id = shop.slot(at(14))
    assert "The generic has a booking" in str(go(acting, shop, slot_id, aim(shop, 10, 15)).outside)
    assert go(acting, shop, slot_id, aim(shop, 12)).outside is None


def test_the_slot_that_the_booking_filled_may_move_beside_it(shop: Shop, acting: Acting, sender: Sender) -> None:
    slot_id = shop.slot(at(10), status="open", round=1, opened_at=at(10) - timedelta(days=9))
    assert sender.told("booked", at(10)) == "filled"
    assert go(acting, shop, slot_id, aim(shop, 10, 15)).outside is None


def test_its_page_says_so_beside_the_button_that_opens_it(shop: Shop, owner: Browser, booked: datetime) -> None:
    draft, other = shop.slot(booked), shop.slot(booked, staff_member_id=shop.other_staff_id)
    assert SENTENCE in words(owner.get(f"/slots/{draft}"))
    assert "has a booking" not in words(owner.get(f"/slots/{other}"))


def test_a_cancelled_booking_and_another_business_s_warn_nobody(
    shop: Shop, other_shop: Shop, owner: Browser, sender: Sender, booked: datetime
) -> None:
    theirs = form(other_shop, at="10:00")
    assert other_shop.browser().post("/slots", **theirs).status_code == 303
    shop.sql("UPDATE external_bookings SET status = 'cancelled'")
    assert owner.post("/slots", **form(shop)).status_code == 303
