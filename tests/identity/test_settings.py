from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.identity.people import BEN, Person

Sql = Callable[..., list[Any]]
STAFF, BUSINESS = "/settings/staff", "/settings/business"


def _business(**changes: Any) -> dict[str, Any]:
    form = {
        "business_name": "Downtown Dental", "time_zone": "America/New_York", "phone": "(305) 555-0123",
        "address": "1 Main Street", "average_value": "70.00", "booking_url": "", "hold_seconds": "",
        "notice_minutes": "15", "daily_offer_cap": "3", "quiet_starts": "21:00", "quiet_ends": "08:00",
        "public_page": "y", "country": "US", "pending_minutes": "30", "offer_mode": "everyone", "turn_minutes": "10",
        "wave_size": "5", "wave_minutes": "10", "daily_spend_cap": "2000", "reminder_minutes": ["1440", "120"],
    }  # fmt: skip
    return {name: value for name, value in (form | changes).items() if value is not None}


def test_staff_are_added_renamed_and_taken_out(owner: Person, owner_sql: Sql) -> None:
    assert owner.post(STAFF, {"display_name": "  Dr.  Lee "}, page=STAFF).status_code == 303
    assert "Dr. Lee is on the list" in owner.get(STAFF).text
    [(lee, color)] = owner_sql("SELECT id, color FROM staff_members WHERE display_name = 'Dr. Lee'")
    assert owner_sql("SELECT count(DISTINCT color) FROM staff_members") == [(2,)]
    name = f"s{lee.hex[-8:]}-display_name"
    assert owner.post(f"{STAFF}/{lee}/name", {name: "Dr. Leigh"}, page=STAFF).status_code == 303
    assert owner.post(f"{STAFF}/{lee}/activity", page=STAFF).status_code == 303
    assert "takes no more slots" in owner.get(STAFF).text
    assert owner.post(f"{STAFF}/{lee}/activity", {"is_active": "y"}, page=STAFF).status_code == 303
    assert owner_sql("SELECT display_name, is_active, color FROM staff_members WHERE id = %s", lee) == [
        ("Dr. Leigh", True, color)
    ]
    actions = [row[0] for row in owner_sql("SELECT action FROM audit_entries WHERE subject_id = %s ORDER BY id", lee)]
    assert actions == [
        "staff_member.added",
        "staff_member.renamed",
        "staff_member.deactivated",
        "staff_member.activated",
    ]


@pytest.mark.parametrize("written", ["", "   ", "x" * 81, "dr. SMITH"])
def test_a_refused_name_changes_nothing(owner: Person, owner_sql: Sql, written: str) -> None:
    refused = owner.post(STAFF, {"display_name": written}, page=STAFF)
    assert refused.status_code == 422
    assert 'id="display_name-error"' in refused.text
    assert f'value="{written.strip()}"' in refused.text
    assert owner_sql("SELECT count(*) FROM staff_members") == [(1,)]


def test_a_refused_new_name_stands_beside_its_person(owner: Person, owner_sql: Sql) -> None:
    owner.post(STAFF, {"display_name": "Dr. Lee"}, page=STAFF)
    [(lee,)] = owner_sql("SELECT id FROM staff_members WHERE display_name = 'Dr. Lee'")
    name = f"s{lee.hex[-8:]}-display_name"
    refused = owner.post(f"{STAFF}/{lee}/name", {name: "Dr. Smith"}, page=STAFF)
    assert refused.status_code == 422
    assert f'id="{name}-error"' in refused.text
    assert f'<details open id="staff-{lee}">' in refused.text
    assert owner.post(f"{STAFF}/{lee}/name", {name: "DR. LEE"}, page=STAFF).status_code == 303


def test_the_last_one_who_takes_slots_stays(owner: Person, owner_sql: Sql) -> None:
    [(smith,)] = owner_sql("SELECT id FROM staff_members")
    assert owner.post(f"{STAFF}/{smith}/activity", page=STAFF).status_code == 409
    assert owner_sql("SELECT is_active FROM staff_members") == [(True,)]


def test_another_businesss_staff_are_not_there(owner: Person, new_person: Callable[[], Person], owner_sql: Sql) -> None:
    other = new_person()
    other.sign_in(BEN)
    other.found("Other Dental", owner_name="Dr. Other")
    assert "Dr. Other" not in owner.get(STAFF).text
    [(foreign,)] = owner_sql("SELECT id FROM staff_members WHERE display_name = 'Dr. Other'")
    for staff_id in (foreign, uuid4()):
        name = f"s{staff_id.hex[-8:]}-display_name"
        assert owner.post(f"{STAFF}/{staff_id}/name", {name: "Mine"}, page=STAFF).status_code == 404
        assert owner.post(f"{STAFF}/{staff_id}/activity", page=STAFF).status_code == 404
    assert owner.post(f"{STAFF}/1/name", page=STAFF).status_code == 404
    assert owner_sql("SELECT display_name, is_active FROM staff_members WHERE id = %s", foreign) == [
        ("Dr. Other", True)
    ]


