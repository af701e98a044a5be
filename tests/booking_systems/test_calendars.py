"""Our slots as a calendar for other programs: who may have an address, what it says, and that it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from nexapp.spine.clock import now
from nexapp.spine.tenancy import Role
from tests.booking_systems.senders import soon
from tests.people import Browser
from tests.slots.merchant_world import Shop

AT = soon()


def first_path(browser: Browser) -> str:
    found = browser.get("/settings/calendars").text.split("<code>")[1:]
    return "/calendars/" + found[0].split("</code>")[0].rsplit("/", 1)[1] if found else ""


@pytest.fixture
def calendar(shop: Shop) -> str:
    browser = shop.browser()
    browser.post(f"/settings/calendars/staff/{shop.staff_id}")
    return first_path(browser)


def test_booked_slots_and_blocked_times_show_with_first_names(shop: Shop, calendar: str) -> None:
    shop.slot(AT, status="booked", booked_at=now(), booked_name="Nora Quinn", service_id=shop.service_id, sequence=4)
    shop.slot(AT + timedelta(hours=1), status="open", round=1, opened_at=now())
    shop.slot(AT, status="booked", booked_at=now(), booked_name="Ida", staff_member_id=shop.other_staff_id)
    shop.sql(
        "INSERT INTO blocked_times (id, org_id, staff_member_id, starts_on, starts, ends_on, ends, is_weekly, note)"
        " VALUES (gen_random_uuid(), %s, %s, %s, '12:00', %s, '13:00', true, 'Lunch')",
        shop.org_id, shop.staff_id, AT.date(), AT.date(),
    )  # fmt: skip
    answer = shop.app.test_client().get(calendar)
    assert answer.content_type.startswith("text/calendar")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    events = {str(e["SUMMARY"]): e for e in Calendar.from_ical(answer.data).walk("VEVENT")}
    assert set(events) == {"Cleaning: Nora", "Lunch"}
    booked = events["Cleaning: Nora"]
    assert (booked.start, booked["SEQUENCE"], str(booked["STATUS"])) == (AT, 4, "CONFIRMED")
    assert "Quinn" not in answer.text


def test_it_is_sent_again_only_once_something_changed(shop: Shop, calendar: str) -> None:
    client = shop.app.test_client()
    slot_id = shop.slot(AT, status="booked", booked_at=now(), booked_name="Nora")
    tag = client.get(calendar).headers["ETag"]
    assert client.get(calendar, headers={"If-None-Match": tag}).status_code == 304
    shop.sql("UPDATE slots SET starts_at = starts_at + interval '5 minutes', updated_at = now() WHERE id = %s", slot_id)
    assert client.get(calendar, headers={"If-None-Match": tag}).status_code == 200


def test_a_new_address_and_a_removed_one_end_the_old(shop: Shop, calendar: str) -> None:
    browser, client = shop.browser(), shop.app.test_client()
    calendar_id = shop.value("SELECT id FROM staff_calendars")
    assert browser.post(f"/settings/calendars/{calendar_id}/address").status_code == 303
    assert client.get(calendar).status_code == 404
    newer = first_path(browser)
    assert client.get(newer).status_code == 200
    assert browser.post(f"/settings/calendars/{calendar_id}/removal").status_code == 303
    assert client.get(newer).status_code == 404


def test_staff_have_their_own_address_and_nobody_else_s(shop: Shop) -> None:
    own = shop.browser(Role.STAFF, shop.other_staff_id)
    page = own.get("/settings/calendars").text
    assert "Dr. Patel" in page
    assert "Dr. Smith" not in page
    assert own.post(f"/settings/calendars/staff/{shop.staff_id}").status_code == 403
    assert own.post(f"/settings/calendars/staff/{shop.other_staff_id}").status_code == 303
    assert own.post(f"/settings/calendars/staff/{shop.other_staff_id}").status_code == 303
    assert shop.value("SELECT count(*) FROM staff_calendars") == 1


def test_viewers_have_none(shop: Shop) -> None:
    assert shop.browser(Role.VIEWER).get("/settings/calendars").status_code == 403


def test_a_weekly_block_ends_where_it_says(shop: Shop, calendar: str) -> None:
    shop.sql(
        "INSERT INTO blocked_times (id, org_id, starts_on, starts, ends_on, ends, is_weekly, weekly_until)"
        " VALUES (gen_random_uuid(), %s, %s, '12:00', %s, '13:00', true, %s)",
        shop.org_id, AT.date(), AT.date(), AT.date() + timedelta(days=14),
    )  # fmt: skip
    [event] = Calendar.from_ical(shop.app.test_client().get(calendar).data).walk("VEVENT")
    assert event["RRULE"]["UNTIL"][0].date() == AT.date() + timedelta(days=14)
    assert event.start.tzinfo is not None


@pytest.mark.parametrize("how", ["taken out", "left"])
def test_who_is_out_of_the_team_reads_no_calendar_any_more(shop: Shop, calendar: str, how: str) -> None:
    client, staff = shop.app.test_client(), shop.browser(Role.STAFF, shop.other_staff_id)
    staff.post(f"/settings/calendars/staff/{shop.other_staff_id}")
    theirs = first_path(staff)
    assert client.get(theirs).status_code == 200
    if how == "left":
        assert staff.post("/settings/team/leaving").status_code == 303
    else:
        membership = shop.value(
            "SELECT m.id FROM memberships m JOIN staff_members s ON s.user_id = m.user_id WHERE s.id = %s",
            shop.other_staff_id,
        )
        assert shop.browser().post(f"/settings/team/{membership}/deactivation").status_code == 303
    assert client.get(theirs).status_code == 404
    assert client.get(calendar).status_code == 200, "the others' addresses stay"
