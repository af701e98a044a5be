"""Several places of one business, and who works where."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.identity.people import ANA, BEN, Person
from tests.identity.team_world import Sql

PAGE, STAFF = "/settings/locations", "/settings/staff"


def test_places_are_added_changed_and_taken_out_of_use(owner: Person, owner_sql: Sql) -> None:
    form = {"name": " Main  Street ", "address": "1 Main Street", "phone": "(305) 555-0123"}
    assert owner.post(PAGE, form, page=PAGE).status_code == 303
    [(place,)] = owner_sql("SELECT id FROM locations WHERE name = 'Main Street' AND phone = '+13055550123'")
    prefix = f"l{place.hex[-8:]}-"
    changed = {prefix + "name": "High Street", prefix + "address": "", prefix + "phone": ""}
    assert owner.post(f"{PAGE}/{place}", changed, page=PAGE).status_code == 303
    assert owner.post(f"{PAGE}/{place}/activity", page=PAGE).status_code == 303
    assert owner_sql("SELECT name, address, phone, is_active FROM locations") == [("High Street", None, None, False)]
    assert "Not in use" in owner.get(PAGE).text


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 81}, {"phone": "abc"}, {"name": "MAIN street"}])
def test_a_refused_place_changes_nothing(owner: Person, owner_sql: Sql, wrong: dict[str, str]) -> None:
    owner.post(PAGE, {"name": "Main Street"}, page=PAGE)
    refused = owner.post(PAGE, {"name": "Oak Street", "address": "9 Oak Street"} | wrong, page=PAGE)
    assert refused.status_code == 422
    assert "9 Oak Street" in refused.text
    assert owner_sql("SELECT count(*) FROM locations") == [(1,)]


def test_staff_work_at_a_place(owner: Person, owner_sql: Sql) -> None:
    owner.post(PAGE, {"name": "Main Street"}, page=PAGE)
    [(place,)] = owner_sql("SELECT id FROM locations")
    [(smith,)] = owner_sql("SELECT id FROM staff_members")
    name, address = f"s{smith.hex[-8:]}-location_id", f"{STAFF}/{smith}/location"
    assert owner.post(address, {name: str(place)}, page=STAFF).status_code == 303
    assert owner_sql("SELECT location_id FROM staff_members") == [(place,)]
    assert owner.post(address, {name: str(uuid4())}, page=STAFF).status_code == 404
    assert owner.post(address, {name: "nonsense"}, page=STAFF).status_code == 404
    assert owner.post(address, {name: ""}, page=STAFF).status_code == 303
    assert owner_sql("SELECT location_id FROM staff_members") == [(None,)]


def test_another_businesss_places_are_not_there(
    owner: Person, new_person: Callable[[], Person], owner_sql: Sql
) -> None:
    other = new_person()
    other.sign_in(BEN)
    other.found("Other Dental")
    other.post(PAGE, {"name": "Their Street"}, page=PAGE)
    [(place,)] = owner_sql("SELECT id FROM locations")
    assert "Their Street" not in owner.get(PAGE).text
    assert owner.post(f"{PAGE}/{place}", {f"l{place.hex[-8:]}-name": "Mine"}, page=PAGE).status_code == 404
    assert owner.post(f"{PAGE}/{place}/activity", page=PAGE).status_code == 404
    [(smith,)] = owner_sql("SELECT s.id FROM staff_members s JOIN users u ON u.id = s.user_id WHERE u.phone = %s", ANA)
    taken = owner.post(f"{STAFF}/{smith}/location", {f"s{smith.hex[-8:]}-location_id": str(place)}, page=STAFF)
    assert taken.status_code == 404


def test_a_sales_team_has_no_slots(owner: Person, owner_sql: Sql) -> None:
    owner_sql("UPDATE organizations SET kind = 'sales'")
    for address in ("/slots", "/slots/new", "/waiting-list"):
        assert owner.get(address).status_code == 404, address
    assert owner.get("/home").location == "/"
    shown = owner.get("/settings").text
    assert "/settings/staff" not in shown
    assert "/settings/team" in shown
    assert owner.get("/settings/team").status_code == 200


def test_the_settings_show_what_a_role_may_open(owner: Person, owner_sql: Sql) -> None:
    expected = {
        "owner": {"business", "team", "staff", "locations"}, "admin": {"team", "staff", "locations"},
        "manager": {"team", "staff"}, "staff": {"team"}, "viewer": {"team"},
    }  # fmt: skip
    for role, shown in expected.items():
        owner_sql("UPDATE memberships SET role = %s", role)
        page = owner.get("/settings").text
        for name in ("business", "team", "staff", "locations"):
            assert (f'href="/settings/{name}"' in page) == (name in shown), (role, name)
            assert (owner.get(f"/settings/{name}").status_code == 200) == (name in shown), (role, name)