def test_the_business_is_changed_and_the_audit_names_the_fields(owner: Person, owner_sql: Sql) -> None:
    form = _business(
        business_name="Uptown Dental", hold_seconds="240", notice_minutes="30", quiet_starts="20:30", public_page=None,
        booking_url="https://book.example.com/a?b=1", uses_booking_system="y", phone="1-800-356-9377",
    )  # fmt: skip
    assert owner.post(BUSINESS, form, page=BUSINESS).status_code == 303
    assert owner_sql(
        "SELECT name, slug, hold_seconds, notice_minutes, quiet_starts::text, public_page, uses_booking_system, phone"
        " FROM organizations"
    ) == [("Uptown Dental", "downtown-dental", 240, 30, "20:30:00", False, True, "+18003569377")]
    [(changes,)] = owner_sql("SELECT changes FROM audit_entries WHERE action = 'organization.changed'")
    assert set(changes["fields"]) == {
        "name", "hold_seconds", "notice_minutes", "quiet_starts", "public_page", "booking_url",
        "uses_booking_system", "phone",
    }  # fmt: skip
    page = owner.get(BUSINESS).text
    assert 'value="240"' in page
    assert 'value="20:30"' in page
    assert "Uptown Dental" in page


def test_how_slots_are_offered_and_people_reminded_is_set(owner: Person, owner_sql: Sql) -> None:
    form = _business(
        offer_mode="waves", wave_size="8", wave_minutes="20", turn_minutes="12", reminder_minutes=["120", "2880"],
        pending_minutes="45", daily_spend_cap="500", country="CA",
    )  # fmt: skip
    assert owner.post(BUSINESS, form, page=BUSINESS).status_code == 303
    read = (
        "SELECT offer_mode, wave_size, wave_minutes, turn_minutes, reminder_minutes, pending_minutes, daily_spend_cap,"
        " country FROM organizations"
    )
    assert owner_sql(read) == [("waves", 8, 20, 12, [2880, 120], 45, 500, "CA")]
    page = owner.get(BUSINESS).text
    assert re.search(r'type="checkbox"[^>]*value="2880" checked', page), "several may be ticked"
    assert 'value="1440" checked' not in page
    assert owner.post(BUSINESS, form | {"reminder_minutes": []}, page=BUSINESS).status_code == 303
    assert owner_sql("SELECT reminder_minutes FROM organizations") == [([],)]


def test_a_number_is_read_as_one_of_the_businesss_country(owner: Person, owner_sql: Sql) -> None:
    form = _business(country="GB", phone="020 7946 0958")
    assert owner.post(BUSINESS, form, page=BUSINESS).status_code == 303
    assert owner_sql("SELECT phone, country FROM organizations") == [("+442079460958", "GB")]


def test_the_form_as_shown_changes_nothing(owner: Person, owner_sql: Sql) -> None:
    assert owner.post(BUSINESS, _business(), page=BUSINESS).status_code == 303
    assert owner_sql("SELECT count(*) FROM audit_entries WHERE action = 'organization.changed'") == [(0,)]


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("business_name", ""), ("time_zone", "Nowhere/Else"), ("phone", "abc"), ("average_value", "x"),
        ("hold_seconds", "0"), ("hold_seconds", "3601"), ("hold_seconds", "1.5"), ("hold_seconds", "٣x"),
        ("notice_minutes", "-1"), ("notice_minutes", ""), ("notice_minutes", "99999999999999999999"),
        ("daily_offer_cap", "0"), ("daily_offer_cap", "many"), ("quiet_starts", "25:00"), ("quiet_starts", ""),
        ("quiet_ends", "21:00"), ("booking_url", "javascript:1"), ("uses_booking_system", "y"),
        ("country", "XX"), ("pending_minutes", "0"), ("offer_mode", "nobody"), ("turn_minutes", "61"),
        ("wave_size", "501"), ("wave_minutes", "0"), ("daily_spend_cap", ""), ("reminder_minutes", "7"),
    ],
)  # fmt: skip
def test_a_refused_setting_is_kept_beside_its_sentence(owner: Person, owner_sql: Sql, field: str, written: str) -> None:
    before = owner_sql("SELECT to_jsonb(o) FROM organizations o")
    refused = owner.post(BUSINESS, _business(**{"address": "9 Oak Street", field: written}), page=BUSINESS)
    assert refused.status_code == 422
    assert f'id="{field}-error"' in refused.text
    assert "9 Oak Street" in refused.text
    if field not in {"time_zone", "uses_booking_system", "country", "offer_mode", "reminder_minutes"}:
        assert f'value="{written}"' in refused.text
    assert owner_sql("SELECT to_jsonb(o) FROM organizations o") == before


def test_forms_without_a_token_are_refused(owner: Person, owner_sql: Sql) -> None:
    for address in (STAFF, BUSINESS, "/businesses/select"):
        assert owner.client.post(address, data=_business(display_name="X")).status_code == 400
    assert owner_sql("SELECT count(*) FROM staff_members") == [(1,)]
