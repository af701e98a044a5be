"""Reminders: planned once, at a fit hour, withdrawn with the booking, planned anew after a move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from nexapp.messaging.quiet import quiet_until
from nexapp.slots.reminders import AFTER_BOOKING, plan_reminders, when_to_remind
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM
from tests.slots.consumer_world import Offer, World, confirm, hold

pytest_plugins = ["tests.slots.consumer_world"]
EASTERN = ZoneInfo("America/New_York")
Plan = Callable[[], None]


@pytest.fixture
def plan(acting: Any) -> Plan:
    def run() -> None:
        with acting(SYSTEM):
            plan_reminders()

    return run


@pytest.fixture(autouse=True)
def _at_any_hour(world: World) -> None:
    world.sql("UPDATE organizations SET quiet_starts = '00:00', quiet_ends = '00:00'")
    world.sql("UPDATE consumers SET region = 'US-NJ'")


def booked(client: FlaskClient, world: World, hours: float = 30, phone: str = "+12125550123") -> tuple[UUID, Offer]:
    slot_id = world.slot(now() + timedelta(hours=hours))
    offer = world.offer(slot_id, world.person(phone, "Ana Ruiz"))
    hold(client, offer)
    confirm(client, offer)
    world.sql("UPDATE slots SET booked_at = now() - interval '2 days' WHERE id = %s", slot_id)
    return slot_id, offer


def planned(world: World) -> list[tuple[int, str]]:
    return world.sql(
        "SELECT r.minutes, m.status FROM booking_reminders r JOIN messages m ON m.id = r.message_id"
        " ORDER BY r.created_at, r.minutes DESC"
    )


def test_each_distance_is_planned_once_with_its_text(client: FlaskClient, world: World, plan: Plan) -> None:
    slot_id, offer = booked(client, world, hours=14)
    plan()
    plan()
    assert planned(world) == [(1440, "queued"), (120, "queued")]
    texts = world.sql(
        "SELECT to_phone, lane, expires_at, body, send_at FROM messages WHERE purpose = 'reminder' ORDER BY send_at"
    )
    starts = world.value("SELECT starts_at FROM slots WHERE id = %s", slot_id)
    assert [row[:3] for row in texts] == [(offer.person.phone, 2, starts)] * 2
    assert offer.path in texts[1][3]
    assert texts[1][4] == starts - timedelta(hours=2)


def test_nothing_is_planned_far_ahead_or_for_what_is_not_booked(client: FlaskClient, world: World, plan: Plan) -> None:
    booked(client, world, hours=24 * 3)
    held = world.offer(world.slot(), world.person("+12125550124", "Ben"))
    hold(client, held)
    world.slot(status="booked", booked_at=now(), booked_name="By phone")
    plan()
    assert world.sql("SELECT 1 FROM booking_reminders") == []


def test_one_within_an_hour_of_the_booking_is_left_out(client: FlaskClient, world: World, plan: Plan) -> None:
    booked(client, world, hours=2.5)
    world.sql("UPDATE slots SET booked_at = now()")
    plan()
    assert planned(world) == []
    assert world.sql("SELECT minutes, send_at FROM booking_reminders ORDER BY minutes") == [(120, None), (1440, None)]


def test_a_cancelled_booking_reminds_nobody(client: FlaskClient, world: World, plan: Plan) -> None:
    _, offer = booked(client, world, hours=14)
    plan()
    client.post(f"{offer.path}/cancellation", data={"reason": "ill"})
    assert {status for _, status in planned(world)} == {"cancelled"}
    plan()
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'reminder' AND status = 'queued'") == 0


def test_a_moved_booking_is_planned_anew_and_back_again(client: FlaskClient, world: World, plan: Plan) -> None:
    slot_id, _ = booked(client, world, hours=14)
    plan()
    shift = "UPDATE slots SET starts_at = starts_at + %s, ends_at = ends_at + %s WHERE id = %s"
    later, back = timedelta(minutes=90), timedelta(minutes=-90)
    world.sql(shift, later, later, slot_id)
    plan()
    waiting = "SELECT count(*), min(send_at) FROM messages WHERE purpose = 'reminder' AND status = 'queued'"
    assert world.value(waiting) == 2
    world.sql(shift, back, back, slot_id)
    plan()
    plan()
    assert world.value(waiting) == 2
    starts = world.value("SELECT starts_at FROM slots WHERE id = %s", slot_id)
    assert world.value("SELECT max(send_at) FROM messages WHERE status = 'queued'") == starts - timedelta(hours=2)


def test_what_has_left_is_not_sent_again_after_a_move_and_back(client: FlaskClient, world: World, plan: Plan) -> None:
    slot_id, _ = booked(client, world, hours=14)
    plan()
    world.sql("UPDATE messages SET status = 'delivered' WHERE purpose = 'reminder'")
    world.sql("UPDATE slots SET starts_at = starts_at + interval '1 minute' WHERE id = %s", slot_id)
    plan()
    world.sql("UPDATE slots SET starts_at = starts_at - interval '1 minute' WHERE id = %s", slot_id)
    plan()
    plan()
    statuses = world.sql("SELECT status, count(*) FROM messages WHERE purpose = 'reminder' GROUP BY 1 ORDER BY 1")
    assert statuses == [("cancelled", 2), ("delivered", 2)]


def test_who_opted_out_is_not_reminded(client: FlaskClient, world: World, plan: Plan) -> None:
    booked(client, world, hours=14)
    world.sql("UPDATE consumers SET opted_out_at = now()")
    plan()
    assert {status for _, status in planned(world)} == {"suppressed"}


def test_a_business_may_remind_otherwise_or_not_at_all(client: FlaskClient, world: World, plan: Plan) -> None:
    world.sql("UPDATE organizations SET reminder_minutes = '{60}'")
    booked(client, world, hours=10)
    plan()
    assert planned(world) == [(60, "queued")]
    world.sql("UPDATE organizations SET reminder_minutes = '{}'")
    booked(client, world, hours=11, phone="+12125550129")
    plan()
    assert len(planned(world)) == 1


def test_one_run_is_a_few_statements_however_many_bookings(
    client: FlaskClient, world: World, plan: Plan, statements: list[str]
) -> None:
    for number in range(6):
        booked(client, world, hours=13 + number, phone=f"+121255501{number:02}")
    statements.clear()
    plan()
    assert len(planned(world)) == 12
    assert len(statements) < 16


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=EASTERN).astimezone(UTC)


def booking(starts_at: datetime, minutes: int, booked_at: datetime, region: str = "US-NJ") -> Any:
    return SimpleNamespace(
        starts_at=starts_at, minutes=minutes, booked_at=booked_at, own_zone="America/New_York",
        time_zone="America/New_York", region=region, quiet_starts=time(21), quiet_ends=time(8),
    )  # fmt: skip


def test_a_reminder_in_the_night_goes_the_evening_before() -> None:
    early = booking(at(20, 9), 120, at(10, 12))
    assert when_to_remind(early, at(19, 17)) == at(19, 20, 55)
    assert when_to_remind(booking(at(20, 9), 120, at(10, 12), "US-FL"), at(19, 17)) == at(19, 19, 55)
    assert when_to_remind(booking(at(20, 9), 120, at(19, 20, 30)), at(19, 20, 40)) is None
    assert when_to_remind(booking(at(20, 15), 120, at(10, 12)), at(20, 8)) == at(20, 13)


def test_a_late_planner_sends_what_is_still_of_use() -> None:
    afternoon = booking(at(20, 15), 120, at(10, 12))
    assert when_to_remind(afternoon, at(20, 13, 30)) == at(20, 13, 30)
    assert when_to_remind(afternoon, at(20, 14, 30)) is None


@given(
    start=st.integers(0, 60 * 24 * 14), minutes=st.integers(1, 2880), ago=st.integers(0, 60 * 24 * 5),
    region=st.sampled_from(["US-NY", "US-FL", "US-KY", "US-CT"]),
)  # fmt: skip
def test_no_reminder_is_sent_in_the_night_or_right_after_the_booking(
    start: int, minutes: int, ago: int, region: str
) -> None:
    """Around the end of summer time, too."""
    starts_at = at(1, 0) + timedelta(minutes=start)
    planned_for = booking(starts_at, minutes, starts_at - timedelta(minutes=ago), region)
    present = starts_at - timedelta(minutes=minutes, hours=16)
    found = when_to_remind(planned_for, present)
    if found is not None:
        assert planned_for.booked_at + AFTER_BOOKING <= found < starts_at
        hours = {"zones": ["America/New_York"], "region": region, "starts": time(21), "ends": time(8)}
        assert quiet_until(found, **hours) is None
        assert found <= starts_at - timedelta(minutes=minutes)
