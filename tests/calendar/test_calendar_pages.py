"""The calendar's pages: day, week of one, week of everybody; whole and as fragments; quick however full."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nexapp.slots.calendar.grid import Box, box_of
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.calendar.test_moving import at, day_ahead, next_sunday
from tests.people import Browser
from tests.slots.merchant_world import Shop

MOST_STATEMENTS = 14


@pytest.fixture
def owner(shop: Shop) -> Browser:
    return shop.browser()


def body_of(browser: Browser, *, fragment: bool = False, **query: Any) -> str:
    answer = browser.get("/calendar", fragment=fragment, **query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def form(shop: Shop, **changes: Any) -> dict[str, Any]:
    values = {"staff_member_id": shop.staff_id, "on": day_ahead().isoformat(), "at": "14:00", "minutes": 30}
    return {**values, **changes}


def news(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])
    return found


def test_a_slot_stands_at_its_time_in_the_column_of_its_person(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(at(9, 35), minutes=80, staff_member_id=shop.other_staff_id)
    body = body_of(owner, on=day_ahead().isoformat())
    item = re.search(rf'<li class="cal-slot ([^"]+)">\s*<a id="slot-{slot_id}"', body)
    assert item
    assert item[1].split()[:4] == ["at-h9", "at-m7", "for-h1", "for-m4"]
    column = body[: item.start()].rsplit("<section", 1)[1]
    assert f'data-staff="{shop.other_staff_id}"' in column


def test_the_week_shows_each_day(shop: Shop, owner: Browser) -> None:
    ids = [shop.slot(at(9, days=days)) for days in (1, 8)]
    for days, slot_id in zip((1, 8), ids, strict=True):
        everybody = body_of(owner, view="week", on=day_ahead(days).isoformat())
        one = body_of(owner, view="week", on=day_ahead(days).isoformat(), staff=str(shop.staff_id))
        for body in (everybody, one):
            assert f'id="slot-{slot_id}"' in body
            assert body.count('id="slot-') == 1
        assert "<table" in everybody
        assert one.count('class="cal-column') == 7


def test_a_cancelled_slot_leaves_the_calendar_and_another_business_never_enters(
    shop: Shop, other_shop: Shop, owner: Browser
) -> None:
    shop.slot(at(9), status="cancelled")
    other_shop.slot(at(10))
    assert 'id="slot-' not in body_of(owner, on=day_ahead().isoformat())
    assert body_of(owner, staff=str(other_shop.staff_id)).count('class="cal-column') == 2


@pytest.mark.parametrize("query", [{"on": "never"}, {"on": "9999-99-99"}, {"view": "year"}, {"staff": "x"}])
def test_an_address_that_means_nothing_is_today(owner: Browser, query: dict[str, str]) -> None:
    assert day_ahead(0).strftime("%A") in body_of(owner, **query)


def test_the_fragment_is_live_and_without_a_frame(shop: Shop, owner: Browser) -> None:
    body = body_of(owner, fragment=True, view="week")
    assert "<html" not in body
    assert "slots-changed from:body" in body
    assert f"org:{shop.org_id}:slots" in body


def test_an_empty_time_leads_to_a_filled_in_form(shop: Shop, owner: Browser) -> None:
    shop.slot(at(10))
    body = body_of(owner, on=day_ahead().isoformat(), staff=str(shop.staff_id))
    free = re.findall(r'class="cal-free [^"]+"[^>]*href="([^"]+)"', body)
    times = [re.search(r"at=(\d\d)%3A(\d\d)|at=(\d\d:\d\d)", address) for address in free]
    assert all(times)
    joined = " ".join(free).replace("%3A", ":")
    assert "at=09:30" in joined
    assert "at=10:00" not in joined
    page = owner.get(free[0].replace("&amp;", "&")).get_data(as_text=True)
    assert f'value="{day_ahead().isoformat()}"' in page
    assert 'value="08:00"' in page


def test_viewers_see_and_cannot_change(shop: Shop) -> None:
    slot_id = shop.slot(at(9))
    viewer = shop.browser(Role.VIEWER)
    body = body_of(viewer, on=day_ahead().isoformat())
    assert f'id="slot-{slot_id}"' in body
    assert "data-slot=" not in body
    assert "cal-free" not in body
    assert viewer.post(f"/slots/{slot_id}/moves", **form(shop)).status_code == 403
    assert viewer.get(f"/slots/{slot_id}/moves/new").status_code == 403


def test_staff_can_take_hold_of_their_own_only(shop: Shop) -> None:
    own, others = shop.slot(at(9)), shop.slot(at(9), staff_member_id=shop.other_staff_id)
    body = body_of(shop.browser(Role.STAFF, shop.staff_id), on=day_ahead().isoformat())
    assert f'data-slot="{own}"' in body
    assert f'data-slot="{others}"' not in body


def test_hours_and_blocked_times_are_drawn(shop: Shop, owner: Browser) -> None:
    on = day_ahead()
    shop.insert("opening_hours", id=new_id(), org_id=shop.org_id, weekday=on.weekday(), opens="10:00", closes="15:00")
    shop.insert(
        "blocked_times", id=new_id(), org_id=shop.org_id, staff_member_id=shop.staff_id, starts_on=on, starts="12:00",
        ends_on=on, ends="12:30", note="Dentist",
    )  # fmt: skip
    shop.slot(at(8), staff_member_id=shop.other_staff_id)
    body = body_of(owner, on=on.isoformat())
    assert "from-h8 hours-7" in body
    assert body.count("cal-shut at-h8 at-m0 for-h2 for-m0") == 2
    assert body.count("Dentist") == 1
    shop.insert("hour_exceptions", id=new_id(), org_id=shop.org_id, on_date=on)
    assert "Closed" in body_of(owner, on=on.isoformat())


def test_two_hundred_slots_take_as_few_statements_as_one(shop: Shop, owner: Browser, statements: list[str]) -> None:
    staff = [shop.staff_id, shop.other_staff_id, *(new_id() for _ in range(4))]
    for number, staff_id in enumerate(staff[2:]):
        shop.insert("staff_members", id=staff_id, org_id=shop.org_id, display_name=f"Staff {number}", position=9)
    monday = day_ahead(7) - timedelta(days=day_ahead(7).weekday())
    counts = []
    for hours in (range(9, 10), range(10, 16)):
        for hour in hours:
            for days in range(5):
                for staff_id in staff:
                    begins = datetime.combine(monday + timedelta(days=days), time(hour), tzinfo=at(9).tzinfo)
                    shop.slot(begins, staff_member_id=staff_id)
        for query in ({"view": "week"}, {"view": "day"}, {"view": "week", "staff": str(shop.staff_id)}):
            owner.get("/calendar", on=monday.isoformat(), **query)
            statements.clear()
            body = body_of(owner, on=monday.isoformat(), **query)
            counts.append(len(statements))
    assert body.count('id="slot-') == 35
    assert counts[:3] == counts[3:]
    assert max(counts) <= MOST_STATEMENTS


# Moving, over the wire


def test_a_drop_answers_with_a_word_and_an_undo(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(at(9))
    answer = owner.post(f"/slots/{slot_id}/moves", fragment=True, **form(shop, sequence=0))
    assert answer.status_code == 200
    toast = news(answer)["toast"]
    assert "Moved to" in toast["text"]
    assert "slots-changed" in news(answer)
    assert shop.value("SELECT starts_at FROM slots") == at(14)
    back = owner.post(toast["undo"], fragment=True)
    assert "Back at" in news(back)["toast"]["text"]
    assert shop.value("SELECT starts_at FROM slots") == at(9)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"at": "11:15"}, 422, "already has a slot from 11:00"),
        ({"sequence": 4}, 409, "Somebody else moved this slot"),
        ({"on": "2020-01-01"}, 422, "is over"),
        ({"minutes": 1}, 422, "from 5 minutes to 12 hours"),
        ({"at": "noon"}, 422, "Not a valid time"),
        ({"staff_member_id": str(new_id())}, 422, "Not a valid choice"),
    ],
)
def test_a_refused_drop_says_why_and_changes_nothing(
    shop: Shop, owner: Browser, changes: dict[str, Any], status: int, words: str
) -> None:
    slot_id, _other = shop.slot(at(9)), shop.slot(at(11))
    answer = owner.post(f"/slots/{slot_id}/moves", fragment=True, **form(shop, **{"sequence": 0, **changes}))
    assert answer.status_code == status
    assert news(answer)["toast"]["kind"] == "error"
    assert words in news(answer)["toast"]["text"].replace("\u202f", " ")
    assert shop.value("SELECT starts_at FROM slots WHERE id = %s", slot_id) == at(9)


def test_the_form_moves_without_javascript(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(at(9))
    assert f"/slots/{slot_id}/moves/new" in owner.get(f"/slots/{slot_id}").get_data(as_text=True)
    page = owner.get(f"/slots/{slot_id}/moves/new").get_data(as_text=True)
    assert 'value="09:00"' in page
    answer = owner.post(f"/slots/{slot_id}/moves", **form(shop, sequence=0))
    assert answer.status_code == 303
    assert "Moved to" in owner.get(answer.location).get_data(as_text=True)
    undo = re.search(r'action="([^"]+/undoing)"', owner.get(f"/slots/{slot_id}/moves/new").get_data(as_text=True))
    assert undo
    assert owner.post(undo[1]).status_code == 303
    assert shop.value("SELECT starts_at FROM slots") == at(9)


def test_the_form_keeps_what_was_typed_when_refused(shop: Shop, owner: Browser) -> None:
    slot_id, _other = shop.slot(at(9)), shop.slot(at(11))
    answer = owner.post(f"/slots/{slot_id}/moves", **form(shop, at="11:15", minutes=45))
    body = answer.get_data(as_text=True).replace("\u202f", " ")
    assert answer.status_code == 422
    assert "already has a slot from 11:00" in body
    assert 'value="11:15"' in body
    assert 'value="45"' in body


def test_the_form_asks_which_of_two_equal_times(shop: Shop, owner: Browser) -> None:
    from tests.calendar.test_moving import next_sunday

    slot_id = shop.slot(at(9))
    fields = form(shop, on=next_sunday(11, 1).isoformat(), at="01:30")
    answer = owner.post(f"/slots/{slot_id}/moves", **fields)
    assert "EDT, the first" in answer.get_data(as_text=True).replace("\u202f", " ")
    assert owner.post(f"/slots/{slot_id}/moves", **fields, which="first").status_code == 303


# Places


def test_a_time_over_midnight_is_cut_at_the_day() -> None:
    here = ZoneInfo("America/New_York")
    starts = datetime(2026, 11, 20, 23, tzinfo=here)
    assert box_of(starts, starts + timedelta(hours=2), starts.date(), here) == Box(276, 12)
    assert box_of(starts, starts + timedelta(hours=2), starts.date() + timedelta(days=1), here) == Box(0, 12)
    assert box_of(starts, starts + timedelta(hours=1), starts.date() + timedelta(days=1), here) is None


def test_a_time_while_the_clocks_go_back_keeps_its_length() -> None:
    here = ZoneInfo("America/New_York")
    starts = datetime(2026, 11, 1, 1, 45, tzinfo=here)
    ends = datetime(2026, 11, 1, 1, 15, fold=1, tzinfo=here)
    assert box_of(starts.astimezone(UTC), ends.astimezone(UTC), starts.date(), here) == Box(21, 6)


def test_the_clock_stands_in_todays_column_only(shop: Shop, owner: Browser) -> None:
    assert "cal-now" not in body_of(owner, on=day_ahead(1).isoformat())
    present = now().astimezone(ZoneInfo("America/New_York"))
    shop.slot(now() - timedelta(minutes=10), minutes=30)
    assert f"cal-now at-h{present.hour} " in body_of(owner)


def test_slots_of_somebody_who_left_stay_in_sight_and_can_be_moved(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(at(9), staff_member_id=shop.other_staff_id)
    shop.sql("UPDATE staff_members SET is_active = false WHERE id = %s", shop.other_staff_id)
    on = day_ahead().isoformat()
    assert f'id="slot-{slot_id}"' in body_of(owner, on=on)
    assert f'id="slot-{slot_id}"' in body_of(owner, view="week", on=on)
    assert "Dr. Patel" not in body_of(owner, on=day_ahead(30).isoformat())
    column = body_of(owner, on=on).split('data-staff="' + str(shop.other_staff_id))[1]
    assert "cal-free" not in column
    assert "data-move" in column
    fields = form(shop, staff_member_id=shop.other_staff_id)
    assert owner.post(f"/slots/{slot_id}/moves", fragment=True, **fields).status_code == 200
    assert owner.post(f"/slots/{slot_id}/moves", **form(shop)).status_code == 303


def test_a_move_by_its_form_offers_its_undo(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(at(9))
    page = owner.get(owner.post(f"/slots/{slot_id}/moves", **form(shop)).location).get_data(as_text=True)
    move_id = shop.value("SELECT id FROM slot_moves")
    undo = f"/slots/{slot_id}/moves/{move_id}/undoing"
    assert f'data-flash-undo="{undo}"' in page
    assert f'action="{undo}"' in page


def test_a_drop_into_the_repeated_hour_says_where_to_choose(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(at(9))
    fields = form(shop, on=next_sunday(11, 1).isoformat(), at="01:30")
    answer = owner.post(f"/slots/{slot_id}/moves", fragment=True, **fields)
    assert answer.status_code == 422
    assert "Open the slot and press Move\u2026 to choose." in news(answer)["toast"]["text"]


def test_an_open_page_of_a_slot_hears_of_its_new_time(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(at(9))
    assert "hx-swap-oob" not in owner.get(f"/slots/{slot_id}").get_data(as_text=True)
    owner.post(f"/slots/{slot_id}/moves", fragment=True, **form(shop, minutes=45))
    refreshed = owner.get(f"/slots/{slot_id}", fragment=True).get_data(as_text=True).replace("\u202f", " ")
    title, lead = refreshed.split('id="slot-title"')[1].split('id="slot-lead"')
    assert "2:00 PM" in title
    assert "45 minutes" in lead
