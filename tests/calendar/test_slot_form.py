"""What the form of a new slot takes from its service, its falling price, its place, its hours and its weeks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from nexapp.spine.ids import new_id
from tests.calendar.test_moving import at, day_ahead
from tests.people import Browser
from tests.slots.merchant_world import Shop


@pytest.fixture
def owner(shop: Shop) -> Browser:
    shop.sql("UPDATE services SET minutes = 45, price_cents = 8000")
    return shop.browser()


def form(shop: Shop, **changes: Any) -> dict[str, Any]:
    return {
        "key": str(new_id()), "staff_member_id": shop.staff_id, "on": day_ahead().isoformat(), "at": "10:00",
        "minutes": "", "then": "save", **changes,
    }  # fmt: skip


def words(answer: Any) -> str:
    return str(answer.get_data(as_text=True)).replace("\u202f", " ")


def only(shop: Shop, column: str) -> Any:
    return shop.value(f"SELECT {column} FROM slots")


def test_a_service_fills_what_was_left_empty(shop: Shop, owner: Browser) -> None:
    assert owner.post("/slots", **form(shop, service_id=shop.service_id)).status_code == 303
    assert shop.sql("SELECT ends_at - starts_at = interval '45 minutes', price_cents FROM slots") == [(True, 8000)]


def test_what_was_typed_counts_more(shop: Shop, owner: Browser) -> None:
    owner.post("/slots", **form(shop, service_id=shop.service_id, minutes=20, price="0"))
    assert shop.sql("SELECT ends_at - starts_at = interval '20 minutes', price_cents FROM slots") == [(True, 0)]


def test_without_a_service_it_is_half_an_hour(shop: Shop, owner: Browser) -> None:
    owner.post("/slots", **form(shop))
    assert only(shop, "ends_at - starts_at = interval '30 minutes'") is True


def test_who_does_not_offer_a_service_is_refused(shop: Shop, owner: Browser) -> None:
    shop.insert("service_staff", org_id=shop.org_id, service_id=shop.service_id, staff_member_id=shop.other_staff_id)
    answer = owner.post("/slots", **form(shop, service_id=shop.service_id))
    assert answer.status_code == 422
    assert "doesn&#39;t offer it" in words(answer)
    assert shop.sql("SELECT 1 FROM slots") == []


def test_a_falling_price(shop: Shop, owner: Browser) -> None:
    steps = {"hours_1": 2, "price_1": "40", "hours_2": 24, "price_2": "60"}
    assert owner.post("/slots", **form(shop, price="80", **steps)).status_code == 303
    assert only(shop, "price_steps") == [{"minutes": 1440, "cents": 6000}, {"minutes": 120, "cents": 4000}]
    price = "nexapp_price_at(price_cents, price_steps, starts_at, starts_at - interval '{} hours')"
    assert [only(shop, price.format(hours)) for hours in (30, 24, 3, 1)] == [8000, 6000, 6000, 4000]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"price": "80", "hours_1": 2, "price_1": "90"}, "cheaper than the one before"),
        ({"price": "80", "hours_1": 2}, "A step needs its hours and its price."),
        ({"hours_1": 2, "price_1": "5"}, "Enter the price that falls."),
        ({"price": "80", "hours_1": 0, "price_1": "5"}, "From 1 to 720 hours."),
        ({"weeks": 27}, "Choose from 1 to 26."),
        ({"location_id": str(new_id())}, "Not a valid choice"),
    ],
)
def test_what_is_refused(shop: Shop, owner: Browser, changes: dict[str, Any], sentence: str) -> None:
    answer = owner.post("/slots", **form(shop, **changes))
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert shop.sql("SELECT 1 FROM slots") == []


def test_a_location(shop: Shop, owner: Browser, other_shop: Shop) -> None:
    ids: list[UUID] = []
    for business, name in ((shop, "North"), (shop, "South"), (other_shop, "Elsewhere")):
        ids.append(new_id())
        business.insert("locations", id=ids[-1], org_id=business.org_id, name=name)
    page = words(owner.get("/slots/new"))
    assert "South" in page
    assert "Elsewhere" not in page
    assert owner.post("/slots", **form(shop, location_id=ids[2])).status_code == 422
    assert owner.post("/slots", **form(shop, location_id=ids[1])).status_code == 303
    assert only(shop, "location_id") == ids[1]


def test_outside_the_hours_it_asks_first(shop: Shop, owner: Browser) -> None:
    shop.insert(
        "opening_hours", id=new_id(), org_id=shop.org_id, weekday=day_ahead().weekday(), opens="12:00", closes="18:00"
    )
    fields = form(shop)
    answer = owner.post("/slots", **fields)
    assert answer.status_code == 422
    assert "outside the opening hours of that day: 12:00 PM to 6:00 PM" in words(answer)
    assert 'name="outside_ok"' in words(answer)
    assert owner.post("/slots", **fields, outside_ok="y").status_code == 303


def test_a_blocked_time_is_refused(shop: Shop, owner: Browser) -> None:
    shop.insert(
        "blocked_times", id=new_id(), org_id=shop.org_id, starts_on=day_ahead(), starts="10:15", ends_on=day_ahead(),
        ends="11:00",
    )  # fmt: skip
    answer = owner.post("/slots", **form(shop))
    assert answer.status_code == 422
    assert "is blocked" in words(answer)
    assert owner.post("/slots", **form(shop, at="11:00")).status_code == 303


def test_nobody_is_texted_about_a_closed_day(shop: Shop, owner: Browser) -> None:
    shop.person()
    shop.insert("hour_exceptions", id=new_id(), org_id=shop.org_id, on_date=day_ahead(), note="Holiday")
    answer = owner.post("/slots", **form(shop, then="open", outside_ok="y"))
    assert "is closed (Holiday)" in words(owner.get(answer.location))
    assert shop.texts() == []
    assert only(shop, "status") == "draft"


def test_the_same_time_for_some_weeks(shop: Shop, owner: Browser) -> None:
    shop.slot(at(10, 15, days=10))
    answer = owner.post("/slots", **form(shop, weeks=4))
    page = words(owner.get(answer.location))
    assert "3 slots are there." in page
    assert "Left out, for the time is not free" in page
    assert len(shop.sql("SELECT 1 FROM slots")) == 4
    assert shop.value("SELECT count(*) FROM slots WHERE starts_at IN (%s, %s, %s)", at(10), at(10, days=17),
                      at(10, days=24)) == 3  # fmt: skip


def test_the_repeated_form_adds_nothing_twice(shop: Shop, owner: Browser) -> None:
    fields = form(shop, weeks=3)
    for _ in range(2):
        assert owner.post("/slots", **fields).status_code == 303
    assert len(shop.sql("SELECT 1 FROM slots")) == 3


def test_some_weeks_opened_together(shop: Shop, owner: Browser) -> None:
    shop.people(2)
    owner.post("/slots", **form(shop, weeks=2, then="open"))
    assert shop.sql("SELECT DISTINCT status FROM slots") == [("open",)]


def test_some_weeks_sent_twice_text_nobody_twice(shop: Shop, owner: Browser) -> None:
    shop.people(2)
    fields = form(shop, weeks=2, then="open")
    owner.post("/slots", **fields)
    shop.sql("UPDATE messages SET status = 'sent', sent_at = now()")
    said = words(owner.get(owner.post("/slots", **fields).location))
    assert "2 slots are there. The list has heard of them already." in said
    assert shop.sql("SELECT DISTINCT round FROM slots") == [(1,)]
    assert shop.value("SELECT count(*) FROM messages") == 2


@pytest.mark.parametrize("then", ["save", "open"])
def test_how_people_are_asked_is_kept_with_the_slot(shop: Shop, owner: Browser, then: str) -> None:
    for name in ("Ana", "Ben", "Cleo"):
        shop.person(name)
    owner.post("/slots", **form(shop, mode="waves", wave_size=2, then=then))
    assert shop.sql("SELECT offer_mode, wave_size FROM slots") == [("waves", 2)]
    assert shop.value("SELECT count(*) FROM slot_offers") == (2 if then == "open" else 0)


def test_left_alone_people_are_asked_as_the_business_does(shop: Shop, owner: Browser) -> None:
    assert "Ask in another way" in words(owner.get("/slots/new"))
    owner.post("/slots", **form(shop, mode="", wave_size="7"))
    assert shop.sql("SELECT offer_mode, wave_size FROM slots") == [(None, None)]


@pytest.mark.parametrize("wrong", [{"mode": "lottery"}, {"mode": "waves", "wave_size": 0}])
def test_another_way_than_there_is_is_refused(shop: Shop, owner: Browser, wrong: dict[str, Any]) -> None:
    assert owner.post("/slots", **form(shop, **wrong)).status_code == 422
    assert shop.sql("SELECT 1 FROM slots") == []
