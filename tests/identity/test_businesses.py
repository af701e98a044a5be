from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from nexapp.identity.accounts import create_user
from nexapp.identity.businesses import add_member, create_organization
from nexapp.identity.slugs import slug_of
from nexapp.spine.tenancy import SYSTEM, Role
from tests.identity.people import ANA, BEN, Person, onboarding

Sql = Callable[..., list[Any]]


def test_onboarding_founds_a_business_with_its_owner_and_first_staff_member(person: Person, owner_sql: Sql) -> None:
    assert person.sign_in(ANA).location == "/onboarding"
    page = person.get("/onboarding").text
    assert 'value="70.00"' in page
    assert (
        'value="America/New_York" selected' in page.replace("selected value=", "value=") or "America/New_York" in page
    )
    done = person.found(average_value="$1,150.5", booking_url="example.com/book", requires_confirmation="y")
    assert (done.status_code, done.location) == (303, "/")
    assert owner_sql(
        "SELECT name, slug, time_zone, phone, address, average_value_cents, booking_url, requires_confirmation"
        " FROM organizations"
    ) == [
        ("Downtown Dental", "downtown-dental", "America/New_York", "+13055550123", "1 Main Street", 115050,
         "https://example.com/book", True)
    ]  # fmt: skip
    assert owner_sql("SELECT m.role, u.name FROM memberships m JOIN users u ON u.id = m.user_id") == [
        ("owner", "Dr. Smith")
    ]
    assert owner_sql("SELECT display_name, user_id IS NOT NULL FROM staff_members") == [("Dr. Smith", True)]
    assert owner_sql("SELECT org_id IS NOT NULL FROM user_sessions") == [(True,)]
    actions = {row[0] for row in owner_sql("SELECT action FROM audit_entries")}
    assert {"organization.created", "membership.added", "staff_member.added", "session.started"} <= actions


