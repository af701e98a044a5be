"""The merchant's pages: whole and as fragments, in every state, for every role, for two businesses."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event

from nexapp.slots.forms import STATES
from nexapp.slots.times import today_in
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.tenancy import Role
from tests.people import Browser
from tests.slots.merchant_world import Shop

Acting = Callable[..., AbstractContextManager[None]]
ZONE = ZoneInfo("America/New_York")
PAGES = ("/home", "/slots", "/slots/new", "/waiting-list")
STEPS = ("rounds", "freeing", "cancellation", "release", "booking", "approval", "refusal")


@pytest.fixture
def owner(shop: Shop) -> Browser:
    return shop.browser()


@pytest.fixture
def statements(app: Flask) -> Any:
    """How many statements of ours ran since the count was set to zero."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def new_slot(**changes: Any) -> dict[str, Any]:
    day = (now().astimezone(ZONE) + timedelta(days=3)).date()
    return {"key": str(uuid4()), "on": day.isoformat(), "at": "10:00", "minutes": "30", "then": "save", **changes}


@pytest.mark.parametrize("path", PAGES)
def test_empty_pages_teach(owner: Browser, path: str) -> None:
    answer = owner.get(path)
    assert answer.status_code == 200
    body = answer.get_data(as_text=True)
    assert "<html" in body
    assert "Eastern Time" in body
    if path != "/slots/new":
        assert 'class="empty"' in body or "Get started" in body


def test_the_start_page_gives_the_public_link(shop: Shop, owner: Browser) -> None:
    body = owner.get("/home").get_data(as_text=True)
    assert f"/b/shop-{shop.org_id.hex}" in body
    assert "Get started" in body
    shop.person()
    assert "Get started" not in owner.get("/home").get_data(as_text=True)


@pytest.mark.parametrize("path", ["/home", "/slots", "/waiting-list"])
def test_fragments_are_live_and_without_a_frame(owner: Browser, path: str) -> None:
    answer = owner.get(path, fragment=True)
    body = answer.get_data(as_text=True)
    assert "<html" not in body
    assert "reconnected from:body, poll from:body" in body
    assert "HX-Request" in answer.headers["Vary"]


def test_adding_a_draft(shop: Shop, owner: Browser) -> None:
    answer = owner.post("/slots", staff_member_id=shop.staff_id, **new_slot(price="120.50", note="By the window"))
    assert answer.status_code == 303
    row = shop.sql("SELECT status, price_cents, note, round FROM slots")
    assert row == [("draft", 12050, "By the window", 0)]
    page = owner.get(answer.location).get_data(as_text=True)
    assert "Nobody has been texted" in page
    assert "Open and text the list" in page


def test_adding_and_texting_says_how_many(shop: Shop, owner: Browser) -> None:
    shop.people(14)
    shop.person("Away", status="paused")
    answer = owner.post("/slots", staff_member_id=shop.staff_id, **new_slot(then="open"))
    page = owner.get(answer.location).get_data(as_text=True)
    assert "Texting 14 people. 1 person was skipped." in page
    assert "paused (1)" in page
    assert "Person 3" in page
    assert "(646)" in page
    assert "has a cancellation!" in page
    secrets = [body.split("/c/")[1].split()[0] for _, body, _ in shop.texts()]
    assert not [secret for secret in secrets if secret in page], "a link speaks for the person it was sent to"


