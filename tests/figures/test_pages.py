"""The pages of figures: what they say, to whom, of which days, and what they cost."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from nexapp.slots.figures.ranges import read_range
from nexapp.slots.times import today_in
from nexapp.spine.clock import now
from nexapp.spine.tenancy import Role
from tests.figures.arranging import book, booked, offered, texted
from tests.people import Browser
from tests.slots.merchant_world import Shop


@pytest.fixture
def owner(shop: Shop) -> Browser:
    return shop.browser()


def cells(page: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(page.removeprefix("\ufeff"))))


def totals(owner: Browser, **query: str) -> dict[str, str]:
    """The one line of a table of the whole team: of one person."""
    answer = owner.get("/analytics.csv", table="team", **query)
    headers, *lines = cells(answer.get_data(as_text=True))
    assert len(lines) <= 1, lines
    return dict(zip(headers, lines[0], strict=True)) if lines else {}


def test_before_the_first_slot_the_page_teaches(owner: Browser) -> None:
    page = owner.get("/analytics").get_data(as_text=True)
    assert "They begin with the first slot that you open to your waiting list." in page
    assert 'href="/slots/new"' in page
    assert '<svg class="chart' not in page


def test_days_without_slots_lead_on_to_others(shop: Shop, owner: Browser) -> None:
    booked(shop, now() - timedelta(days=200))
    page = owner.get("/analytics").get_data(as_text=True)
    assert "No slot was opened for these days" in page
    assert "155" not in owner.get("/analytics", range="365").get_data(as_text=True)
    assert "1 slot was opened to the list" in owner.get("/analytics", range="365").get_data(as_text=True)


def test_the_numbers_of_an_owner(shop: Shop, owner: Browser) -> None:
    """Two booked, one of them a no-show; one unfilled, one cancelled, one given away, one open; a text that failed."""
    shop.sql("UPDATE organizations SET average_value_cents = 15000 WHERE id = %s", shop.org_id)
    first, offers = offered(shop, now() - timedelta(hours=30), people=3)
    book(shop, first, offers[0], minutes=4)
    second, [other] = offered(shop, now() - timedelta(hours=40), price_cents=9900)
    book(shop, second, other, minutes=11, status="no_show")
    third, _offers = offered(shop, now() - timedelta(hours=50), status="expired")
    texted(shop, third, shop.person("Phil Failed"), status="undelivered")
    offered(shop, now() - timedelta(hours=60), status="cancelled")
    offered(shop, now() - timedelta(hours=70), status="completed")
    offered(shop, now() - timedelta(minutes=20))

    assert totals(owner) == {
        "With": "Dr. Smith", "Slots": "6", "Booked": "2", "Booked otherwise": "1", "Unfilled": "1", "Cancelled": "1",
        "Still open": "1", "No-shows": "1", "Fill rate": "50.00", "Offered": "9", "Sent": "9", "Delivered": "8",
        "Failed": "1", "Opened": "2", "Held": "2", "Converted": "2", "Conversion rate": "22.22",
        "Median minutes to fill": "7.5", "Estimated revenue": "150",
    }  # fmt: skip
    page = owner.get("/analytics").get_data(as_text=True)
    for said in ("$150", "50%", "22.22%", "2 booked (1 of them a no-show)", "1 given away otherwise", "1 still open"):
        assert said in page, said


def test_a_slot_counts_on_the_local_day_it_begins(shop: Shop, owner: Browser) -> None:
    """One in the morning in UTC is the evening before in New York, whatever day its texts went out."""
    shop.sql("UPDATE slots SET status = 'cancelled'")
    booked(shop, datetime(2026, 11, 2, 1, 0, tzinfo=ZoneInfo("UTC")))
    assert totals(owner, **{"from": "2026-11-01", "to": "2026-11-01"})["Booked"] == "1"
    assert totals(owner, **{"from": "2026-11-02", "to": "2026-11-02"}) == {}
    shop.sql("UPDATE organizations SET time_zone = 'Europe/Berlin' WHERE id = %s", shop.org_id)
    assert totals(owner, **{"from": "2026-11-01", "to": "2026-11-01"}) == {}
    assert totals(owner, **{"from": "2026-11-02", "to": "2026-11-02"})["Booked"] == "1"


def test_a_scanners_look_is_left_out(shop: Shop, owner: Browser) -> None:
    _slot, [offer_id] = offered(shop, now() + timedelta(hours=5))
    link = f"/c/{offer_id.hex}"
    visitor = shop.app.test_client()
    assert visitor.get(link).status_code == 200
    ahead = today_in(shop.zone) + timedelta(days=2)
    days = {"from": today_in(shop.zone).isoformat(), "to": ahead.isoformat()}
    assert totals(owner, **days)["Opened"] == "0"
    visitor.post(f"{link}/opened")
    assert totals(owner, **days)["Opened"] == "1"


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"range": "7"}, ("2026-11-14", "2026-11-20")),
        ({"range": "week"}, ("2026-11-16", "2026-11-22")),
        ({"range": "ahead"}, ("2026-11-21", "2026-12-04")),
        ({"range": "nonsense"}, ("2026-10-22", "2026-11-20")),
        ({"from": "2026-03-09", "to": "2026-03-01"}, ("2026-03-01", "2026-03-09")),
        ({"from": "2026-03-09", "to": "tomorrow"}, ("2026-03-09", "2026-11-20")),
        ({"from": "1000-01-01", "to": "9999-12-31"}, ("2026-10-22", "2026-11-20")),
        ({"from": "2001-01-01", "to": "2026-11-20"}, ("2023-11-19", "2026-11-20")),
    ],
)
def test_days_are_read_with_good_will(query: dict[str, str], days: tuple[str, str]) -> None:
    found = read_range(MultiDict(query), date(2026, 11, 20))
    assert (found.first.isoformat(), found.last.isoformat()) == days


def test_one_persons_figures(shop: Shop, owner: Browser) -> None:
    booked(shop, staff_member_id=shop.other_staff_id)
    booked(shop)
    assert totals(owner, staff=str(shop.other_staff_id))["With"] == "Dr. Patel"
    assert "1 slot was opened" in owner.get("/analytics", staff=str(shop.other_staff_id)).get_data(as_text=True)
    assert "2 slots were opened" in owner.get("/analytics").get_data(as_text=True)


def test_the_fragment_asks_for_the_same_days_again(shop: Shop, owner: Browser) -> None:
    booked(shop)
    answer = owner.get("/analytics", fragment=True, range="90", staff=str(shop.staff_id))
    page = answer.get_data(as_text=True)
    assert page.lstrip().startswith('<div id="figures"')
    assert f"/analytics?range=90&amp;staff={shop.staff_id}" in page
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["/analytics", "/analytics/wordings", "/analytics.csv"])
def test_who_may_see_them(shop: Shop, path: str) -> None:
    assert shop.browser(Role.VIEWER).get(path).status_code == 200
    assert shop.app.test_client().get(path).status_code in {302, 303}
    shop.sql("UPDATE organizations SET kind = 'sales' WHERE id = %s", shop.org_id)
    assert shop.browser().get(path).status_code == 404


def test_another_business_sees_nothing_of_it(shop: Shop, other_shop: Shop, owner: Browser) -> None:
    booked(shop)
    owner.get("/analytics")
    stranger = other_shop.browser()
    for query in ({}, {"staff": str(shop.staff_id)}):
        assert "No figures yet" in stranger.get("/analytics", **query).get_data(as_text=True)
        assert len(cells(stranger.get("/analytics.csv", **query).get_data(as_text=True))[0]) > 1
        assert totals(stranger, **query) == {}


def test_each_file_opens_in_a_spreadsheet(shop: Shop, owner: Browser) -> None:
    shop.sql("UPDATE staff_members SET display_name = '=HYPERLINK(1)' WHERE id = %s", shop.staff_id)
    booked(shop, now() - timedelta(days=1))
    for table, lines in [("days", 30), ("team", 1), ("hours", 1), ("texts", 1)]:
        answer = owner.get("/analytics.csv", table=table)
        headers, *rows = cells(answer.get_data(as_text=True))
        assert (len(rows), answer.mimetype) == (lines, "text/csv")
        assert all(len(row) == len(headers) for row in rows)
        assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{table}-')
    assert totals(owner)["With"] == "'=HYPERLINK(1)"
    days = cells(owner.get("/analytics.csv", table="days").get_data(as_text=True))
    assert sum(int(row[2]) for row in days[1:]) == 1


def test_the_page_costs_the_same_for_any_number_of_slots(shop: Shop, owner: Browser, statements: list[str]) -> None:
    booked(shop)
    owner.get("/analytics")
    statements.clear()
    owner.get("/analytics")
    few = len(statements)
    for hour in range(2, 12):
        booked(shop, now() - timedelta(hours=hour), people=2)
    owner.get("/analytics")
    statements.clear()
    owner.get("/analytics", range="365")
    assert len(statements) == few
    assert not [asked for asked in statements if "slot_offers" in asked or "FROM messages" in asked]


def test_the_home_page_says_the_same_of_this_week(shop: Shop, owner: Browser) -> None:
    """A no-show brings nothing, and who was booked by hand was not won back by the list."""
    shop.sql("UPDATE organizations SET average_value_cents = 15000 WHERE id = %s", shop.org_id)
    today = today_in(shop.zone)
    noon = datetime.combine(today, datetime.min.time().replace(hour=12), ZoneInfo(shop.zone))
    booked(shop, noon, price_cents=9900)
    slot_id, [offer_id] = offered(shop, noon, staff_member_id=shop.other_staff_id, price_cents=7700)
    book(shop, slot_id, offer_id, status="no_show")
    offered(shop, noon + timedelta(hours=1), status="completed")
    home = owner.get("/home").get_data(as_text=True)
    figures = owner.get("/analytics", range="week").get_data(as_text=True)
    for said in ("$99", "67%"):
        assert said in home, said
        assert said in figures, said
