"""Many at once, on real threads and real connections: the database picks one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from nexapp.slots.reminders import plan_reminders
from nexapp.slots.reply_claiming import claim_by_reply
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.slots.consumer_world import Offer, Person, World, confirm, hold

pytest_plugins = ["tests.slots.consumer_world"]


def at_once(app: Flask, acts: list[Callable[..., int]]) -> list[int]:
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[..., int]) -> int:
        with app.test_client() as client:
            barrier.wait()
            return act(client)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def holding(offer: Offer) -> Callable[..., int]:
    return lambda client: hold(client, offer).status_code


def confirming(offer: Offer) -> Callable[..., int]:
    return lambda client: confirm(client, offer).status_code


def test_of_twenty_taps_one_wins(app: Flask, world: World) -> None:
    people = world.people(20)
    for number in range(8):
        slot_id = world.slot()
        answers = at_once(app, [holding(world.offer(slot_id, person)) for person in people])
        assert Counter(answers) == {303: 1, 409: 19}, f"round {number}"
        assert world.events(slot_id) == ["held"]
        assert world.value("SELECT count(*) FROM slot_offers WHERE slot_id = %s AND held_at IS NOT NULL", slot_id) == 1
        world.sql("UPDATE slots SET status = 'cancelled', held_consumer_id = NULL WHERE id = %s", slot_id)


def test_one_person_tapping_ten_times_at_once_holds_once(app: Flask, world: World) -> None:
    slot_id = world.slot()
    offer = world.offer(slot_id, world.person())
    assert at_once(app, [holding(offer)] * 10) == [303] * 10
    assert world.events(slot_id) == ["held"]
    assert at_once(app, [confirming(offer)] * 10) == [303] * 10
    assert world.events(slot_id) == ["held", "booked"]
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'booking_confirmed'") == 1


def test_one_person_tapping_two_slots_at_once_holds_one(app: Flask, world: World) -> None:
    person = world.person()
    offers = [world.offer(world.slot(), person) for _ in range(2)]
    answers = at_once(app, [holding(offer) for offer in offers])
    assert Counter(answers) == {303: 1, 409: 1}
    assert world.value("SELECT count(*) FROM slots WHERE status = 'held'") == 1


def test_two_people_swapping_lapsed_holds_do_not_block_each_other(app: Flask, world: World) -> None:
    ana, ben = world.people(2)
    for _ in range(5):
        here, there = world.slot(), world.slot()
        offers = {(s, p.phone): world.offer(s, p) for s in (here, there) for p in (ana, ben)}
        with app.test_client() as client:
            hold(client, offers[here, ana.phone])
            hold(client, offers[there, ben.phone])
        world.let_hold_lapse(here)
        world.let_hold_lapse(there)
        answers = at_once(app, [holding(offers[there, ana.phone]), holding(offers[here, ben.phone])])
        assert answers == [303, 303]
        world.sql("UPDATE slots SET status = 'cancelled', held_consumer_id = NULL")


@pytest.mark.parametrize("round_number", range(20))
def test_confirm_against_expiry_has_one_outcome(app: Flask, world: World, round_number: int) -> None:
    """One confirms as the hold runs out and another taps: booked by the first, or held by the second."""
    slot_id = world.slot()
    first, second = (world.offer(slot_id, person) for person in world.people(2))
    with app.test_client() as client:
        hold(client, first)
    ends = now() + timedelta(milliseconds=60)
    world.sql("UPDATE slots SET held_until = %s", ends)
    answers = at_once(app, [_near(ends, confirming(first), round_number), _near(ends, holding(second), round_number)])
    booked = world.state(slot_id) == "booked"
    assert answers[0] == (303 if booked else 409)
    assert answers[1] in ({409} if booked else {303, 409})
    assert world.events(slot_id).count("booked") == int(booked)
    if answers[1] == 303:
        assert world.value("SELECT held_by_offer_id FROM slots") == second.id
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'booking_confirmed'") == int(booked)


def _near(ends: datetime, act: Callable[..., int], number: int) -> Callable[..., int]:
    def wait_and_act(client: object) -> int:
        wait = (ends - now()).total_seconds() + (number - 10) / 1000
        threading.Event().wait(max(wait, 0))
        return act(client)

    return wait_and_act


def moving(world: World, offer: Offer, slot_id: UUID) -> Callable[..., int]:
    name = world.value("SELECT public_token FROM slots WHERE id = %s", slot_id)
    return lambda client: client.post(f"{offer.path}/move", data={"time": name}).status_code


def cancelling(offer: Offer) -> Callable[..., int]:
    return lambda client: client.post(f"{offer.path}/cancellation", data={"reason": "ill"}).status_code


def book(app: Flask, world: World, person: Person, slot_id: UUID | None = None) -> tuple[UUID, Offer]:
    slot_id = slot_id or world.slot()
    offer = world.offer(slot_id, person)
    with app.test_client() as client:
        hold(client, offer)
        assert confirm(client, offer).status_code == 303
    return slot_id, offer


def test_an_exchange_against_somebody_elses_hold_has_one_winner(app: Flask, world: World) -> None:
    ana, ben = world.people(2)
    for _ in range(6):
        (old, mine), wanted = book(app, world, ana), world.slot()
        answers = at_once(app, [moving(world, mine, wanted), holding(world.offer(wanted, ben))])
        if answers[0] == 303:
            assert (answers[1], world.state(old), world.state(wanted)) == (409, "open", "booked")
        else:
            assert (answers, world.state(old), world.state(wanted)) == ([409, 303], "booked", "held")
        world.sql("UPDATE slots SET status = 'cancelled', held_consumer_id = NULL")


def test_two_exchanges_for_one_time_and_for_each_others_end(app: Flask, world: World) -> None:
    ana, ben = world.people(2)
    for _ in range(4):
        (one, first), (other, second), wanted = book(app, world, ana), book(app, world, ben), world.slot()
        answers = at_once(app, [moving(world, first, wanted), moving(world, second, wanted)])
        assert Counter(answers) == {303: 1, 409: 1}
        assert sorted([world.state(one), world.state(other)]) == ["booked", "open"]
        assert world.state(wanted) == "booked"
        assert world.value("SELECT count(*) FROM slots WHERE status = 'booked'") == 2
        world.sql("UPDATE slots SET status = 'cancelled', booked_consumer_id = NULL")


def test_cancelling_ten_times_at_once_frees_once(app: Flask, world: World) -> None:
    slot_id, offer = book(app, world, world.person())
    assert at_once(app, [cancelling(offer)] * 10) == [303] * 10
    assert world.events(slot_id).count("freed") == 1
    assert world.value("SELECT round FROM slots") == 2


def test_cancelling_against_exchanging_leaves_one_booking_or_none(app: Flask, world: World) -> None:
    ana = world.person()
    for _ in range(4):
        (old, mine), wanted = book(app, world, ana), world.slot()
        answers = at_once(app, [cancelling(mine), moving(world, mine, wanted)])
        assert answers[0] == 303
        assert world.state(old) == "open"
        assert world.events(old).count("freed") == 1
        assert world.state(wanted) in {"open", "booked"}
        world.sql("UPDATE slots SET status = 'cancelled', booked_consumer_id = NULL")


def test_one_person_confirms_two_times_that_cross_at_two_businesses(
    app: Flask, world: World, other_world: World
) -> None:
    ana = world.person()
    other_world.insert("consumer_profiles", org_id=other_world.org_id, consumer_id=ana.consumer_id, name="Ana")
    for number in range(5):
        here = world.slot(now() + timedelta(hours=20 + number))
        starts = world.value("SELECT starts_at FROM slots WHERE id = %s", here)
        there = other_world.slot(starts + timedelta(minutes=10))
        offers = [world.offer(here, ana), other_world.offer(there, Person(ana.phone, "Ana", ana.consumer_id, None))]
        with app.test_client() as client:
            assert [hold(client, offer).status_code for offer in offers] == [303, 303]
        answers = at_once(app, [confirming(offer) for offer in offers])
        assert Counter(answers) == {303: 1, 409: 1}
        assert sorted([world.state(here), world.state(there)]) == ["booked", "held"]
        world.sql("UPDATE slots SET status = 'cancelled', held_consumer_id = NULL, booked_consumer_id = NULL")


def test_two_planners_at_once_plan_each_reminder_once(app: Flask, world: World) -> None:
    slot_id, _ = book(app, world, world.person(), world.slot(now() + timedelta(hours=14)))
    world.sql("UPDATE organizations SET quiet_starts = '00:00', quiet_ends = '00:00'")
    world.sql("UPDATE slots SET booked_at = now() - interval '3 days'")
    barrier = threading.Barrier(4)

    def plan() -> None:
        with app.app_context(), unit_of_work(SYSTEM):
            barrier.wait()
            plan_reminders()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(plan) for _ in range(4)]:
            done.result()
    lines = world.value("SELECT count(*) FROM booking_reminders WHERE slot_id = %s", slot_id)
    assert (lines, world.value("SELECT count(*) FROM messages WHERE purpose = 'reminder'")) == (2, 2)


def test_a_reply_and_a_tap_of_one_person_book_once(app: Flask, world: World) -> None:
    ana = world.person()
    for _ in range(4):
        slot_id = world.slot()
        offer = world.offer(slot_id, ana)
        inbound = new_id()

        def reply(_client: object, offer: Offer = offer, inbound: UUID = inbound) -> int:
            with app.app_context(), unit_of_work(Actor(Role.LINK, world.org_id)):
                claim_by_reply(str(inbound), str(offer.id))
            return 0

        at_once(app, [reply, holding(offer), reply])
        with app.test_client() as client:
            confirm(client, offer)
        assert world.events(slot_id).count("booked") == 1
        assert world.events(slot_id).count("held") == 1
        texts = "SELECT count(*) FROM messages WHERE purpose = 'booking_confirmed' AND subject_id = %s"
        assert world.value(texts, offer.id) == 1
        world.sql("UPDATE slots SET status = 'cancelled', booked_consumer_id = NULL")
