"""After the time: who came, who didn't, who comes again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from nexapp.slots.attendance import complete_slots
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM, Role
from tests.slots.merchant_world import Shop


def begin(shop: Shop, slot_id: UUID, hours: float = 0.1) -> None:
    shop.sql(
        "UPDATE slots SET starts_at = %s, ends_at = %s WHERE id = %s", now() - timedelta(hours=hours),
        now() - timedelta(hours=hours) + timedelta(minutes=30), slot_id,
    )  # fmt: skip


def kinds(shop: Shop, slot_id: UUID) -> list[str]:
    return [row[0] for row in shop.sql("SELECT kind FROM slot_events WHERE slot_id = %s ORDER BY id", slot_id)]


@pytest.fixture
def slot_id(shop: Shop) -> UUID:
    return shop.booked(shop.person())


def test_what_is_over_is_completed_by_itself_once(shop: Shop, slot_id: UUID, acting: Any) -> None:
    ahead = shop.booked(shop.person("Ben"))
    begin(shop, slot_id, hours=2)
    for _ in range(2):
        with acting(SYSTEM):
            complete_slots()
    assert shop.state(slot_id)[0] == "completed"
    assert shop.state(ahead)[0] == "booked"
    assert kinds(shop, slot_id) == ["completed"]


def test_a_no_show_is_noted_and_put_right(shop: Shop, slot_id: UUID) -> None:
    browser = shop.browser()
    begin(shop, slot_id)
    page = browser.get(f"/slots/{slot_id}").get_data(as_text=True)
    assert "The client did not come" in page
    assert "The client came" in page
    answer = browser.post(f"/slots/{slot_id}/absence", fragment=True)
    assert (answer.status_code, shop.state(slot_id)[0]) == (200, "no_show")
    assert "The client came after all" in answer.get_data(as_text=True)
    assert "The client did not come: Ana Ruiz" in answer.get_data(as_text=True)
    browser.post(f"/slots/{slot_id}/attendance")
    assert shop.state(slot_id)[0] == "completed"
    assert "Completed: Ana Ruiz" in browser.get(f"/slots/{slot_id}").get_data(as_text=True)
    assert browser.post(f"/slots/{slot_id}/attendance").status_code == 409
    assert kinds(shop, slot_id) == ["no_show", "completed"]
    assert shop.value("SELECT count(*) FROM audit_entries WHERE action = 'slot.no_show'") == 1


def test_nothing_is_noted_before_the_start(shop: Shop, slot_id: UUID) -> None:
    browser = shop.browser()
    assert browser.post(f"/slots/{slot_id}/absence").status_code == 409
    assert shop.state(slot_id)[0] == "booked"
    assert "did not come" not in browser.get(f"/slots/{slot_id}").get_data(as_text=True)


def test_missed_appointments_are_counted_on_the_person(shop: Shop) -> None:
    ana, browser = shop.person(), shop.browser()
    for number in (1, 2):
        slot_id = shop.booked(ana)
        begin(shop, slot_id, hours=2 * number)
        browser.post(f"/slots/{slot_id}/absence")
    again = browser.get(f"/slots/{slot_id}/rebooking").get_data(as_text=True)
    assert "2 appointments missed so far" in again


@pytest.mark.parametrize(("role", "own", "status"), [
    (Role.VIEWER, False, 403), (Role.STAFF, False, 403), (Role.STAFF, True, 303), (Role.MANAGER, False, 303),
])  # fmt: skip
def test_who_may_note_it(shop: Shop, slot_id: UUID, role: Role, own: bool, status: int) -> None:
    begin(shop, slot_id)
    browser = shop.browser(role, shop.staff_id if own else None)
    assert browser.post(f"/slots/{slot_id}/attendance").status_code == status


def test_another_business_finds_nothing(shop: Shop, other_shop: Shop, slot_id: UUID) -> None:
    begin(shop, slot_id)
    stranger = other_shop.browser()
    for path in ("attendance", "absence", "rebookings"):
        assert stranger.post(f"/slots/{slot_id}/{path}").status_code == 404
    assert stranger.get(f"/slots/{slot_id}/rebooking").status_code == 404


def wanted(shop: Shop, days: int = 7, **fields: str) -> dict[str, str]:
    day = datetime.now(ZoneInfo(shop.zone)).date() + timedelta(days=days)
    return {
        "key": "again-1", "staff_member_id": str(shop.staff_id), "on": day.isoformat(), "at": "10:00", "minutes": "45",
        "service_id": "", "price": "90", "note": "", **fields,
    }  # fmt: skip


def test_the_same_client_is_booked_again_and_told(shop: Shop, slot_id: UUID) -> None:
    browser = shop.browser()
    shop.sql("UPDATE slots SET booked_name = 'Ana Ruiz'")
    page = browser.get(f"/slots/{slot_id}/rebooking").get_data(as_text=True)
    assert "Book Ana Ruiz again" in page
    first = browser.post(f"/slots/{slot_id}/rebookings", **wanted(shop))
    again = browser.post(f"/slots/{slot_id}/rebookings", **wanted(shop))
    assert first.status_code == again.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    rows = shop.sql(
        "SELECT s.status, s.booked_name, s.booked_price_cents, f.source, f.confirmed_at IS NOT NULL FROM slots s"
        " JOIN slot_offers f ON f.id = s.booked_offer_id WHERE s.id <> %s", slot_id,
    )  # fmt: skip
    assert rows == [("booked", "Ana Ruiz", 9000, "rebook", True)]
    assert [status for _, _, status in shop.texts("booking_confirmed")] == ["queued"]


def test_who_was_booked_by_hand_is_not_texted(shop: Shop) -> None:
    slot_id = shop.slot(status="booked", booked_at=now(), booked_name="Walk-in")
    shop.browser().post(f"/slots/{slot_id}/rebookings", **wanted(shop))
    assert shop.value("SELECT count(*) FROM slots WHERE booked_name = 'Walk-in'") == 2
    assert shop.texts("booking_confirmed") == []


def test_a_refused_time_leaves_nothing_behind(shop: Shop, slot_id: UUID) -> None:
    browser = shop.browser()
    shop.sql("UPDATE slots SET booked_name = 'Ana Ruiz'")
    browser.post(f"/slots/{slot_id}/rebookings", **wanted(shop))
    before = shop.value("SELECT count(*) FROM slots")
    for fields in (
        {"key": "taken"},
        {"key": "crossing", "staff_member_id": str(shop.other_staff_id)},
        {"key": "typo", "on": "soon"},
    ):
        answer = browser.post(f"/slots/{slot_id}/rebookings", **wanted(shop, **fields))
        assert answer.status_code == 422, fields
    assert shop.value("SELECT count(*) FROM slots") == before


def test_what_has_no_client_can_not_be_booked_again(shop: Shop) -> None:
    browser, slot_id = shop.browser(), shop.slot()
    assert browser.get(f"/slots/{slot_id}/rebooking").status_code == 409
    assert browser.post(f"/slots/{slot_id}/rebookings", **wanted(shop)).status_code == 409


def test_schedules_are_there() -> None:
    from nexapp.spine.schedule import ENTRIES

    assert {"plan_reminders", "complete_slots"} <= set(ENTRIES)
