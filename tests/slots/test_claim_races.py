"""Many at once, on real threads and real connections: the database picks one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask

from nexapp.spine.clock import now
from tests.slots.consumer_world import Offer, World, confirm, hold

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
