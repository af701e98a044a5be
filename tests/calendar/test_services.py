"""The services page: adding, changing, taking off offer; for every role and two businesses."""

from __future__ import annotations

from typing import Any

import pytest

from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.calendar.test_moving import day_ahead
from tests.people import Browser
from tests.slots.merchant_world import Shop

PATH = "/settings/services"


@pytest.fixture
def manager(shop: Shop) -> Browser:
    return shop.browser(Role.MANAGER)


def form(prefix: str = "", **changes: Any) -> dict[str, Any]:
    values = {"name": "Haircut", "minutes": "45", "price": "60", **changes}
    return {f"{prefix}-{name}" if prefix else name: value for name, value in values.items()}


def prefix_of(service_id: Any) -> str:
    return f"v{service_id.hex[-8:]}"


def test_adding_one(shop: Shop, manager: Browser) -> None:
    answer = manager.post(PATH, **form(staff=[str(shop.staff_id)]))
    assert answer.status_code == 303
    row = shop.sql("SELECT id, minutes, price_cents, is_active FROM services WHERE name = 'Haircut'")[0]
    assert row[1:] == (45, 6000, True)
    assert shop.sql("SELECT staff_member_id FROM service_staff WHERE service_id = %s", row[0]) == [(shop.staff_id,)]
    body = manager.get(PATH).get_data(as_text=True)
    assert "Haircut" in body
    assert "$60.00" in body


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Type what is done."),
        ({"name": "x" * 81}, "At most 80 characters"),
        ({"name": "CLEANING"}, "There is a service called CLEANING already."),
        ({"minutes": "4"}, "from 5 to 720"),
        ({"minutes": ""}, "from 5 to 720"),
        ({"price": "-1"}, "Enter a price"),
        ({"staff": "nobody"}, "Choose people of your team."),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    shop: Shop, manager: Browser, changes: dict[str, str], sentence: str
) -> None:
    answer = manager.post(PATH, **form(**changes))
    assert answer.status_code == 422
    body = answer.get_data(as_text=True)
    assert sentence in body
    assert f'value="{changes.get("name", "Haircut")}"' in body
    assert len(shop.sql("SELECT 1 FROM services")) == 1


def test_changing_one_leaves_its_slots(shop: Shop, manager: Browser) -> None:
    slot_id = shop.slot(service_id=shop.service_id, price_cents=1000)
    prefix = prefix_of(shop.service_id)
    answer = manager.post(f"{PATH}/{shop.service_id}", **form(prefix, name="Deep cleaning", price=""))
    assert answer.status_code == 303
    assert shop.sql("SELECT name, minutes, price_cents FROM services") == [("Deep cleaning", 45, None)]
    assert shop.value("SELECT price_cents FROM slots WHERE id = %s", slot_id) == 1000
    assert shop.value("SELECT count(*) FROM audit_entries WHERE action = 'service.changed'") == 1


def test_a_refused_change_stays_open(shop: Shop, manager: Browser) -> None:
    answer = manager.post(f"{PATH}/{shop.service_id}", **form(prefix_of(shop.service_id), minutes="9999"))
    assert answer.status_code == 422
    assert f'id="service-{shop.service_id}" open' in answer.get_data(as_text=True)


def test_off_offer_and_back(shop: Shop, manager: Browser) -> None:
    manager.post(f"{PATH}/{shop.service_id}/activity")
    assert ">Cleaning<" not in manager.get("/slots/new").get_data(as_text=True)
    assert manager.post(PATH, **form(name="Cleaning")).status_code == 303
    answer = manager.post(f"{PATH}/{shop.service_id}/activity", is_active="y")
    assert "There is a service called Cleaning already." in manager.get(answer.location).get_data(as_text=True)
    assert shop.value("SELECT is_active FROM services WHERE id = %s", shop.service_id) is False


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.STAFF, 403), (Role.ADMIN, 200)])
def test_who_may(shop: Shop, role: Role, status: int) -> None:
    assert shop.browser(role).get(PATH).status_code == status


def test_another_business(shop: Shop, other_shop: Shop) -> None:
    stranger = other_shop.browser()
    assert stranger.post(f"{PATH}/{shop.service_id}", **form(prefix_of(shop.service_id))).status_code == 404
    assert stranger.post(f"{PATH}/{shop.service_id}/activity").status_code == 404
    answer = stranger.post(PATH, **form(staff=str(shop.staff_id)))
    assert answer.status_code == 422
    assert shop.value("SELECT name FROM services WHERE id = %s", shop.service_id) == "Cleaning"


def test_the_page_takes_the_same_statements_however_many(shop: Shop, manager: Browser, statements: list[str]) -> None:
    manager.get(PATH)
    statements.clear()
    manager.get(PATH)
    few = len(statements)
    for number in range(20):
        shop.insert("services", id=new_id(), org_id=shop.org_id, name=f"S{number}", minutes=30)
    statements.clear()
    manager.get(PATH)
    assert len(statements) == few <= 12


def test_a_service_whose_people_left_is_everybodys(shop: Shop, manager: Browser) -> None:
    shop.insert("service_staff", org_id=shop.org_id, service_id=shop.service_id, staff_member_id=shop.other_staff_id)
    shop.sql("UPDATE staff_members SET is_active = false WHERE id = %s", shop.other_staff_id)
    assert "Everybody" in manager.get(PATH).get_data(as_text=True)
    fields = {"key": "k", "staff_member_id": shop.staff_id, "on": day_ahead().isoformat(), "at": "10:00"}
    assert manager.post("/slots", **fields, service_id=shop.service_id).status_code == 303
