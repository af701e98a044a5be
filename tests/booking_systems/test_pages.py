"""The pages: connecting, changing, looking; page and fragment, refusals, roles, two businesses, few statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.spine.tenancy import Role
from tests.booking_systems.senders import KEY, Sender, soon
from tests.live import Heard
from tests.people import Browser
from tests.slots.merchant_world import Shop

AT = soon()
HOME = "/settings/booking-systems"
CHANGES = ("", "/key", "/address", "/removal")


@pytest.fixture
def owner(shop: Shop) -> Browser:
    return shop.browser()


def test_connecting_shows_the_address_and_the_key(shop: Shop, owner: Browser) -> None:
    assert "No booking system is connected" in owner.get(HOME).text
    answer = owner.post(HOME, kind="cal_com", name="Front desk", signing="make")
    assert answer.status_code == 303
    text = owner.get(answer.location).text
    key = shop.value("SELECT signing_key FROM booking_systems")
    assert "/hooks/in/" in text
    assert key in text
    assert len(key) >= 32
    assert "Front desk" in owner.get(HOME).text
    assert shop.value("SELECT count(*) FROM audit_entries WHERE action = 'booking_system.added'") == 1


def test_square_s_key_is_pasted(shop: Shop, owner: Browser) -> None:
    assert owner.post(HOME, kind="square", name="Square", signing="paste").status_code == 422
    answer = owner.post(HOME, kind="square", name="Square", signing="paste", signing_key=" key-of-square ")
    assert answer.status_code == 303
    assert shop.value("SELECT signing_key FROM booking_systems") == "key-of-square"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Give it a name"),
        ({"kind": "feed", "name": "x"}, "Paste the calendar"),
        ({"kind": "feed", "name": "x", "url": "ftp://x.example/y"}, "not a web address"),
        ({"kind": "feed", "name": "x", "url": "https://user:pass@x.example/y.ics"}, "not a web address"),
        ({"kind": "feed", "name": "x", "url": "https://x.example/y.ics"}, "Choose whose calendar it is"),
        ({"kind": "unknown", "name": "x"}, "Not a valid choice"),
    ],
)
def test_what_can_t_be_connected_is_said_beside_its_field(
    shop: Shop, owner: Browser, fields: dict[str, str], sentence: str
) -> None:
    answer = owner.post(HOME, **{"kind": "generic", "signing": "make", **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert shop.value("SELECT count(*) FROM booking_systems") == 0


def test_a_feed_is_read_as_soon_as_it_is_connected(shop: Shop, owner: Browser) -> None:
    fields = {"kind": "feed", "name": "Mine", "url": "webcal://x.example/y.ics", "staff_member_id": str(shop.staff_id)}
    answer = owner.post(HOME, signing="make", **fields)
    assert answer.status_code == 303
    assert shop.value("SELECT url FROM booking_systems") == "https://x.example/y.ics"
    assert shop.value("SELECT count(*) FROM background_jobs WHERE name = 'poll_feed'") == 1
    text = owner.get(answer.location).text
    assert "Not read yet" in text
    assert "x.example" not in text  # whoever has a calendar's address reads it


def test_settings_key_and_address_change(shop: Shop, owner: Browser, sender: Sender) -> None:
    of = f"{HOME}/{sender.id}"
    saved = owner.post(of, name="Desk", staff_member_id=str(shop.staff_id), daily_limit="9")
    assert saved.status_code == 303
    row = shop.sql("SELECT name, staff_member_id, daily_limit, opens_moved FROM booking_systems")[0]
    assert row == ("Desk", shop.staff_id, 9, False)
    assert owner.post(of, name="", daily_limit="-1").status_code == 422
    assert owner.post(f"{of}/key", signing="none").status_code == 303
    assert shop.value("SELECT signing_key FROM booking_systems") is None
    assert "unsigned" in owner.get(HOME).text
    assert owner.post(f"{of}/key", signing="paste").status_code == 422
    assert owner.post(f"{of}/removal").status_code == 303
    assert owner.get(of).status_code == 404


def test_what_came_in_is_shown_and_waits_where_it_must(shop: Shop, owner: Browser, sender: Sender) -> None:
    sender.told("cancelled", AT, booking={"client": "Nora <b>Quinn</b>"})
    sender.told("cancelled", AT + timedelta(hours=1), uid="b-2", staff="stranger@example.com")
    text = owner.get(f"{HOME}/{sender.id}").text
    assert "Opened its time" in text
    assert "Who is “stranger@example.com”?" in text
    assert "<b>Quinn" not in text
    index = owner.get(HOME, fragment=True).text
    assert "stranger@example.com" in index
    assert "<html" not in index
    answer = owner.post(f"{HOME}/{sender.id}/staff", reference="stranger@example.com", staff_member_id="")
    assert answer.status_code == 303
    owner.post(f"{HOME}/{sender.id}/staff", reference="stranger@example.com", staff_member_id=str(shop.staff_id))
    sender.run_jobs()
    assert sender.outcomes() == ["opened", "opened"]
    assert "stranger@example.com: Dr. Smith" in owner.get(f"{HOME}/{sender.id}").text


def test_open_pages_hear_of_it(app: Flask, shop: Shop, sender: Sender) -> None:
    from nexapp.spine.realtime import CHANNEL

    heard = Heard(app.extensions["redis"], CHANNEL)
    sender.told("cancelled", AT)
    assert (f"org:{shop.org_id}:booking-systems", "booking-systems-changed") in heard
    assert (f"org:{shop.org_id}:slots", "slots-changed") in heard
    heard.close()


def test_managers_approve_and_admins_set_up(shop: Shop, sender: Sender) -> None:
    manager, admin, staff = (shop.browser(role) for role in (Role.MANAGER, Role.ADMIN, Role.STAFF))
    seen = manager.get(f"{HOME}/{sender.id}").text
    assert KEY not in seen
    assert "/hooks/in/" not in seen
    assert manager.get(f"{HOME}/new").status_code == 403
    for change in CHANGES:
        assert manager.post(f"{HOME}/{sender.id}{change}").status_code == 403, change
    assert manager.post(f"{HOME}/approvals").status_code == 303
    assert KEY in admin.get(f"{HOME}/{sender.id}").text
    for path in (HOME, f"{HOME}/{sender.id}"):
        assert staff.get(path).status_code == 403


def test_the_start_page_says_to_managers_that_something_waits(shop: Shop, sender: Sender) -> None:
    manager, staff = shop.browser(Role.MANAGER), shop.browser(Role.STAFF)
    assert manager.get("/booking-systems/waiting").text.strip() == ""
    sender.told("cancelled", AT, staff="stranger")
    assert "/booking-systems/waiting" in manager.get("/home").text
    assert "1 change from your booking system waits for you" in manager.get("/booking-systems/waiting").text
    assert staff.get("/booking-systems/waiting").text.strip() == ""


def test_the_other_business_sees_and_touches_nothing(shop: Shop, other_shop: Shop, sender: Sender) -> None:
    sender.told("cancelled", AT, staff="stranger")
    delivery_id = shop.value("SELECT id FROM booking_deliveries")
    stranger = other_shop.browser()
    for change in ("", *CHANGES[1:], "/reading", "/acceptance", "/staff"):
        fields = {"name": "x", "daily_limit": "1", "signing": "none", "staff_member_id": str(other_shop.staff_id)}
        assert stranger.post(f"{HOME}/{sender.id}{change}", **fields).status_code == 404, change
    assert stranger.post(f"{HOME}/deliveries/{delivery_id}/replay").status_code == 404
    for act in ("approvals", "dismissals"):
        stranger.post(f"{HOME}/{act}", delivery=str(delivery_id))
    foreign = shop.browser().post(
        f"{HOME}/{sender.id}", name="x", daily_limit="1", staff_member_id=str(other_shop.staff_id)
    )
    assert foreign.status_code == 422
    sender.run_jobs()
    assert sender.outcomes() == ["waiting_staff"]


@pytest.mark.parametrize("path", [HOME, f"{HOME}/{{}}", "/settings/calendars"])
def test_pages_ask_few_things_however_much_there_is(
    app: Flask, shop: Shop, owner: Browser, run_jobs: Callable[[], None], statements: list[str], path: str
) -> None:
    def fill(count: int) -> Any:
        senders = [Sender(app, shop, "generic", run=run_jobs) for _ in range(count)]
        shop.sql(
            "INSERT INTO booking_deliveries (id, org_id, booking_system_id, action, uid, reference, starts_at, ends_at,"
            " signed, payload, outcome) SELECT gen_random_uuid(), %s, %s, 'cancelled', n::text, 'who ' || n, %s, %s,"
            " true, '{}', (ARRAY['opened', 'waiting_staff', 'waiting_approval', 'conflict'])[1 + n %% 4]"
            " FROM generate_series(1, %s) n",
            shop.org_id, senders[0].id, AT, AT + timedelta(minutes=30), count * 10,
        )  # fmt: skip
        return senders[0]

    def count(sender: Sender) -> int:
        owner.get(path.format(sender.id))
        statements.clear()
        assert owner.get(path.format(sender.id)).status_code == 200
        return len(statements)

    few = count(fill(1))
    many = count(fill(9))
    assert many == few <= 14


def test_older_lines_are_a_step_away(shop: Shop, owner: Browser, sender: Sender) -> None:
    shop.sql(
        "INSERT INTO booking_deliveries (id, org_id, booking_system_id, action, signed, payload, outcome, created_at)"
        " SELECT gen_random_uuid(), %s, %s, 'other', true, jsonb_build_object('n', n), 'ignored',"
        " now() - n * interval '1 minute' FROM generate_series(1, 30) n",
        shop.org_id, sender.id,
    )  # fmt: skip
    first = owner.get(f"{HOME}/{sender.id}").text
    assert first.count('<li class="list-group-item">') == 25
    href = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert owner.get(href).text.count('<li class="list-group-item">') == 5
    assert owner.get(f"{HOME}/{sender.id}?after=nonsense").status_code == 200
