"""Bookings that the business confirms: its yes, its no, and its silence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from nexapp.slots import pending
from nexapp.slots.claim_errors import NotWaitingForAnswer
from nexapp.slots.jobs import expire_slots
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from tests.slots.consumer_world import Offer, World, confirm, hold, text_of

pytest_plugins = ["tests.slots.consumer_world"]
Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def slot_id(world: World) -> UUID:
    world.sql("UPDATE organizations SET requires_confirmation = true")
    return world.slot()


@pytest.fixture
def ana(client: FlaskClient, world: World, slot_id: UUID) -> Offer:
    """She has confirmed and waits for the business."""
    offer = world.offer(slot_id, world.person())
    hold(client, offer)
    assert confirm(client, offer).status_code == 303
    return offer


def merchant(world: World) -> Actor:
    return Actor(Role.OWNER, world.org_id)


def test_the_page_says_who_answers_and_others_can_not_take_it(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer
) -> None:
    assert "Waiting for Downtown Dental" in text_of(client.get(ana.path))
    assert world.state(slot_id) == "pending"
    assert confirm(client, ana).status_code == 303
    ben = world.offer(slot_id, world.person("+12125550124", "Ben"))
    assert hold(client, ben).status_code == 409
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'booking_confirmed'") == 0
    assert world.events(slot_id) == ["held", "pending"]


def test_yes_books_and_texts(client: FlaskClient, world: World, slot_id: UUID, ana: Offer, acting: Acting) -> None:
    with acting(merchant(world)):
        pending.approve(slot_id)
    assert "You're booked" in text_of(client.get(ana.path))
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'booking_confirmed'") == 1
    assert world.value("SELECT status FROM notify_requests") == "paused"
    with pytest.raises(NotWaitingForAnswer), acting(merchant(world)):
        pending.approve(slot_id)
    with pytest.raises(NotWaitingForAnswer), acting(merchant(world)):
        pending.decline(slot_id)
    assert world.events(slot_id) == ["held", "pending", "booked"]


def test_the_text_names_the_price_that_was_booked(world: World, slot_id: UUID, ana: Offer, acting: Acting) -> None:
    world.insert(
        "message_templates", id=slot_id, org_id=world.org_id, purpose="booking_confirmed", version=1,
        body="{{time}} for {{price}}",
    )  # fmt: skip
    world.sql("UPDATE slots SET price_cents = 9900")
    with acting(merchant(world)):
        pending.approve(slot_id)
    assert "$120.00" in world.value("SELECT body FROM messages WHERE purpose = 'booking_confirmed'")


def test_no_opens_it_for_the_others(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, acting: Acting
) -> None:
    ben = world.offer(slot_id, world.person("+12125550124", "Ben"))
    with acting(merchant(world)):
        pending.decline(slot_id)
    assert "could not take this booking" in text_of(client.get(ana.path))
    assert hold(client, ana).status_code == 410
    assert "can't take your booking" in world.value("SELECT body FROM messages WHERE purpose = 'booking_declined'")
    assert hold(client, ben).status_code == 303
    assert world.events(slot_id) == ["held", "pending", "declined", "held"]


def test_silence_lets_it_lapse_once(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, run_jobs: Callable[[], None]
) -> None:
    run_jobs()
    assert world.state(slot_id) == "pending"
    world.sql("UPDATE slots SET pending_until = now() - interval '1 second'")
    world.sql("UPDATE background_jobs SET run_at = now() WHERE name = 'lapse_pending'")
    run_jobs()
    world.sql("UPDATE background_jobs SET status = 'queued' WHERE name = 'lapse_pending'")
    run_jobs()
    assert world.state(slot_id) == "open"
    assert world.events(slot_id) == ["held", "pending", "pending_lapsed"]
    assert "did not answer" in world.value("SELECT body FROM messages WHERE purpose = 'booking_declined'")


def test_a_booking_that_lapses_with_the_start_is_told_all_the_same(
    world: World, slot_id: UUID, ana: Offer, run_jobs: Callable[[], None], send_texts: Callable[[], None]
) -> None:
    world.sql("UPDATE slots SET starts_at = now() - interval '1 second', pending_until = now() - interval '1 second'")
    world.sql("UPDATE background_jobs SET run_at = now() WHERE name = 'lapse_pending'")
    run_jobs()
    send_texts()
    assert world.state(slot_id) == "expired"
    assert world.value("SELECT status FROM messages WHERE purpose = 'booking_declined'") in {"sent", "delivered"}


def test_who_takes_it_next_cancels_no_answer_to_another(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, acting: Acting
) -> None:
    ben, cleo = (world.offer(slot_id, world.person(f"+1212555012{n}", name)) for n, name in ((4, "Ben"), (5, "Cleo")))
    unsent = world.unsent_text(cleo)
    with acting(merchant(world)):
        pending.decline(slot_id)
    hold(client, ben)
    assert confirm(client, ben, "Ben").status_code == 303
    assert world.value("SELECT status FROM messages WHERE id = %s", unsent) == "cancelled"
    assert world.value("SELECT status FROM messages WHERE purpose = 'booking_declined'") == "queued"


def test_another_business_can_not_answer(
    world: World, other_world: World, slot_id: UUID, ana: Offer, acting: Acting
) -> None:
    with pytest.raises(NotWaitingForAnswer), acting(merchant(other_world)):
        pending.approve(slot_id)
    with pytest.raises(NotWaitingForAnswer), acting(merchant(other_world)):
        pending.decline(slot_id)
    assert world.state(slot_id) == "pending"


def test_a_booking_whose_job_failed_for_good_lapses_all_the_same(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, acting: Acting, run_jobs: Callable[[], None]
) -> None:
    world.sql("UPDATE background_jobs SET status = 'failed' WHERE name = 'lapse_pending'")
    world.sql("UPDATE slots SET pending_until = now() - interval '2 minutes'")
    with acting(SYSTEM):
        expire_slots()
    run_jobs()
    assert world.state(slot_id) == "open"
    assert world.value("SELECT declined_at IS NOT NULL FROM slot_offers WHERE id = %s", ana.id)
