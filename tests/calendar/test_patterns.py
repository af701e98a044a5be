"""Many slots at once: what a plan would add, what it leaves out and why, and that it is added once."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from nexapp.slots.calendar.pattern_forms import read_times
from nexapp.slots.patterns import pattern_days, pattern_times
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.calendar.test_moving import at, day_ahead, next_sunday
from tests.people import Browser
from tests.slots.merchant_world import Shop


@pytest.fixture
def owner(shop: Shop) -> Browser:
    return shop.browser()


def form(shop: Shop, **changes: Any) -> dict[str, Any]:
    return {
        "key": str(new_id()), "staff": [str(shop.staff_id)], "on": day_ahead().isoformat(), "weeks": 1,
        "starts": "09:00", "ends": "12:00", "minutes": 30, "gap": 0, "then": "save", **changes,
    }  # fmt: skip


def words(answer: Any) -> str:
    return " ".join(str(answer.get_data(as_text=True)).replace("\u202f", " ").split())


def count(shop: Shop) -> int:
    return int(shop.value("SELECT count(*) FROM slots"))


def test_the_times_of_a_pattern() -> None:
    assert pattern_times(time(9), time(11), 30, 15) == (time(9), time(9, 45), time(10, 30))
    assert pattern_times(time(23), time(), 30, 0) == (time(23), time(23, 30))
    assert pattern_times(time(9), time(9, 20), 30, 0) == ()
    with pytest.raises(BadInput):
        pattern_times(time(9), time(8), 30, 0)


def test_the_days_of_a_pattern() -> None:
    monday = date(2026, 11, 23)
    assert pattern_days(monday, frozenset({0, 2}), 2) == tuple(monday + timedelta(days=n) for n in (0, 2, 7, 9))


def test_written_times() -> None:
    assert read_times("2 pm, 9:00 10.30;12am") == (time(0), time(9), time(10, 30), time(14))
    for written in ("25:00", "9:60", "noon", "13pm", ", ,"):
        with pytest.raises(BadInput):
            read_times(written)


def test_a_preview_counts_exactly_and_changes_nothing(shop: Shop, owner: Browser) -> None:
    shop.slot(at(9, 15))
    shop.insert(
        "blocked_times", id=new_id(), org_id=shop.org_id, starts_on=day_ahead(), starts="11:00",
        ends_on=day_ahead(), ends="11:30",
    )  # fmt: skip
    both = [str(shop.staff_id), str(shop.other_staff_id)]
    answer = owner.post("/slots/several/preview", fragment=True, **form(shop, staff=both, weeks=2))
    body = words(answer)
    assert "<html" not in body
    # Six times, two people, two weeks; two are taken, two are blocked.
    assert '<p class="figure-value mb-1">20</p>' in body
    assert "4 times are left out" in body
    assert body.count(": taken") == 2
    assert body.count(": blocked") == 2
    assert count(shop) == 1


def test_adding_takes_what_the_preview_said(shop: Shop, owner: Browser, statements: list[str]) -> None:
    shop.slot(at(9, 15))
    fields = form(shop, weeks=3, weekdays=[str(day) for day in range(7)])
    statements.clear()
    answer = owner.post("/slots/several", **fields)
    asked = len(statements)
    page = words(owner.get(answer.location))
    assert "124 slots added. 2 times were left out." in page
    assert count(shop) == 125
    assert shop.sql("SELECT DISTINCT source, status FROM slots WHERE source = 'pattern'") == [("pattern", "draft")]
    assert shop.value("SELECT count(*) FROM slot_events WHERE kind = 'added'") == 124
    assert asked < 40, "set-based, however many"
    assert owner.post("/slots/several", **fields).status_code == 303
    assert count(shop) == 125


def test_several_times_at_once(shop: Shop, owner: Browser) -> None:
    owner.post("/slots/several", **form(shop, times="9:00, 10:30 2pm", service_id=shop.service_id, minutes=""))
    assert {row[0] for row in shop.sql("SELECT starts_at FROM slots")} == {at(9), at(10, 30), at(14)}


def test_all_opened_are_one_text_for_each(shop: Shop, owner: Browser) -> None:
    shop.people(2)
    owner.post("/slots/several", **form(shop, times="9:00, 10:30, 14:00", then="open"))
    assert shop.sql("SELECT DISTINCT status FROM slots") == [("open",)]
    sent = shop.sql("SELECT to_phone, count(*) FROM messages WHERE status = 'queued' GROUP BY 1")
    assert [number for _, number in sent] == [1, 1]


def test_patterns_keep_within_the_hours(shop: Shop, owner: Browser) -> None:
    shop.insert(
        "opening_hours", id=new_id(), org_id=shop.org_id, weekday=day_ahead().weekday(), opens="10:00", closes="11:30"
    )
    owner.post("/slots/several", **form(shop))
    assert {row[0] for row in shop.sql("SELECT starts_at FROM slots")} == {at(10), at(10, 30), at(11)}


def test_the_hour_that_is_not_there_is_left_out(shop: Shop, owner: Browser) -> None:
    fields = form(shop, on=next_sunday(3, 2).isoformat(), times="1:30, 2:30, 3:30")
    assert "the clocks jump ahead" in words(owner.post("/slots/several/preview", fragment=True, **fields))
    owner.post("/slots/several", **fields)
    assert count(shop) == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"staff": []}, "Choose at least one person."),
        ({"starts": ""}, "Enter when the first starts"),
        ({"ends": "09:10"}, "No time fits between these two."),
        ({"weeks": 13}, "Choose from 1 to 12 weeks."),
        ({"minutes": 5, "weeks": 12, "weekdays": ["0", "1", "2"]}, "more than 400 slots"),
        ({"times": "later"}, "later is no time."),
        ({"on": "2020-01-01"}, "None of these times is free"),
        ({"on": "2999-01-01"}, "more than a year away"),
        ({"gap": -1}, "Choose from 0 to 240"),
    ],
)
def test_what_is_refused_adds_nothing(shop: Shop, owner: Browser, changes: dict[str, Any], sentence: str) -> None:
    answer = owner.post("/slots/several", **form(shop, **changes))
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert count(shop) == 0


def test_a_saved_pattern_fills_the_form(shop: Shop, owner: Browser) -> None:
    answer = owner.post("/slots/patterns", **form(shop, name="Mornings", gap=10))
    assert 'value="10"' in words(owner.get(answer.location))
    owner.post("/slots/patterns", **form(shop, name="mornings", gap=20))
    rows = shop.sql("SELECT id, plan->>'gap' FROM slot_patterns")
    assert [row[1] for row in rows] == ["20"]
    assert owner.post(f"/slots/patterns/{rows[0][0]}/removal").status_code == 303
    assert shop.sql("SELECT 1 FROM slot_patterns") == []
    assert owner.post("/slots/patterns", **form(shop, name="")).status_code == 422


def test_staff_plan_their_own_time(shop: Shop) -> None:
    john = shop.browser(Role.STAFF, shop.staff_id)
    assert john.post("/slots/several", **form(shop)).status_code == 303
    assert john.post("/slots/several", **form(shop, staff=[str(shop.other_staff_id)])).status_code == 422
    assert john.post("/slots/patterns", **form(shop, name="x")).status_code == 403
    assert shop.browser(Role.VIEWER).get("/slots/several").status_code == 403


def test_another_business(shop: Shop, other_shop: Shop) -> None:
    pattern_id = new_id()
    shop.sql(
        "INSERT INTO slot_patterns (id, org_id, name, plan) VALUES (%s, %s, 'Ours', '{}')", pattern_id, shop.org_id
    )
    stranger = other_shop.browser()
    assert stranger.get(f"/slots/several?pattern={pattern_id}").status_code == 404
    assert stranger.post(f"/slots/patterns/{pattern_id}/removal").status_code == 404
    assert "Ours" not in words(stranger.get("/slots/several"))
    assert stranger.post("/slots/several", **form(shop)).status_code == 422


def test_the_same_form_again_texts_nobody_again(shop: Shop, owner: Browser) -> None:
    shop.people(2)
    fields = form(shop, then="open")
    owner.post("/slots/several", **fields)
    shop.sql("UPDATE messages SET status = 'sent', sent_at = now()")
    said = words(owner.get(owner.post("/slots/several", **fields).location))
    assert shop.sql("SELECT DISTINCT status, round FROM slots") == [("open", 1)]
    assert shop.value("SELECT count(*) FROM messages") == 2
    assert "6 slots added. The list has heard of them already." in said
    assert "left out" not in said


def test_a_saved_pattern_keeps_its_price(shop: Shop, owner: Browser) -> None:
    answer = owner.post("/slots/patterns", **form(shop, name="Mornings", price="45.50"))
    assert 'value="45.50"' in words(owner.get(answer.location))


def test_who_does_not_offer_the_service_is_not_planned_for_it(shop: Shop, owner: Browser) -> None:
    shop.insert("service_staff", org_id=shop.org_id, service_id=shop.service_id, staff_member_id=shop.staff_id)
    both = [str(shop.staff_id), str(shop.other_staff_id)]
    answer = owner.post("/slots/several", **form(shop, staff=both, service_id=shop.service_id))
    assert answer.status_code == 422
    assert "Not all of these people offer it." in words(answer)
    assert owner.post("/slots/several", **form(shop, service_id=shop.service_id)).status_code == 303


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_no_days(shop: Shop, owner: Browser, on: str) -> None:
    slot_id = shop.slot(at(9))
    sent = {
        "/slots/several": form(shop, on=on), f"/slots/{slot_id}/moves": {
            "staff_member_id": shop.staff_id, "on": on, "at": "10:00", "minutes": 30,
        },
        "/calendar/blocks": {"starts_on": on, "starts": "10:00", "ends": "11:00"},
        "/settings/hours/exceptions": {"on_date": on},
    }  # fmt: skip
    for path, fields in sent.items():
        answer = owner.post(path, **fields)
        assert answer.status_code == 422, path
        assert "Check the year of this day." in words(answer), path
