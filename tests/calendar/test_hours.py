"""Opening hours, days that differ, blocked times: their rules and their pages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from nexapp.slots.calendar.models import BlockedTime, HourException, OpeningHours
from nexapp.slots.hours import Rules, load_rules
from nexapp.slots.hours_settings import merge_hours
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.calendar.test_moving import day_ahead
from tests.people import Browser
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]
NY = "America/New_York"
MONDAY = date(2026, 11, 23)
ANA, BEN = UUID(int=1), UUID(int=2)


def span(day: int, opens: str, closes: str, staff: UUID | None = None) -> OpeningHours:
    return OpeningHours(
        weekday=day, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes), staff_member_id=staff
    )


def block(first: date, starts: str, ends: str, *, days: int = 0, weekly: bool = False, **more: Any) -> BlockedTime:
    return BlockedTime(
        id=new_id(), starts_on=first, starts=time.fromisoformat(starts), ends_on=first + timedelta(days=days),
        ends=time.fromisoformat(ends), is_weekly=weekly, **more,
    )  # fmt: skip


def rules(*weekly: OpeningHours, exceptions: Any = (), blocks: Any = ()) -> Rules:
    return Rules(NY, weekly, exceptions, blocks)


def wall(on: date, at: str, fold: int = 0) -> datetime:
    return datetime.combine(on, time.fromisoformat(at).replace(fold=fold), tzinfo=ZoneInfo(NY)).astimezone(UTC)


def is_open(found: Rules, on: date, starts: str, ends: str, staff: UUID = ANA) -> bool:
    last = on + timedelta(days=1) if ends <= starts else on
    return found.is_open(staff, wall(on, starts), wall(last, ends))


def test_a_business_without_hours_is_never_outside_them() -> None:
    assert is_open(rules(), MONDAY, "03:00", "04:00")


def test_inside_across_lunch_and_on_another_day() -> None:
    found = rules(span(0, "09:00", "12:00"), span(0, "13:00", "17:00"))
    assert is_open(found, MONDAY, "09:00", "12:00")
    assert not is_open(found, MONDAY, "11:30", "12:30")
    assert not is_open(found, MONDAY, "11:30", "13:30")
    assert not is_open(found, MONDAY, "08:59", "09:30")
    assert not is_open(found, MONDAY + timedelta(days=1), "09:00", "10:00")


def test_hours_meet_at_midnight() -> None:
    found = rules(span(0, "17:00", "00:00"), span(1, "00:00", "02:00"))
    assert is_open(found, MONDAY, "23:30", "00:30")
    assert not is_open(found, MONDAY, "23:30", "02:30")


def test_a_persons_own_hours_stand_for_the_businesss() -> None:
    found = rules(span(0, "09:00", "17:00"), span(1, "09:00", "17:00"), span(0, "10:00", "11:00", ANA))
    assert not is_open(found, MONDAY, "09:00", "10:00")
    assert not is_open(found, MONDAY + timedelta(days=1), "09:00", "10:00")
    assert is_open(found, MONDAY, "09:00", "10:00", BEN)


def test_an_exception_goes_first_and_a_persons_own_before_all() -> None:
    closed = HourException(on_date=MONDAY, staff_member_id=None, opens=None, closes=None)
    own = HourException(on_date=MONDAY, staff_member_id=ANA, opens=time(12), closes=time(14))
    found = rules(span(0, "09:00", "17:00"), exceptions=[own, closed])
    assert found.is_closed(BEN, MONDAY)
    assert not is_open(found, MONDAY, "09:00", "10:00", BEN)
    assert not found.is_closed(ANA, MONDAY)
    assert is_open(found, MONDAY, "12:00", "14:00")


@pytest.mark.parametrize(
    ("days", "starts", "ends", "met"),
    [
        (0, "12:30", "13:30", True), (7, "11:00", "12:01", True), (0, "13:00", "14:00", False),
        (0, "11:00", "12:00", False), (-7, "12:00", "13:00", False), (1, "12:00", "13:00", False),
        (14, "12:00", "12:05", True), (21, "12:00", "12:05", False),
    ],
)  # fmt: skip
def test_a_weekly_block(days: int, starts: str, ends: str, met: bool) -> None:
    lunch = block(MONDAY, "12:00", "13:00", weekly=True, weekly_until=MONDAY + timedelta(days=14))
    on = MONDAY + timedelta(days=days)
    assert (rules(blocks=[lunch]).blocked(ANA, wall(on, starts), wall(on, ends)) is not None) == met


def test_a_block_of_some_days_and_of_one_person() -> None:
    found = rules(blocks=[block(MONDAY, "15:00", "09:00", days=2, staff_member_id=ANA)])
    middle = MONDAY + timedelta(days=1)
    assert found.blocked(ANA, wall(middle, "03:00"), wall(middle, "04:00"))
    assert found.blocked(ANA, wall(MONDAY, "14:30"), wall(MONDAY, "15:30"))
    assert not found.blocked(ANA, wall(middle + timedelta(days=1), "09:00"), wall(middle + timedelta(days=1), "10:00"))
    assert not found.blocked(BEN, wall(middle, "03:00"), wall(middle, "04:00"))


def test_a_block_to_midnight_leaves_the_next_day() -> None:
    found = rules(blocks=[block(MONDAY, "18:00", "00:00", days=1)])
    assert found.blocked_spans(ANA, MONDAY)
    assert found.blocked_spans(ANA, MONDAY + timedelta(days=1)) == []


def test_the_hour_that_happens_twice_is_blocked_both_times() -> None:
    autumn = date(2026, 11, 1)
    found = rules(blocks=[block(autumn, "01:00", "02:00")])
    for fold in (0, 1):
        starts = wall(autumn, "01:30", fold)
        assert found.blocked(ANA, starts, starts + timedelta(minutes=5))


def test_spans_that_meet_become_one() -> None:
    nine, twelve, one, five = time(9), time(12), time(13), time(17)
    assert merge_hours([(0, twelve, five), (0, nine, twelve), (1, nine, one)]) == [(0, nine, five), (1, nine, one)]
    assert merge_hours([(0, nine, time()), (0, twelve, one)]) == [(0, nine, time())]
    with pytest.raises(BadInput):
        merge_hours([(0, five, nine)])


# Pages


@pytest.fixture
def manager(shop: Shop) -> Browser:
    return shop.browser(Role.MANAGER)


def words(answer: Any) -> str:
    return str(answer.get_data(as_text=True)).replace("\u202f", " ")


def test_setting_the_hours(shop: Shop, manager: Browser) -> None:
    fields = {"opens_0": "09:00", "closes_0": "12:00", "opens_again_0": "13:00", "closes_again_0": "17:00"}
    assert manager.post("/settings/hours", **fields).status_code == 303
    assert len(shop.sql("SELECT 1 FROM opening_hours WHERE staff_member_id IS NULL")) == 2
    assert 'value="13:00"' in words(manager.get("/settings/hours"))
    assert manager.post("/settings/hours", opens_1="10:00", closes_1="00:00").status_code == 303
    assert shop.sql("SELECT weekday, opens::text FROM opening_hours") == [(1, "10:00:00")]
    manager.post("/settings/hours", staff=shop.staff_id, opens_2="10:00", closes_2="11:00")
    assert len(shop.sql("SELECT 1 FROM opening_hours")) == 2


def test_half_an_hour_rule_is_refused_and_kept(shop: Shop, manager: Browser) -> None:
    answer = manager.post("/settings/hours", opens_0="09:00")
    assert answer.status_code == 422
    assert "Enter both times." in words(answer)
    assert 'value="09:00"' in words(answer)
    answer = manager.post("/settings/hours", opens_0="17:00", closes_0="09:00")
    assert answer.status_code == 422
    assert "close after it opens" in words(answer)
    assert shop.sql("SELECT 1 FROM opening_hours") == []


def test_a_day_that_differs(shop: Shop, manager: Browser) -> None:
    on = day_ahead(5).isoformat()
    assert manager.post("/settings/hours/exceptions", on_date=on, note="Holiday").status_code == 303
    assert manager.post("/settings/hours/exceptions", on_date=on, opens="10:00", closes="12:00").status_code == 303
    rows = shop.sql("SELECT id, opens::text FROM hour_exceptions")
    assert [row[1] for row in rows] == ["10:00:00"]
    assert "10:00 AM \u2013 12:00 PM" in words(manager.get("/settings/hours"))
    assert manager.post("/settings/hours/exceptions", on_date=on, opens="10:00").status_code == 422
    assert manager.post("/settings/hours/exceptions", on_date="2020-01-01").status_code == 422
    assert manager.post(f"/settings/hours/exceptions/{rows[0][0]}/removal").status_code == 303
    assert shop.sql("SELECT 1 FROM hour_exceptions") == []


def test_blocking_a_time_says_what_is_there_already(shop: Shop, manager: Browser) -> None:
    from tests.calendar.test_moving import at

    shop.slot(at(12, 15))
    fields = {"starts_on": day_ahead().isoformat(), "starts": "12:00", "ends": "13:00", "note": "Lunch"}
    answer = manager.post("/calendar/blocks", **fields)
    page = words(manager.get(answer.location))
    assert "1 slot is there already and stays." in page
    assert "Lunch" in page
    block_id = shop.value("SELECT id FROM blocked_times")
    assert manager.post(f"/calendar/blocks/{block_id}/removal").status_code == 303
    assert shop.sql("SELECT 1 FROM blocked_times") == []


@pytest.mark.parametrize(
    ("changes", "words_of_it"),
    [
        ({"ends": "11:00"}, "end after it starts"),
        ({"ends_on": "2999-01-01"}, "too long"),
        ({"is_weekly": "y", "weekly_until": "2020-01-01"}, "Choose a day after the first one"),
        ({"staff": str(new_id())}, "Not a valid choice"),
        ({"starts": ""}, "Enter the time"),
        ({"note": "x" * 81}, "At most 80"),
    ],
)
def test_a_block_that_means_nothing(shop: Shop, manager: Browser, changes: dict[str, str], words_of_it: str) -> None:
    fields = {"starts_on": day_ahead().isoformat(), "starts": "12:00", "ends": "13:00", **changes}
    answer = manager.post("/calendar/blocks", **fields)
    assert answer.status_code == 422
    assert words_of_it in words(answer)
    assert shop.sql("SELECT 1 FROM blocked_times") == []


def test_staff_block_their_own_time_only(shop: Shop) -> None:
    john = shop.browser(Role.STAFF, shop.staff_id)
    fields = {"starts_on": day_ahead().isoformat(), "starts": "12:00", "ends": "13:00"}
    assert john.post("/calendar/blocks", **fields, staff=shop.staff_id).status_code == 303
    assert john.post("/calendar/blocks", **fields, staff=shop.other_staff_id).status_code == 422
    assert john.post("/calendar/blocks", **fields, staff="").status_code in (403, 422)
    assert john.get("/settings/hours").status_code == 403
    others = new_id()
    shop.insert(
        "blocked_times", id=others, org_id=shop.org_id, staff_member_id=shop.other_staff_id, starts_on=day_ahead(),
        starts="14:00", ends_on=day_ahead(), ends="15:00",
    )  # fmt: skip
    assert john.post(f"/calendar/blocks/{others}/removal").status_code == 403
    assert shop.browser(Role.VIEWER).get("/calendar/blocks").status_code == 403


def test_another_business(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    exception, blocked = new_id(), new_id()
    shop.insert("hour_exceptions", id=exception, org_id=shop.org_id, on_date=day_ahead())
    shop.insert(
        "blocked_times", id=blocked, org_id=shop.org_id, starts_on=day_ahead(), starts="14:00", ends_on=day_ahead(),
        ends="15:00",
    )  # fmt: skip
    stranger = other_shop.browser()
    assert stranger.post(f"/settings/hours/exceptions/{exception}/removal").status_code == 404
    assert stranger.post(f"/calendar/blocks/{blocked}/removal").status_code == 404
    with acting(other_shop.owner):
        found = load_rules(other_shop.zone, day_ahead(), day_ahead())
    assert (list(found.exceptions), list(found.blocks)) == ([], [])


@pytest.mark.parametrize("path", ["/settings/hours", "/calendar/blocks"])
def test_a_hundred_rules_take_as_few_statements_as_one(
    shop: Shop, manager: Browser, statements: list[str], path: str
) -> None:
    counts = []
    for number in (1, 50):
        for day in range(number):
            on = day_ahead(day + number)
            shop.insert("hour_exceptions", id=new_id(), org_id=shop.org_id, on_date=on)
            shop.insert("blocked_times", id=new_id(), org_id=shop.org_id, starts_on=on, starts="14:00", ends_on=on,
                        ends="15:00")  # fmt: skip
        manager.get(path)
        statements.clear()
        assert manager.get(path).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 14


def test_a_closed_day_opens_nothing(shop: Shop, manager: Browser) -> None:
    from tests.calendar.test_moving import at

    shop.person()
    closed, kept = shop.slot(at(9)), shop.slot(at(9, days=4))
    own = shop.slot(at(9, days=5))
    for days in (3, 5):
        shop.insert("hour_exceptions", id=new_id(), org_id=shop.org_id, on_date=day_ahead(days), note="Holiday")
    shop.insert(
        "hour_exceptions", id=new_id(), org_id=shop.org_id, on_date=day_ahead(5), opens="08:00", closes="12:00",
        staff_member_id=shop.staff_id,
    )  # fmt: skip
    answer = manager.post(f"/slots/{closed}/rounds", round=0)
    assert answer.status_code == 409
    assert "is closed (Holiday)" in words(answer)
    assert manager.post(f"/slots/{kept}/rounds", round=0).status_code == 303
    assert manager.post(f"/slots/{own}/rounds", round=0).status_code == 303
    assert shop.state(closed) == ("draft", 0)


def test_a_weekly_block_ends_with_its_day(shop: Shop, manager: Browser) -> None:
    night = {"starts_on": day_ahead().isoformat(), "starts": "22:00", "is_weekly": "y"}
    answer = manager.post("/calendar/blocks", **night, ends="02:00", ends_on=day_ahead(4).isoformat())
    assert answer.status_code == 422
    assert "ends on the day it starts" in words(answer)
    # As in the opening hours, 00:00 is the midnight that ends the day.
    assert manager.post("/calendar/blocks", **night, ends="00:00").status_code == 303
    assert shop.value("SELECT ends_on - starts_on FROM blocked_times") == 1


def test_the_span_that_is_wrong_says_so_itself(manager: Browser) -> None:
    body = words(manager.post("/settings/hours", opens_0="09:00", closes_0="12:00", opens_4="17:00", closes_4="09:00"))
    assert 'id="closes_4-error"' in body
    assert 'id="closes_0-error"' not in body


def test_times_are_said_as_everywhere(shop: Shop, manager: Browser) -> None:
    manager.post("/calendar/blocks", starts_on=day_ahead().isoformat(), starts="13:00", ends="14:30")
    assert "1:00 PM \u2013 2:30 PM" in " ".join(words(manager.get("/calendar/blocks")).split())


def test_a_lunch_of_several_days_is_one_form(shop: Shop, manager: Browser) -> None:
    first = day_ahead()
    other = first + timedelta(days=3)
    fields = {"starts_on": first.isoformat(), "starts": "12:00", "ends": "13:00", "is_weekly": "y"}
    ticked = {"also_on": [str(first.weekday()), str(other.weekday())]}
    assert manager.post("/calendar/blocks", **fields, **ticked).status_code == 303
    found = shop.sql("SELECT starts_on, ends_on FROM blocked_times ORDER BY starts_on")
    assert [tuple(row) for row in found] == [(first, first), (other, other)]


def test_mondays_hours_until_friday(shop: Shop, manager: Browser) -> None:
    fields = {"opens_0": "09:00", "closes_0": "18:00", "opens_2": "11:00", "closes_2": "12:00", "until_friday": "y"}
    assert manager.post("/settings/hours", **fields).status_code == 303
    found = shop.sql("SELECT weekday, opens FROM opening_hours ORDER BY weekday")
    assert [tuple(row) for row in found] == [(day, time(9)) for day in range(5)]
