"""The documented examples, sent as documented, and the senders' own ways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.slots.booking_systems.forms import KINDS
from nexapp.slots.booking_systems.senders import READERS
from tests.booking_systems.examples import documented
from tests.booking_systems.senders import Sender, slots_at, soon, written
from tests.slots.merchant_world import Shop

AT = datetime(2027, 1, 12, 15, tzinfo=UTC)
NEAR = soon()
EXAMPLES = documented()


@pytest.fixture
def send(app: Flask, shop: Shop, run_jobs: Callable[[], None]) -> Callable[..., Sender]:
    known: dict[str, Sender] = {}

    def act(kind: str, *bodies: dict[str, Any]) -> Sender:
        if kind not in known:
            known[kind] = Sender(app, shop, kind, run=run_jobs)
        sender = known[kind]
        for body in bodies:
            assert sender.post(body).status_code == 202
            run_jobs()
        return sender

    return act


def test_every_sender_has_an_example() -> None:
    assert {kind for kind, _name in EXAMPLES} == set(READERS) == {kind for kind, _label in KINDS} - {"feed"}


@pytest.mark.parametrize(("kind", "name"), sorted(EXAMPLES))
def test_a_documented_example_opens_its_time(shop: Shop, send: Callable[..., Sender], kind: str, name: str) -> None:
    """A move tells the old time, too."""
    shop.people(1)
    sender = send(kind, EXAMPLES[kind, name])
    assert slots_at(shop, AT) == [("open", "hook")], sender.outcomes()
    assert len(shop.texts()) == 1
    assert shop.value("SELECT staff_member_id FROM slots") == shop.staff_id


def test_a_service_of_that_name_gives_its_price(shop: Shop, send: Callable[..., Sender]) -> None:
    shop.sql("UPDATE services SET price_cents = 12000")
    send("calendly", EXAMPLES["calendly", "cancelled"])
    assert shop.sql("SELECT service_id, price_cents FROM slots") == [(shop.service_id, 12000)]


def cal(trigger: str, uid: str = "u1", at: datetime = NEAR, **payload: Any) -> dict[str, Any]:
    booking = {
        "uid": uid, "startTime": written(at), "endTime": written(at + timedelta(minutes=30)),
        "organizer": {"name": "Dr. Smith", "email": "s@example.com"}, "attendees": [{"name": "Nora"}],
    }  # fmt: skip
    return {"triggerEvent": trigger, "createdAt": written(datetime.now(UTC)), "payload": booking | payload}


def test_cal_com_moves_a_booking_that_we_know(shop: Shop, send: Callable[..., Sender]) -> None:
    """Without the old times: we know them."""
    later = NEAR + timedelta(hours=4)
    send("cal_com", cal("BOOKING_CREATED"), cal("BOOKING_RESCHEDULED", "u2", later, rescheduleUid="u1"))
    assert (slots_at(shop, NEAR), slots_at(shop, later)) == ([("open", "hook")], [])


def test_cal_com_moves_under_the_same_uid(shop: Shop, send: Callable[..., Sender]) -> None:
    moved = cal(
        "BOOKING_RESCHEDULED", "u1", NEAR + timedelta(hours=4), rescheduleUid="u1",
        rescheduleStartTime=written(NEAR), rescheduleEndTime=written(NEAR + timedelta(minutes=30)),
    )  # fmt: skip
    send("cal_com", moved)
    assert slots_at(shop, NEAR) == [("open", "hook")]


def test_a_host_who_asks_for_another_time_frees_this_one(shop: Shop, send: Callable[..., Sender]) -> None:
    send("cal_com", cal("BOOKING_CANCELLED", requestReschedule=True))
    assert slots_at(shop, NEAR) == [("open", "hook")]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("cal_com", {"triggerEvent": "PING", "createdAt": "x"}),
        ("cal_com", {"triggerEvent": "MEETING_ENDED", "payload": {}}),
        ("calendly", {"event": "routing_form_submission.created", "payload": {}}),
        ("square", {"type": "payment.updated", "event_id": "1"}),
        ("generic", {"type": "test"}),
    ],
)
def test_what_is_no_booking_is_shown_and_does_nothing(
    shop: Shop, send: Callable[..., Sender], kind: str, body: dict[str, Any]
) -> None:
    assert send(kind, body).outcomes() == ["ignored"]


def calendly(event: str, uid: str, at: datetime, **invitee: Any) -> dict[str, Any]:
    scheduled = {
        "uri": f"https://api.calendly.com/scheduled_events/{uid}", "status": "canceled", "start_time": written(at),
        "end_time": written(at + timedelta(minutes=30)), "event_memberships": [{"user_name": "Dr. Smith"}],
    } | invitee.pop("scheduled_event", {})  # fmt: skip
    return {
        "event": event,
        "created_at": written(datetime.now(UTC)),
        "payload": {"scheduled_event": scheduled, **invitee},
    }


def test_calendlys_two_posts_of_a_move_in_either_order(shop: Shop, send: Callable[..., Sender]) -> None:
    """By the minute: the new time overlaps the old one only where the new booking is known first."""
    later = NEAR + timedelta(hours=4)
    gone, made = calendly("invitee.canceled", "A", NEAR, rescheduled=True), calendly("invitee.created", "B", later)
    send("calendly", made, gone)
    send("calendly", calendly("invitee.canceled", "C", NEAR + timedelta(days=1), rescheduled=True))
    assert slots_at(shop, NEAR) == slots_at(shop, NEAR + timedelta(days=1)) == [("open", "hook")]


def test_one_of_a_group_who_cancels_opens_nothing(shop: Shop, send: Callable[..., Sender]) -> None:
    group = {"status": "active", "invitees_counter": {"active": 3}}
    sender = send("calendly", calendly("invitee.canceled", "A", NEAR, scheduled_event=group))
    assert sender.outcomes() == ["ignored"]


def square(status: str, version: int, at: datetime = NEAR, **booking: Any) -> dict[str, Any]:
    found = {
        "id": "sq1", "version": version, "status": status, "start_at": written(at),
        "appointment_segments": [
            {"team_member_id": "TM1", "duration_minutes": 30, "intermission_minutes": 15},
            {"team_member_id": "TM1", "duration_minutes": 15},
        ],
    } | booking  # fmt: skip
    return {"type": "booking.updated", "event_id": f"e{status}{version}{at}", "data": {"object": {"booking": found}}}


def test_squares_version_says_what_is_newer(shop: Shop, send: Callable[..., Sender]) -> None:
    shop.sql("UPDATE staff_members SET is_active = false WHERE id = %s", shop.other_staff_id)
    sender = send("square", square("CANCELLED_BY_SELLER", 3), square("ACCEPTED", 2))
    assert sender.outcomes() == ["opened", "out_of_date"]
    assert shop.value("SELECT ends_at - starts_at FROM slots") == timedelta(minutes=60)


def test_square_moves_and_forgets_a_no_show(shop: Shop, send: Callable[..., Sender]) -> None:
    shop.sql("UPDATE staff_members SET is_active = false WHERE id = %s", shop.other_staff_id)
    later = NEAR + timedelta(hours=5)
    send("square", square("ACCEPTED", 1), square("ACCEPTED", 2, later), square("NO_SHOW", 3, later))
    assert (slots_at(shop, NEAR), slots_at(shop, later)) == ([("open", "hook")], [])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("cal_com", {"triggerEvent": "BOOKING_CANCELLED"}),
        ("cal_com", cal("BOOKING_CANCELLED", startTime="2027-01-01T10:00:00")),
        ("cal_com", cal("BOOKING_CANCELLED", endTime=written(NEAR - timedelta(hours=1)))),
        ("cal_com", cal("BOOKING_CREATED", uid="")),
        ("calendly", {"event": "invitee.canceled", "payload": {"event": "https://api.calendly.com/x"}}),
        ("square", square("ACCEPTED", 1, appointment_segments=[])),
        ("square", square("ACCEPTED", 1, appointment_segments="none")),
        ("square", {"type": "booking.created", "data": {"object": []}}),
    ],
)
def test_a_booking_without_what_it_needs_is_refused(
    shop: Shop, send: Callable[..., Sender], kind: str, body: dict[str, Any]
) -> None:
    answer = send(kind).post(body)
    assert answer.status_code == 422
    assert answer.is_json or "json" in answer.content_type
