"""Open pages hear of every step after its commit, and of none that was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask

from nexapp.slots.errors import SlotChanged
from nexapp.slots.jobs import expire_slots, lapse_requests
from nexapp.slots.opening import book_by_hand, cancel_slot, free_slot, open_slot, release_by_merchant
from nexapp.spine.clock import now
from nexapp.spine.jobs.registry import KINDS
from nexapp.spine.realtime import CHANNEL
from nexapp.spine.schedule import ENTRIES
from nexapp.spine.tenancy import SYSTEM, Actor
from tests.live import Heard
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def heard(app: Flask) -> Iterator[Heard]:
    found = Heard(app.extensions["redis"], CHANNEL)
    yield found
    found.close()


def signals(shop: Shop, slot_id: object) -> set[tuple[str, str]]:
    token = shop.value("SELECT public_token FROM slots WHERE id = %s", slot_id)
    return {(f"org:{shop.org_id}:slots", "slots-changed"), (f"slot:{token}", "slot-changed")}


@pytest.mark.parametrize("step", ["open", "free", "cancel", "release", "book"])
def test_each_step_is_heard(shop: Shop, acting: Acting, heard: Heard, step: str) -> None:
    slot_id = {"free": shop.booked, "release": shop.held}.get(step, lambda _: shop.slot())(shop.person())
    act = {
        "open": open_slot,
        "free": free_slot,
        "cancel": cancel_slot,
        "release": release_by_merchant,
        "book": lambda i: book_by_hand(i, "Walter"),
    }
    with acting(shop.owner):
        act[step](slot_id)
    assert set(heard.listen()) == signals(shop, slot_id)


def test_a_refused_step_is_not_heard(shop: Shop, acting: Acting, heard: Heard) -> None:
    slot_id = shop.slot(status="cancelled")
    with pytest.raises(SlotChanged), acting(shop.owner):
        open_slot(slot_id)
    assert heard.listen() == []


def test_what_time_does_is_heard(shop: Shop, acting: Acting, heard: Heard) -> None:
    slot_id = shop.slot(now() - timedelta(hours=1), status="open", round=1)
    shop.person(ends_on=(now() - timedelta(days=3)).date())
    with acting(SYSTEM):
        expire_slots()
    with acting(SYSTEM):
        lapse_requests()
    expected = signals(shop, slot_id) | {(f"org:{shop.org_id}:waiting-list", "waiting-list-changed")}
    assert set(heard.listen()) == expected


def test_time_is_on_the_schedule(app: Flask) -> None:
    for name in ("expire_slots", "lapse_requests"):
        assert ENTRIES[name].job in KINDS