def test_the_same_form_twice_is_one_slot(shop: Shop, owner: Browser) -> None:
    shop.person()
    form = new_slot(then="open")
    first = owner.post("/slots", staff_member_id=shop.staff_id, **form)
    second = owner.post("/slots", staff_member_id=shop.staff_id, **form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert len(shop.sql("SELECT 1 FROM slots")) == 1
    assert len(shop.texts()) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"on": "2020-01-01"}, "is over. Choose today or later."),
        ({"on": "9999-12-31", "at": "23:59"}, "more than a year away"),
        ({"on": "0001-01-01"}, "is over."),
        ({"on": ""}, "Enter the day"),
        ({"on": "tomorrow"}, "Not a valid date"),
        ({"at": ""}, "Enter the time"),
        ({"at": "25:99"}, "Not a valid time"),
        ({"minutes": "3"}, "A slot lasts from 5 minutes to 12 hours."),
        ({"minutes": "721"}, "A slot lasts from 5 minutes to 12 hours."),
        ({"minutes": "9" * 30}, "A slot lasts from 5 minutes to 12 hours."),
        ({"minutes": "half an hour"}, "Not a valid integer"),
        ({"price": "-1"}, "Enter a price"),
        ({"price": "NaN"}, "Price"),
        ({"price": "Infinity"}, "Enter a price"),
        ({"price": "sNaN"}, "Enter a price"),
        ({"note": "x" * 501}, "Use at most 500 characters."),
        ({"staff_member_id": "nobody"}, "Not a valid choice"),
        ({"staff_member_id": str(uuid4())}, "Not a valid choice"),
        ({"service_id": str(uuid4())}, "Not a valid choice"),
        ({"key": ""}, ""),
        ({"key": " "}, ""),
    ],
)
def test_what_cannot_be_used_is_said_and_kept(
    shop: Shop, owner: Browser, changes: dict[str, str], sentence: str
) -> None:
    form = {"staff_member_id": str(shop.staff_id), **new_slot(note="Kept words"), **changes}
    answer = owner.post("/slots", **form)
    body = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in body
    assert form["note"] in body
    assert shop.sql("SELECT 1 FROM slots") == []


def test_a_time_today_that_has_passed(shop: Shop, owner: Browser) -> None:
    passed = now().astimezone(ZONE) - timedelta(minutes=1)
    answer = owner.post(
        "/slots", staff_member_id=shop.staff_id, **new_slot(on=passed.date().isoformat(), at=passed.strftime("%H:%M"))
    )
    assert answer.status_code == 422
    assert "over." in (body := answer.get_data(as_text=True)) or "This time has passed: it is" in body


def test_an_overlap_names_the_other_slot(shop: Shop, owner: Browser) -> None:
    owner.post("/slots", staff_member_id=shop.staff_id, **new_slot())
    answer = owner.post("/slots", staff_member_id=shop.staff_id, **new_slot(at="10:15"))
    assert answer.status_code == 422
    assert "Dr. Smith already has a slot from 10:00 AM to 10:30 AM on that day." in answer.get_data(as_text=True)
    beside = owner.post("/slots", staff_member_id=shop.staff_id, **new_slot(at="10:30"))
    colleague = owner.post("/slots", staff_member_id=shop.other_staff_id, **new_slot(at="10:15"))
    assert (beside.status_code, colleague.status_code) == (303, 303)


@pytest.mark.parametrize("text", ["a\x00b", "<script>alert(1)</script>", "‮right", "Łódź 🦷", "'; DROP TABLE slots; --"])
def test_naughty_notes_are_shown_as_text(shop: Shop, owner: Browser, text: str) -> None:
    answer = owner.post("/slots", staff_member_id=shop.staff_id, **new_slot(note=text))
    assert answer.status_code == 303
    page = owner.get(answer.location)
    assert page.status_code == 200
    assert "<script>alert" not in page.get_data(as_text=True)


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_its_page_and_its_steps(shop: Shop, owner: Browser, state: str) -> None:
    slot_id = in_state(shop, state)
    page, fragment = owner.get(f"/slots/{slot_id}"), owner.get(f"/slots/{slot_id}", fragment=True)
    assert (page.status_code, fragment.status_code) == (200, 200)
    body = fragment.get_data(as_text=True)
    assert "<html" not in body
    assert f'data-state="{state}"' in body
    offered = {step for step in STEPS if f"/slots/{slot_id}/{step}" in body}
    assert offered == {
        "draft": {"rounds", "cancellation", "booking"},
        "open": {"rounds", "cancellation", "booking"},
        "held": {"release", "cancellation"},
        "pending": {"approval", "refusal", "cancellation"},
        "booked": {"freeing", "cancellation"},
    }.get(state, set())
    assert owner.get("/slots", state=state, **everything()).get_data(as_text=True).count(f"/slots/{slot_id}") == 1
    assert owner.get("/home").status_code == 200