@pytest.mark.parametrize(
    ("field", "written", "sentence"),
    [
        ("business_name", "", "name that clients know"),
        ("business_name", "   ", "name that clients know"),
        ("business_name", "\u200b\u200b", "name that clients know"),
        ("business_name", "x" * 121, "120 characters"),
        ("owner_name", "", "as clients see it"),
        ("owner_name", "y" * 81, "80 characters"),
        ("time_zone", "", "Choose a time zone"),
        ("time_zone", "Mars/Olympus", "Choose a time zone"),
        ("time_zone", "../../etc/passwd", "Choose a time zone"),
        ("phone", "12", "too short"),
        ("address", "z" * 301, "300 characters"),
        ("average_value", "", "Type an amount"),
        ("average_value", "seventy", "Type an amount"),
        ("average_value", "-1", "0 or more"),
        ("average_value", "NaN", "0 or more"),
        ("average_value", "1e999999", "more than"),
        ("average_value", "99999999999", "more than"),
        ("booking_url", "javascript:alert(1)", "not a web address"),
        ("booking_url", "ftp://example.com", "not a web address"),
        ("booking_url", "https://user:pw@example.com", "not a web address"),
        ("booking_url", "https://[::1", "not a web address"),
        ("booking_url", "nowhere", "not a web address"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(
    person: Person, owner_sql: Sql, field: str, written: str, sentence: str
) -> None:
    person.sign_in(ANA)
    refused = person.post(
        "/onboarding", onboarding(**{"address": "5 Elm <b>Street</b>", field: written}), page="/onboarding"
    )
    assert refused.status_code == 422
    assert f'id="{field}-error"' in refused.text
    assert sentence in refused.text
    if field != "address":
        assert "5 Elm &lt;b&gt;Street&lt;/b&gt;" in refused.text
    if field in {"phone", "average_value", "booking_url"}:
        assert f'value="{written}"' in refused.text
    assert "data-guess-zone" not in refused.text
    assert owner_sql("SELECT count(*) FROM organizations") == [(0,)]
    assert owner_sql("SELECT count(*) FROM staff_members") == [(0,)]


def test_control_characters_are_left_out(person: Person, owner_sql: Sql) -> None:
    person.sign_in(ANA)
    assert person.found("Down\x00town\r\n  Dental").status_code == 303
    assert owner_sql("SELECT name FROM organizations") == [("Downtown Dental",)]


@pytest.mark.parametrize(
    "zone", ["Asia/Calcutta", "Asia/Kolkata", "Europe/Kyiv", "UTC", "America/Argentina/Buenos_Aires"]
)
def test_every_iana_zone_can_be_chosen(person: Person, owner_sql: Sql, zone: str) -> None:
    person.sign_in(ANA)
    page = person.get("/onboarding").text
    assert f'value="{zone}"' in page
    assert page.index('value="America/Los_Angeles"') < page.index('value="Africa/Abidjan"')
    person.found(time_zone=zone)
    assert owner_sql("SELECT time_zone FROM organizations") == [(zone,)]


def test_the_zone_is_guessed_from_the_phone(person: Person) -> None:
    person.sign_in("+13103601234")
    page = person.get("/onboarding").text
    assert '<option selected value="America/Los_Angeles">' in page
    assert "data-guess-zone" in page
    assert "onboarding" in page


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Downtown Dental", "downtown-dental"), ("Café & Søn's", "cafe-and-sons"), ("  --A--  ", "a"), ("42", "42"),
        ("Straße 5", "strasse-5"), ("x" * 120, "x" * 60), ("日本 Dental", "dental"),
    ],
)  # fmt: skip
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_name_without_latin_letters_gets_a_slug_of_its_own() -> None:
    assert slug_of("日本歯科").startswith("business-")
    assert slug_of("日本歯科") != slug_of("日本歯科")


def test_two_businesses_of_one_name_have_numbered_slugs(acting: Callable[..., Any], owner_sql: Sql) -> None:
    with acting(SYSTEM):
        for _ in range(3):
            create_organization("Café", time_zone="UTC")
    assert owner_sql("SELECT slug FROM organizations ORDER BY slug") == [("cafe",), ("cafe-2",), ("cafe-3",)]


def test_another_tenants_slug_is_bumped_into_without_being_seen(
    owner: Person, new_person: Callable[[], Person], owner_sql: Sql
) -> None:
    other = new_person()
    other.sign_in(BEN)
    assert other.found().status_code == 303
    assert owner_sql("SELECT slug FROM organizations ORDER BY slug") == [("downtown-dental",), ("downtown-dental-2",)]


def test_the_same_form_sent_twice_founds_one_business(app: Flask, person: Person, owner_sql: Sql) -> None:
    person.sign_in(ANA)
    form = onboarding(csrf_token=person.token("/onboarding"))
    cookie = person.client.get_cookie("session")
    assert cookie is not None
    answers: list[int] = []

    def send() -> None:
        client = app.test_client()
        client.set_cookie("session", cookie.value)
        answers.append(client.post("/onboarding", data=form).status_code)

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert answers == [303] * 4
    assert owner_sql("SELECT count(*) FROM organizations") == [(1,)]
    assert owner_sql("SELECT count(*) FROM staff_members") == [(1,)]


def _joins(acting: Callable[..., Any], phone: str, name: str, role: Role = Role.STAFF) -> UUID:
    with acting(SYSTEM):
        org = create_organization(name, time_zone="America/Denver")
        add_member(org.id, create_user(phone).id, role)
        return org.id


def test_the_selector_lists_and_switches_own_businesses_only(
    owner: Person, acting: Callable[..., Any], owner_sql: Sql
) -> None:
    own = _joins(acting, ANA, "Uptown Dental")
    foreign = _joins(acting, BEN, "Foreign Dental")
    page = owner.get("/businesses").text
    assert "Uptown Dental" in page
    assert "Mountain Time" in page
    assert "Foreign Dental" not in page
    assert owner.get("/settings/staff").status_code == 200
    switched = owner.post("/businesses/select", {"org_id": str(own)}, page="/businesses")
    assert (switched.status_code, switched.location) == (303, "/")
    assert owner.get("/settings/staff").status_code == 403
    before = owner_sql("SELECT org_id FROM user_sessions")
    for wanted in (str(foreign), str(uuid4()), "", "1", "' OR 1=1", str(own) + "x"):
        refused = owner.post("/businesses/select", {"org_id": wanted}, page="/businesses")
        assert refused.status_code == 404
    assert owner_sql("SELECT org_id FROM user_sessions") == before


def test_a_suspended_or_left_business_cannot_be_chosen(
    owner: Person, acting: Callable[..., Any], owner_sql: Sql
) -> None:
    suspended, left = _joins(acting, ANA, "Suspended Dental"), _joins(acting, ANA, "Left Dental")
    owner_sql("UPDATE organizations SET suspended_at = now() WHERE id = %s", suspended)
    owner_sql("UPDATE memberships SET deactivated_at = now() WHERE org_id = %s", left)
    for wanted in (suspended, left):
        assert owner.post("/businesses/select", {"org_id": str(wanted)}, page="/businesses").status_code == 404
    page = owner.get("/businesses").text
    assert "Left Dental" not in page
    assert str(suspended) not in page


def test_the_choice_is_remembered_per_session(
    owner: Person, new_person: Callable[[], Person], acting: Callable[..., Any], owner_sql: Sql
) -> None:
    own = _joins(acting, ANA, "Uptown Dental", Role.OWNER)
    phone = new_person()
    phone.sign_in(ANA)
    phone.post("/businesses/select", {"org_id": str(own)}, page="/businesses")
    assert "Uptown Dental" in phone.get("/settings/business").text
    assert 'value="Downtown Dental"' in owner.get("/settings/business").text


def test_another_business_can_be_set_up(owner: Person, owner_sql: Sql) -> None:
    assert "Set up another business" in owner.get("/businesses").text
    assert owner.found("Second Shop").status_code == 303
    page = owner.get("/settings/staff").text
    assert page.count('name="org_id"') == 2
    assert "Second Shop" in page


@pytest.mark.parametrize(("role", "may_change"), [(Role.OWNER, True), (Role.STAFF, False)])
def test_a_sales_team_starts_at_what_there_is_for_it(
    person: Person, acting: Callable[..., Any], role: Role, may_change: bool
) -> None:
    with acting(SYSTEM):
        org = create_organization("Summit Sales", time_zone="America/Chicago", kind="sales")
        add_member(org.id, create_user(ANA).id, role)
    person.sign_in(ANA)
    assert person.get("/").location == "/sales"
    assert person.get("/home").location == "/"
    page = person.get("/sales").text
    assert "Whom to call" in page
    assert ("/settings/business" in person.get("/settings").text) is may_change
    assert not [path for path in ("/slots", "/settings/staff") if f'href="{path}"' in page]


def test_the_start_page_of_a_stranger_says_what_this_is(person: Person) -> None:
    page = person.get("/")
    assert page.status_code == 200
    assert 'href="/sign-in"' in page.text


@pytest.mark.parametrize("address", ["/onboarding", "/businesses", "/settings/staff", "/settings/business"])
def test_a_stranger_signs_in_first(person: Person, address: str) -> None:
    sent = person.get(address)
    assert (sent.status_code, sent.location) == (303, f"/sign-in?next={address}")


def test_a_sales_team_begins_with_stages_and_nobody_to_book(person: Person, owner_sql: Sql) -> None:
    person.sign_in(ANA)
    page = person.get("/onboarding").text
    assert "A sales team that works on prospects" in page
    assert person.found(kind="sales").status_code == 303
    assert owner_sql("SELECT kind FROM organizations") == [("sales",)]
    assert owner_sql("SELECT count(*) FROM staff_members") == [(0,)]
    assert owner_sql("SELECT count(*) FROM prospect_stages") == [(5,)]
    assert person.get("/prospects").status_code == 200
    assert person.get("/waiting-list").status_code == 404


def test_what_is_no_kind_founds_nothing(person: Person, owner_sql: Sql) -> None:
    person.sign_in(ANA)
    for kind in ("admin", "restaurant", "<b>"):
        assert person.found(kind=kind).status_code == 422
    assert owner_sql("SELECT count(*) FROM organizations") == [(0,)]
