"""A booking by its link: given up, exchanged, handed over, put in a calendar; and other times for who came late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar

from nexapp.slots import pending
from nexapp.spine.clock import now
from nexapp.spine.tenancy import Actor, Role
from tests.slots.consumer_world import Offer, Person, World, confirm, hold, text_of

pytest_plugins = ["tests.slots.consumer_world"]
Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def _at_any_hour(world: World) -> None:
    world.sql("UPDATE organizations SET quiet_starts = '00:00', quiet_ends = '00:00'")


def agreed(world: World, phone: str = "+12125550124", name: str = "Ben Okafor") -> Person:
    """Somebody whom offers may be texted to."""
    person = world.person(phone, name)
    world.insert(
        "consents", id=person.request_id, org_id=world.org_id, consumer_id=person.consumer_id, kind="waiting_list",
        wording="Yes", source="public_page",
    )  # fmt: skip
    return person


@pytest.fixture
def slot_id(world: World) -> UUID:
    return world.slot()


@pytest.fixture
def ana(client: FlaskClient, world: World, slot_id: UUID) -> Offer:
    """She has booked."""
    return booked(client, world, slot_id, agreed(world, "+12125550123", "Ana Ruiz"))


def booked(client: FlaskClient, world: World, slot_id: UUID, person: Person) -> Offer:
    offer = world.offer(slot_id, person)
    hold(client, offer)
    assert confirm(client, offer, person.name).status_code == 303
    return offer


def token_of(world: World, slot_id: UUID) -> str:
    return str(world.value("SELECT public_token FROM slots WHERE id = %s", slot_id))


def cancel(client: FlaskClient, offer: Offer, reason: str = "ill", words: str = "") -> int:
    data = {"reason": reason, "words": words}
    return client.post(f"{offer.path}/cancellation", data=data).status_code


def move(client: FlaskClient, world: World, offer: Offer, slot_id: UUID) -> object:
    return client.post(f"{offer.path}/move", data={"time": token_of(world, slot_id)})


# Cancelling


def test_cancelling_opens_the_time_and_tells_the_others(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, run_jobs: Callable[[], None]
) -> None:
    ben = agreed(world)
    assert "Cancel this booking?" in text_of(client.get(f"{ana.path}/cancellation"))
    assert cancel(client, ana, words="Flu, sorry") == 303
    run_jobs()
    assert world.state(slot_id) == "open"
    told = world.sql("SELECT to_phone FROM messages WHERE purpose = 'slot_available'")
    assert told == [(ben.phone,)]
    assert world.value("SELECT reason FROM slot_matches WHERE outcome = 'skipped'") == "freed_it"
    page = client.get(ana.path, query_string={"done": "cancelled"})
    assert (page.status_code, "You cancelled this booking" in text_of(page)) == (410, True)
    row = world.sql("SELECT booked_consumer_id, booked_price_cents, sequence, round FROM slots")[0]
    assert row == (None, None, 1, 2)
    assert world.value("SELECT details->>'words' FROM slot_events WHERE kind = 'freed'") == "Flu, sorry"
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'booking_given_up'") == 1
    statuses = world.sql("SELECT status FROM messages WHERE purpose = 'booking_confirmed'")
    assert statuses == [("cancelled",)]
    requests = "SELECT status FROM notify_requests WHERE consumer_id = %s"
    assert world.value(requests, ana.person.consumer_id) == "active"


def test_cancelling_twice_is_once(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    assert [cancel(client, ana) for _ in range(3)] == [303, 303, 303]
    assert world.events(slot_id).count("freed") == 1
    assert world.value("SELECT round FROM slots") == 2


def test_a_reason_is_asked_for(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    assert cancel(client, ana, reason="") == 422
    assert cancel(client, ana, reason="because") == 422
    assert cancel(client, ana, words="x" * 301) == 422
    assert world.state(slot_id) == "booked"


def test_within_the_notice_it_is_said_and_nobody_is_texted(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer
) -> None:
    agreed(world)
    world.sql("UPDATE slots SET starts_at = now() + interval '10 minutes', ends_at = now() + interval '40 minutes'")
    assert "It begins soon" in text_of(client.get(f"{ana.path}/cancellation"))
    assert cancel(client, ana) == 303
    assert world.state(slot_id) == "open"
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'slot_available'") == 0


def test_what_has_begun_can_not_be_cancelled(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    world.sql("UPDATE slots SET starts_at = now() - interval '1 minute'")
    assert client.get(f"{ana.path}/cancellation").headers["Location"] == ana.path
    assert cancel(client, ana) == 303
    assert world.state(slot_id) == "booked"
    assert "Change time" not in text_of(client.get(ana.path))


def test_only_the_bookings_own_link_cancels(
    client: FlaskClient, world: World, other_world: World, slot_id: UUID, ana: Offer
) -> None:
    ben = world.offer(slot_id, agreed(world))
    stranger = other_world.offer(other_world.slot(), other_world.person("+13105550101", "Zoe"))
    for offer in (ben, stranger):
        assert cancel(client, offer) in {409, 410}
        assert client.get(f"{offer.path}/cancellation").status_code in {409, 410}
    assert client.get("/c/AAAAAAAAAAAAAAAAAAAAAA/cancellation").status_code == 404
    assert world.state(slot_id) == "booked"


def test_who_lost_a_booking_to_the_business_reads_so(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer
) -> None:
    world.sql(
        "UPDATE slots SET status = 'open', round = 2, booked_offer_id = NULL, booked_consumer_id = NULL,"
        " booked_at = NULL"
    )
    assert "Your booking was cancelled" in text_of(client.get(ana.path))
    assert f"{ana.path}/calendar.ics" in client.get(ana.path).text
    assert entry(client, ana.path)[0]["METHOD"] == "CANCEL"


# Exchanging


def test_moving_books_the_new_time_and_frees_the_old(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, run_jobs: Callable[[], None]
) -> None:
    later = world.slot(price_cents=9000)
    ben = agreed(world)
    assert f'value="{token_of(world, later)}"' in text_of(client.get(f"{ana.path}/times"))
    inside = text_of(client.get(f"{ana.path}/times", query_string={"fragment": "1"}))
    assert ("<html" not in inside, "Change the time" in inside) == (True, True)
    answer = move(client, world, ana, later)
    run_jobs()
    assert answer.status_code == 303
    assert "You're booked" in text_of(client.get(answer.headers["Location"]))
    assert (world.state(slot_id), world.state(later)) == ("open", "booked")
    old = client.get(ana.path)
    assert (old.status_code, answer.headers["Location"] in text_of(old)) == (410, True)
    row = world.sql("SELECT booked_name, booked_consumer_id, booked_price_cents FROM slots WHERE id = %s", later)[0]
    assert row == ("Ana Ruiz", ana.person.consumer_id, 9000)
    assert world.sql("SELECT to_phone FROM messages WHERE purpose = 'slot_available'") == [(ben.phone,)]
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'booking_given_up'") == 0
    assert move(client, world, ana, later).status_code == 303
    assert world.events(later).count("booked") == 1


def test_a_time_that_went_meanwhile_leaves_the_booking_as_it_was(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer
) -> None:
    later = world.slot()
    ben = world.offer(later, agreed(world))
    hold(client, ben)
    answer = move(client, world, ana, later)
    assert answer.status_code == 409
    assert "Your booking stands as it was" in text_of(answer)
    assert (world.state(slot_id), world.state(later)) == ("booked", "held")
    assert move(client, world, ana, slot_id).status_code == 409
    assert world.state(slot_id) == "booked"


def test_a_move_to_another_business_is_refused(
    client: FlaskClient, world: World, other_world: World, slot_id: UUID, ana: Offer
) -> None:
    theirs = other_world.slot()
    assert move(client, world, ana, theirs).status_code == 409
    assert (world.state(slot_id), other_world.state(theirs)) == ("booked", "open")


def test_where_the_business_confirms_the_old_time_stands_until_it_has(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, acting: Acting, run_jobs: Callable[[], None]
) -> None:
    world.sql("UPDATE organizations SET requires_confirmation = true")
    later = world.slot()
    fresh = move(client, world, ana, later).headers["Location"]
    assert "your former time stays booked" in text_of(client.get(fresh))
    assert (world.state(slot_id), world.state(later)) == ("booked", "pending")
    third = world.slot()
    assert "Change time" not in text_of(client.get(fresh))
    assert client.post(f"{fresh}/move", data={"time": token_of(world, third)}).status_code == 303
    again = move(client, world, ana, third)
    assert (again.status_code, "waits for its answer" in text_of(again)) == (409, True)
    assert world.state(third) == "open"
    with acting(Actor(Role.OWNER, world.org_id)):
        pending.approve(later)
    run_jobs()
    run_jobs()
    assert (world.state(slot_id), world.state(later)) == ("open", "booked")
    assert world.events(slot_id).count("freed") == 1
    assert "You changed this time" in text_of(client.get(ana.path))


def test_a_declined_move_keeps_the_old_booking(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, acting: Acting, run_jobs: Callable[[], None]
) -> None:
    world.sql("UPDATE organizations SET requires_confirmation = true")
    later = world.slot()
    move(client, world, ana, later)
    with acting(Actor(Role.OWNER, world.org_id)):
        pending.decline(later)
    run_jobs()
    assert (world.state(slot_id), world.state(later)) == ("booked", "open")
    assert "former booking stands" in world.value("SELECT body FROM messages WHERE purpose = 'booking_declined'")
    assert "You're booked" in text_of(client.get(ana.path))


# One booking of a person at a time


def test_a_second_booking_at_the_same_time_is_refused_wherever_it_is(
    client: FlaskClient, world: World, other_world: World, slot_id: UUID, ana: Offer
) -> None:
    starts = world.value("SELECT starts_at FROM slots WHERE id = %s", slot_id)
    theirs = other_world.slot(starts + timedelta(minutes=15))
    world.insert("consumer_profiles", org_id=other_world.org_id, consumer_id=ana.person.consumer_id, name="Ana")
    request = {"id": theirs, "token_hash": b"x", "org_id": other_world.org_id, "consumer_id": ana.person.consumer_id}
    world.insert("notify_requests", **request)
    there = other_world.offer(theirs, Person(ana.person.phone, "Ana", ana.person.consumer_id, theirs))
    page = text_of(client.get(there.path))
    assert "You have another booking at this time" in page
    assert "Downtown" not in page
    assert hold(client, there).status_code == 409
    assert other_world.state(theirs) == "open"
    cancel(client, ana)
    assert hold(client, there).status_code == 303


def test_what_was_booked_during_the_hold_is_seen_at_its_end(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer
) -> None:
    other = world.slot(world.value("SELECT starts_at FROM slots") + timedelta(hours=9))
    second = world.offer(other, ana.person)
    hold(client, second)
    world.sql("UPDATE slots SET starts_at = b.starts_at, ends_at = b.ends_at, staff_member_id = %s FROM slots b"
              " WHERE slots.id = %s AND b.id = %s", _colleague(world), other, slot_id)  # fmt: skip
    answer = confirm(client, second)
    assert (answer.status_code, "another booking at that time" in text_of(answer)) == (409, True)
    assert world.state(other) == "held"


def _colleague(world: World) -> UUID:
    world.insert("staff_members", id=world.service_id, org_id=world.org_id, display_name="Dr. Patel")
    return world.service_id


# Other times


def test_losers_see_what_else_is_open_and_take_it(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    ben = world.offer(slot_id, agreed(world))
    other = world.slot(price_cents=8000)
    page = text_of(client.get(ben.path))
    assert "Open now at Downtown Dental" in page
    assert "$80.00" in page
    assert len(page) < 30_000
    answer = client.post(f"{ben.path}/other-times", data={"time": token_of(world, other)})
    assert answer.status_code == 303
    assert "Held for you" in text_of(client.get(answer.headers["Location"]))
    assert world.sql("SELECT source FROM slot_offers WHERE slot_id = %s", other) == [("other_times",)]
    again = client.post(f"{ben.path}/other-times", data={"time": token_of(world, other)})
    assert again.status_code in {303, 409}
    assert world.events(other) == ["held"]


@pytest.mark.parametrize(
    "columns",
    [{"status": "draft"}, {"status": "cancelled"}, {"offer_mode": "in_turn"}, {"offer_mode": "waves"}],
    ids=lambda columns: next(iter(columns.values())),
)
def test_times_that_are_not_for_everybody_are_not_shown_and_not_given(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, columns: dict[str, str]
) -> None:
    ben = world.offer(slot_id, agreed(world))
    other = world.slot(**columns)
    assert "Open now" not in text_of(client.get(ben.path))
    assert client.post(f"{ben.path}/other-times", data={"time": token_of(world, other)}).status_code == 409
    assert world.sql("SELECT 1 FROM slot_offers WHERE slot_id = %s", other) == []


def test_one_live_hold_counts_for_other_times_too(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    ben = agreed(world)
    late = world.offer(slot_id, ben)
    first, second = world.slot(), world.slot()
    hold(client, world.offer(first, ben))
    answer = client.post(f"{late.path}/other-times", data={"time": token_of(world, second)})
    assert answer.status_code == 409
    assert "You are holding another time here" in text_of(answer)
    world.let_hold_lapse(first)
    assert client.post(f"{late.path}/other-times", data={"time": token_of(world, second)}).status_code == 303


# The price of the moment, and the place


def test_the_falling_price_is_shown_and_the_booked_one_stands(client: FlaskClient, world: World) -> None:
    starts = now() + timedelta(hours=5)
    steps = '[{"minutes": 480, "cents": 9000}, {"minutes": 120, "cents": 6000}]'
    slot_id = world.slot(starts, price_cents=12000, price_steps=steps)
    offer = world.offer(slot_id, agreed(world))
    page = text_of(client.get(offer.path))
    assert "$90.00" in page
    assert "$120.00" in page
    hold(client, offer)
    confirm(client, offer, "Ben")
    assert world.value("SELECT booked_price_cents FROM slots") == 9000
    world.sql("UPDATE slots SET starts_at = now() + interval '1 hour'")
    assert "$90.00" in text_of(client.get(offer.path))
    assert "$60.00" not in text_of(client.get(offer.path))


def test_the_slots_place_goes_before_the_businesses(client: FlaskClient, world: World, slot_id: UUID) -> None:
    world.insert(
        "locations", id=slot_id, org_id=world.org_id, name="Harbor branch", address="9 Pier Rd", phone="+12125550177"
    )
    offer = world.offer(slot_id, agreed(world))
    world.sql("UPDATE staff_members SET location_id = %s", slot_id)
    assert "Harbor branch, 9 Pier Rd" in text_of(client.get(offer.path))
    world.sql("UPDATE staff_members SET location_id = NULL")
    assert "1 Main St" in text_of(client.get(offer.path))


# Hand-over to a booking system


def test_the_hand_over_leads_on_and_waits(client: FlaskClient, world: World, slot_id: UUID, acting: Acting) -> None:
    world.sql("UPDATE organizations SET uses_booking_system = true, booking_url = 'https://book.example.com/dental'")
    offer = world.offer(slot_id, agreed(world))
    hold(client, offer)
    assert "Go on to book it" in text_of(client.get(offer.path))
    confirm(client, offer, "Ben")
    page = text_of(client.get(offer.path))
    assert 'href="https://book.example.com/dental"' in page
    assert world.sql("SELECT status, pending_for FROM slots") == [("pending", "booking_system")]
    with acting(Actor(Role.OWNER, world.org_id)):
        pending.approve(slot_id)
    assert "You're booked" in text_of(client.get(offer.path))
    assert world.sql("SELECT status, pending_for FROM slots") == [("booked", None)]


def test_what_is_not_booked_there_in_time_goes_to_others(
    client: FlaskClient, world: World, slot_id: UUID, run_jobs: Callable[[], None]
) -> None:
    world.sql("UPDATE organizations SET uses_booking_system = true, booking_url = 'https://book.example.com/dental'")
    offer = world.offer(slot_id, agreed(world))
    hold(client, offer)
    confirm(client, offer, "Ben")
    world.sql("UPDATE slots SET pending_until = now() - interval '1 second'")
    world.sql("UPDATE background_jobs SET run_at = now() WHERE name = 'lapse_pending'")
    run_jobs()
    assert world.state(slot_id) == "open"
    assert "got no booking" in world.value("SELECT body FROM messages WHERE purpose = 'booking_declined'")


# The calendar file


def entry(client: FlaskClient, path: str) -> tuple[Calendar, object]:
    answer = client.get(f"{path}/calendar.ics")
    assert answer.status_code == 200, answer.status
    assert answer.mimetype == "text/calendar"
    calendar = Calendar.from_ical(answer.data)
    return calendar, calendar.walk("VEVENT")[0]


def test_the_calendar_entry_stays_one_through_moves_and_ends_with_the_booking(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer
) -> None:
    calendar, first = entry(client, ana.path)
    assert (calendar["METHOD"], first["STATUS"], first["SEQUENCE"]) == ("PUBLISH", "CONFIRMED", 0)
    assert first.decoded("DTSTART") == world.value("SELECT starts_at FROM slots").replace(microsecond=0)
    assert "Cleaning at Downtown Dental" in first["SUMMARY"]
    world.sql("UPDATE slots SET sequence = 3")
    assert entry(client, ana.path)[1]["SEQUENCE"] == 3
    fresh = move(client, world, ana, world.slot()).headers["Location"]
    moved = entry(client, fresh)[1]
    assert (moved["UID"], moved["SEQUENCE"]) == (first["UID"], 4)
    client.post(f"{fresh}/cancellation", data={"reason": "ill"})
    calendar, last = entry(client, fresh)
    assert (calendar["METHOD"], last["STATUS"], last["UID"]) == ("CANCEL", "CANCELLED", first["UID"])
    assert last["SEQUENCE"] > moved["SEQUENCE"]


def test_there_is_no_entry_without_a_booking(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    ben = world.offer(slot_id, agreed(world))
    assert client.get(f"{ben.path}/calendar.ics").status_code == 404
    assert client.get("/c/AAAAAAAAAAAAAAAAAAAAAA/calendar.ics").status_code == 404
    move(client, world, ana, world.slot())
    assert client.get(f"{ana.path}/calendar.ics").status_code == 404


# The team's texts


def test_who_asked_for_it_hears_of_bookings(client: FlaskClient, world: World, slot_id: UUID) -> None:
    for number, (role, wants) in enumerate([("owner", True), ("manager", False), ("staff", True)]):
        user = _member(world, number, role, wants)
    world.sql("UPDATE staff_members SET user_id = %s", user)
    offer = booked(client, world, slot_id, agreed(world))
    texts = "SELECT to_phone, body FROM messages WHERE purpose = 'booking_alert' ORDER BY to_phone"
    assert [row[0] for row in world.sql(texts)] == ["+13055550100", "+13055550102"]
    assert "Ben Okafor booked " in world.sql(texts)[0][1]
    world.sql("UPDATE staff_members SET user_id = NULL")
    cancel(client, offer)
    bodies = [row[1] for row in world.sql(texts)]
    assert len(bodies) == 3
    assert sum("cancelled" in body for body in bodies) == 1


def _member(world: World, number: int, role: str, wants: bool) -> UUID:
    user_id = UUID(int=number + 1)
    world.insert("users", id=user_id, phone=f"+1305555010{number}", name=role)
    world.insert(
        "memberships", id=user_id, org_id=world.org_id, user_id=user_id, role=role, wants_booking_texts=wants
    )  # fmt: skip
    return user_id