def everything() -> dict[str, str]:
    present = now()
    return {
        "from": (present - timedelta(days=9)).date().isoformat(),
        "to": (present + timedelta(days=9)).date().isoformat(),
    }


def in_state(shop: Shop, state: str) -> UUID:
    if state == "held":
        return shop.held(shop.person())
    if state in {"booked", "pending"}:
        slot_id = shop.booked(shop.person())
        shop.sql("UPDATE slots SET status = %s, pending_until = now() + interval '9 minutes'", state)
        return slot_id
    at = now() - timedelta(hours=3) if state in {"completed", "no_show", "expired"} else None
    return shop.slot(at, status=state, round=0 if state == "draft" else 1)


def test_a_lapsed_hold_shows_as_open_and_a_start_without_a_taker_as_expired(shop: Shop, owner: Browser) -> None:
    lapsed = shop.held(shop.person(), seconds=-1)
    started = shop.slot(now() - timedelta(minutes=1), status="open", round=1)
    assert 'data-state="open"' in owner.get(f"/slots/{lapsed}", fragment=True).get_data(as_text=True)
    assert 'data-state="expired"' in owner.get(f"/slots/{started}", fragment=True).get_data(as_text=True)


def test_the_home_page_says_who_is_holding(shop: Shop, owner: Browser) -> None:
    shop.held(shop.person("Ana Ruiz"))
    body = owner.get("/home", fragment=True).get_data(as_text=True)
    assert "1 texted · 0 opened · Ana Ruiz is holding" in body
    assert "data-countdown" in body


def test_the_home_page_shows_the_whole_day_of_a_large_team(shop: Shop, owner: Browser) -> None:
    noon = datetime.combine(today_in(shop.zone), time(12), ZoneInfo(shop.zone))
    slots = []
    for number in range(21):
        starts_at = noon + timedelta(minutes=10 * number)
        slots += [shop.slot(starts_at, 10, staff_member_id=staff) for staff in (shop.staff_id, shop.other_staff_id)]
    body = owner.get("/home").get_data(as_text=True)
    assert [slot_id for slot_id in slots if f"/slots/{slot_id}" not in body] == []


def test_client_cancelled_in_one_tap(shop: Shop, owner: Browser) -> None:
    shop.people(3)
    slot_id = shop.booked(shop.person("Gone"), starts_at=now() + timedelta(hours=3))
    home = owner.get("/home").get_data(as_text=True)
    assert f"/slots/{slot_id}/freeing" in home
    answer = owner.post(f"/slots/{slot_id}/freeing")
    assert answer.status_code == 303
    assert "Texting 3 people. 1 person was skipped." in owner.get(answer.location).get_data(as_text=True)
    assert shop.state(slot_id) == ("open", 2)


def test_a_step_by_htmx_answers_the_fragment_with_a_toast(shop: Shop, owner: Browser) -> None:
    shop.person()
    slot_id = shop.slot()
    answer = owner.post(f"/slots/{slot_id}/rounds", fragment=True, round=0)
    assert answer.status_code == 200
    assert "Texting 1 person." in answer.headers["HX-Trigger"]
    assert 'id="slot"' in answer.get_data(as_text=True)
    again = owner.post(f"/slots/{slot_id}/rounds", fragment=True, round=0)
    assert again.status_code == 409
    assert "This slot has changed meanwhile" in again.get_data(as_text=True)
    assert shop.state(slot_id) == ("open", 1)
    assert len(shop.texts()) == 1


