"""A person's own account: details, devices, signing out everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest

from nexapp.identity.devices import device_label
from tests.identity.people import ANA, BEN, Person
from tests.identity.team_world import Sql

PAGE = "/account"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
    " Mobile/15E148 Safari/604.1"
)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


def second_device(new_person: Callable[[], Person], sql: Sql) -> Person:
    sql("UPDATE verification_codes SET created_at = created_at - interval '1 minute'")
    other = new_person()
    other.client.environ_base["HTTP_USER_AGENT"] = IPHONE
    assert other.sign_in(ANA).status_code == 303
    return other


def test_details_are_changed_and_the_audit_keeps_no_values(owner: Person, owner_sql: Sql) -> None:
    form = {"person_name": "  Ana  Able ", "time_zone": "America/Chicago", "wants_booking_texts": "y"}
    assert owner.post(PAGE, form, page=PAGE).status_code == 303
    assert owner_sql("SELECT name, time_zone FROM users") == [("Ana Able", "America/Chicago")]
    assert owner_sql("SELECT wants_booking_texts FROM memberships") == [(True,)]
    assert owner.post(PAGE, form | {"time_zone": ""}, page=PAGE).status_code == 303
    assert owner_sql("SELECT time_zone FROM users") == [(None,)]
    assert not any("Able" in str(row) for row in owner_sql("SELECT changes FROM audit_entries"))
    for wrong in ({"person_name": " "}, {"time_zone": "Nowhere/Else"}):
        assert owner.post(PAGE, form | wrong, page=PAGE).status_code == 422


def test_devices_are_listed_and_ended_one_by_one(
    owner: Person, new_person: Callable[[], Person], owner_sql: Sql
) -> None:
    phone = second_device(new_person, owner_sql)
    shown = owner.get(PAGE).text
    assert "Safari on iPhone" in shown
    assert "This device" in shown
    [(theirs,)] = owner_sql("SELECT id FROM user_sessions WHERE user_agent = %s", IPHONE)
    assert owner.post(f"{PAGE}/sessions/{theirs}/end", page=PAGE).status_code == 303
    assert phone.get("/settings").location.startswith("/sign-in")
    assert owner.get("/settings").status_code == 200
    assert owner.post(f"{PAGE}/sessions/{theirs}/end", page=PAGE).status_code == 404


def test_sign_out_everywhere_ends_this_one_too(owner: Person, new_person: Callable[[], Person], owner_sql: Sql) -> None:
    phone = second_device(new_person, owner_sql)
    stale = owner.token(PAGE)
    assert phone.post(f"{PAGE}/sessions/end", page=PAGE).location == "/sign-in"
    for person in (owner, phone):
        assert person.get("/settings").location.startswith("/sign-in")
    late = owner.client.post("/settings/staff", data={"csrf_token": stale, "display_name": "Late"})
    assert late.status_code == 303, "the second tab is sent to the sign-in and changes nothing"
    assert owner_sql("SELECT count(*) FROM staff_members WHERE display_name = 'Late'") == [(0,)]


def test_others_sessions_are_not_there(owner: Person, new_person: Callable[[], Person], owner_sql: Sql) -> None:
    other = new_person()
    other.sign_in(BEN)
    [(theirs,)] = owner_sql("SELECT s.id FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE u.phone = %s", BEN)
    assert str(theirs) not in owner.get(PAGE).text
    for session_id in (theirs, uuid4()):
        assert owner.post(f"{PAGE}/sessions/{session_id}/end", page=PAGE).status_code == 404
    assert other.get(PAGE).status_code == 200


def test_ending_this_very_device_signs_out(owner: Person) -> None:
    [this] = re.findall(rf'action="{PAGE}/sessions/([0-9a-f-]+)/end"', owner.get(PAGE).text)
    assert owner.post(f"{PAGE}/sessions/{this}/end", page=PAGE).location == "/sign-in"
    assert owner.get(PAGE).location.startswith("/sign-in")


def test_the_list_of_devices_is_a_fragment(owner: Person) -> None:
    fragment = owner.get(PAGE, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert 'id="devices"' in fragment
    assert owner.get("/account/place").headers["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("told", "label"),
    [(IPHONE, "Safari on iPhone"), (WINDOWS, "Chrome on Windows"), ("curl/8", "A device that doesn't tell its kind"),
     (None, "A device that doesn't tell its kind"), ("Mozilla/5.0 (X11; Linux) Firefox/140.0", "Firefox on Linux")],
)  # fmt: skip
def test_a_device_is_called_by_what_it_tells(told: str | None, label: str, app: object) -> None:
    with app.test_request_context():  # type: ignore[attr-defined]
        assert device_label(told) == label