def test_a_step_that_came_too_late_shows_the_page(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(now() + timedelta(minutes=5))
    answer = owner.post(f"/slots/{slot_id}/rounds")
    assert answer.status_code == 409
    assert "less than 15 minutes" in answer.get_data(as_text=True)
    assert shop.state(slot_id) == ("draft", 0)


def test_who_was_not_texted_after_all_is_not_counted_as_texted(shop: Shop, owner: Browser) -> None:
    shop.people(3)
    slot_id = shop.slot()
    owner.post(f"/slots/{slot_id}/rounds", round=0)
    shop.sql("UPDATE messages SET status = 'sent', attempts = 1 WHERE id = (SELECT min(id::text)::uuid FROM messages)")
    owner.post(f"/slots/{slot_id}/booking", name="Walk In", phone="")
    page = owner.get(f"/slots/{slot_id}").get_data(as_text=True)
    assert re.search(r'figure-value">1</div>\s*<div class="figure-label">texted', page)
    assert "2 withdrawn in time" in page


def test_booking_by_hand(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot()
    wrong = owner.post(f"/slots/{slot_id}/booking", name="Walter", phone="not a number")
    assert wrong.status_code == 422
    assert "Walter" in wrong.get_data(as_text=True)
    for nobody in ("", "  ", "\u202e"):
        assert owner.post(f"/slots/{slot_id}/booking", name=nobody).status_code == 422
    done = owner.post(f"/slots/{slot_id}/booking", fragment=True, name="Walter <b>", phone="(212) 555-0177")
    assert done.status_code == 200
    assert "Walter &lt;b&gt;" in done.get_data(as_text=True)
    assert shop.sql("SELECT c.phone FROM slots s JOIN consumers c ON c.id = s.booked_consumer_id") == [
        ("+12125550177",)
    ]


def test_a_refused_booking_by_hand_leaves_nobody_behind(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(status="cancelled")
    answer = owner.post(f"/slots/{slot_id}/booking", name="Walter", phone="(212) 555-0177")
    assert answer.status_code == 409
    assert shop.sql("SELECT phone FROM consumers") == []
    assert shop.sql("SELECT name FROM consumer_profiles") == []


def test_approving_and_declining(shop: Shop, owner: Browser) -> None:
    for path, status in (("approval", "booked"), ("refusal", "open")):
        slot_id = shop.booked(shop.person(), round=1)
        shop.sql(
            "UPDATE slots SET status = 'pending', pending_until = now() + interval '9 minutes' WHERE id = %s", slot_id
        )
        assert owner.post(f"/slots/{slot_id}/{path}").status_code == 303
        assert shop.state(slot_id)[0] == status
        assert owner.post(f"/slots/{slot_id}/{path}").status_code == 409


def test_viewers_see_and_change_nothing(shop: Shop) -> None:
    viewer = shop.browser(Role.VIEWER)
    slot_id = shop.slot()
    for path in ("/home", "/slots", f"/slots/{slot_id}", "/waiting-list"):
        page = viewer.get(path)
        assert page.status_code == 200
        assert "/rounds" not in page.get_data(as_text=True)
    assert viewer.get("/slots/new").status_code == 403
    for step in STEPS:
        assert viewer.post(f"/slots/{slot_id}/{step}", name="Ana").status_code == 403
    assert viewer.post("/slots", staff_member_id=shop.staff_id, **new_slot()).status_code == 403
    assert shop.state(slot_id) == ("draft", 0)


def test_staff_change_their_own_slots(shop: Shop) -> None:
    staff = shop.browser(Role.STAFF, shop.staff_id)
    own, colleague = shop.slot(), shop.slot(staff_member_id=shop.other_staff_id)
    assert f"/slots/{own}/rounds" in staff.get(f"/slots/{own}").get_data(as_text=True)
    assert f"/slots/{colleague}/rounds" not in staff.get(f"/slots/{colleague}").get_data(as_text=True)
    for step in STEPS:
        assert staff.post(f"/slots/{colleague}/{step}", name="Ana").status_code == 403, step
    assert staff.post("/slots", staff_member_id=shop.other_staff_id, **new_slot()).status_code == 422
    assert staff.post("/slots", staff_member_id=shop.staff_id, **new_slot()).status_code == 303
    assert shop.state(colleague) == ("draft", 0)


def test_another_business_slots_are_not_there(shop: Shop, other_shop: Shop) -> None:
    stranger = other_shop.browser()
    slot_id = shop.slot()
    shop.person("Secret Name")
    assert stranger.get(f"/slots/{slot_id}").status_code == 404
    for step in STEPS:
        assert stranger.post(f"/slots/{slot_id}/{step}", name="Ana").status_code == 404, step
    for path in PAGES:
        body = stranger.get(path, **everything()).get_data(as_text=True)
        assert "Secret Name" not in body
        assert str(slot_id) not in body
    form = new_slot()
    assert stranger.post("/slots", staff_member_id=shop.staff_id, **form).status_code == 422
    assert shop.state(slot_id) == ("draft", 0)


def test_a_form_key_of_another_business_is_no_key_here(shop: Shop, other_shop: Shop) -> None:
    form = new_slot()
    one = shop.browser().post("/slots", staff_member_id=shop.staff_id, **form)
    two = other_shop.browser().post("/slots", staff_member_id=other_shop.staff_id, **form)
    assert (one.status_code, two.status_code) == (303, 303)
    assert one.location != two.location


@pytest.mark.parametrize(
    "query",
    [
        {"from": "nonsense", "to": "9999-99-99", "staff": "x", "state": "x"},
        {"from": "0001-01-01"}, {"from": "9999-12-31"}, {"to": "2020-01-01"},
        {"after": "x"}, {"after": "2026-01-01T00:00:00_x"}, {"until": f"2026-01-01T00:00:00_{uuid4()}"},
        {"staff": str(uuid4()), "state": "booked"},
    ],
)  # fmt: skip
def test_filters_that_cannot_be_read_are_ignored(owner: Browser, query: dict[str, str]) -> None:
    assert owner.get("/slots", **query).status_code == 200
    assert owner.get("/waiting-list", **query).status_code == 200


@pytest.mark.parametrize("query", [{"people": "x"}, {"people": "99999999"}, {"round": "-1"}, {"round": "99"}])
def test_a_slot_page_takes_odd_addresses(shop: Shop, owner: Browser, query: dict[str, str]) -> None:
    assert owner.get(f"/slots/{shop.slot()}", **query).status_code == 200


def test_the_list_goes_on_where_it_ended(shop: Shop, owner: Browser) -> None:
    first = now() + timedelta(hours=24)
    slots = [shop.slot(first + timedelta(hours=n)) for n in range(90)]
    seen: list[str] = []
    address = "/slots"
    for _ in range(3):
        body = owner.get(address, fragment=True).get_data(as_text=True)
        seen += [s for s in map(str, slots) if f"/slots/{s}" in body]
        address = body.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&") if 'rel="next"' in body else ""
    assert seen == [str(s) for s in slots]
    assert not address


def test_a_page_that_is_fetched_again_keeps_its_end(shop: Shop, owner: Browser) -> None:
    first = now() + timedelta(hours=24)
    for number in range(50):
        shop.slot(first + timedelta(hours=number))
    body = owner.get("/slots").get_data(as_text=True)
    refresh = body.split('hx-get="/slots')[1].split('"')[0].replace("&amp;", "&")
    shop.slot(first + timedelta(minutes=30), staff_member_id=shop.other_staff_id)
    again = owner.get(f"/slots{refresh}", fragment=True).get_data(as_text=True)
    assert again.count("<tr>") == body.count("<tr>") + 1
    assert 'rel="next"' not in again


def test_lists_take_few_statements_however_long(shop: Shop, owner: Browser, statements: list[str]) -> None:
    counts: dict[str, int] = {}
    for size in (1, 30):
        for number in range(size):
            shop.slot(now() + timedelta(hours=30 * size + number), status="open", round=1)
        shop.people(size)
        for path in ("/slots", "/home", "/waiting-list"):
            owner.get(path, fragment=True)  # counts the figures of what has changed
            statements.clear()
            assert owner.get(path, fragment=True).status_code == 200
            ours = [s for s in statements if "set_config" not in s and "nexapp_session" not in s]
            assert len(ours) <= 7, ours
            assert counts.setdefault(path, len(ours)) == len(ours)


def test_a_slot_page_takes_few_statements_however_many_people(
    shop: Shop, owner: Browser, statements: list[str]
) -> None:
    counts = []
    for size in (1, 40):
        slot_id = shop.slot(status="open", round=1)
        for request_id in shop.people(size):
            shop.offer(slot_id, request_id)
        statements.clear()
        owner.get(f"/slots/{slot_id}", fragment=True)
        counts.append(len([s for s in statements if "set_config" not in s and "nexapp_session" not in s]))
    assert counts[0] == counts[1] <= 9


def test_many_people_come_in_steps(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot(status="open", round=1)
    for request_id in shop.people(70):
        shop.offer(slot_id, request_id)
    body = owner.get(f"/slots/{slot_id}").get_data(as_text=True)
    assert "20 people are not shown" in body
    assert "are not shown" not in owner.get(f"/slots/{slot_id}", people=100).get_data(as_text=True)


def test_the_waiting_list_shows_wishes_and_finds_people(shop: Shop, owner: Browser) -> None:
    ana = shop.person("Ana Ruiz", phone="+16465550101", minutes_needed=45, staff_member_id=shop.staff_id)
    for weekday in (0, 1, 2):
        shop.window(ana, weekday, "09:00", "12:00")
    shop.person("Ben_100%", opted_out_at=now())
    shop.booked(ana)
    body = owner.get("/waiting-list").get_data(as_text=True)
    for words in (
        "Mon\u2013Wed 9:00 AM \u2013 12:00 PM",
        "with Dr. Smith",
        "45 minutes",
        "(646) 555-0101",
        'data-state="opted_out"',
    ):
        assert words in body
    assert "Ben" not in owner.get("/waiting-list", q="ruiz", fragment=True).get_data(as_text=True)
    assert "Ana" in owner.get("/waiting-list", q="555-0101", fragment=True).get_data(as_text=True)
    assert "Ana" not in owner.get("/waiting-list", q="_100%", fragment=True).get_data(as_text=True)
    assert "Nobody found" in owner.get("/waiting-list", q="%%%").get_data(as_text=True)
    assert owner.get("/waiting-list", q="a\x00b").status_code == 200


def test_the_waiting_list_goes_on_where_it_ended(shop: Shop, owner: Browser) -> None:
    shop.people(60)
    body = owner.get("/waiting-list").get_data(as_text=True)
    assert body.count('data-label="Phone"') == 50
    address = body.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert owner.get(address).get_data(as_text=True).count('data-label="Phone"') == 10


def test_signed_out_people_go_to_sign_in(app: Flask, shop: Shop) -> None:
    slot_id = shop.slot()
    for path in (*PAGES, f"/slots/{slot_id}"):
        answer = app.test_client().get(path)
        assert answer.status_code == 303
        assert "/sign-in" in answer.location


def test_no_post_without_a_token(shop: Shop, owner: Browser) -> None:
    slot_id = shop.slot()
    assert owner.client.post(f"/slots/{slot_id}/rounds").status_code == 400
    assert shop.state(slot_id) == ("draft", 0)
