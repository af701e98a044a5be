"""The merchant and a consumer act on one slot in the same moment: one of them is told that it was too late."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, sql
from tests.crowd import OpenSlot, join_list, offer_slots
from tests.races.starting_gate import Answer, Post, StartingGate, run_apart

pytestmark = pytest.mark.slow

ROUNDS = 15


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Two Handed Salon")


@pytest.fixture
def slots(merchant: Merchant) -> list[OpenSlot]:
    return offer_slots(merchant, [join_list(merchant, 1) for _ in range(ROUNDS)])


def press(merchant: Merchant, slot_id: UUID, action: str, **typed: str) -> Post:
    """The merchant's button, with the token of their session."""
    cookies = tuple((cookie.name, str(cookie.value)) for cookie in merchant.http.cookies.jar)
    fields = (("csrf_token", csrf_token(merchant)), *typed.items())
    return Post(f"/slots/{slot_id}/{action}", fields, cookies=cookies)


def csrf_token(merchant: Merchant) -> str:
    return str(merchant.get("/slots/new").form("/slots").fields["csrf_token"])


def tap(slot: OpenSlot, step: str) -> Post:
    return Post(f"/c/{slot.tokens[0]}/{step}", (("name", "Anna Able"),))


def collide(stack: Stack, pairs: list[tuple[Post, Post]], before: list[Post]) -> list[list[Answer]]:
    """Each pair at once, after the steps before; the order within a pair changes from one to the next."""

    async def run() -> list[list[Answer]]:
        gate = StartingGate(stack.url)
        if before:
            assert {answer.status for answer in await gate.release(before)} == {303}
        found = []
        for number, pair in enumerate(pairs):
            turn = 1 if number % 2 else -1
            found.append((await gate.release(pair[::turn]))[::turn])
        await gate.close()
        return found

    return run_apart(run())


def events(stack: Stack, slot_id: UUID) -> Counter[str]:
    return Counter(row.kind for row in sql(stack, "SELECT kind FROM slot_events WHERE slot_id = %s", slot_id))


def texts(stack: Stack, slot_id: UUID, purpose: str) -> int:
    return sql(
        stack, "SELECT count(*) AS n FROM messages WHERE purpose = %s AND (subject_id = %s OR subject_id IN"
        " (SELECT id FROM slot_offers WHERE slot_id = %s))", purpose, slot_id, slot_id,
    )[0].n  # fmt: skip


def test_a_hold_against_a_booking_by_hand(stack: Stack, merchant: Merchant, slots: list[OpenSlot]) -> None:
    pairs = [(tap(slot, "hold"), press(merchant, slot.id, "booking", name="Walk In")) for slot in slots]
    for slot, (held, booked) in zip(slots, collide(stack, pairs, []), strict=True):
        row = merchant.slot(slot.id)
        expected = {"held": (303, 409), "booked": (409, 303)}
        assert (held.status, booked.status) == expected[row.status], row
        assert (row.booked_name == "Walk In") == (row.status == "booked")
        assert events(stack, slot.id) == {row.status: 1}


def test_a_confirmation_against_a_cancellation(stack: Stack, merchant: Merchant, slots: list[OpenSlot]) -> None:
    """The slot is cancelled either way, and who had it is told of it once."""
    pairs = [(tap(slot, "confirm"), press(merchant, slot.id, "cancellation")) for slot in slots]
    outcomes = collide(stack, pairs, [tap(slot, "hold") for slot in slots])
    for slot, (confirmed, cancelled) in zip(slots, outcomes, strict=True):
        was_booked = events(stack, slot.id)["booked"]
        assert cancelled.status == 303, cancelled
        assert merchant.slot(slot.id).status == "cancelled"
        assert confirmed.status in ((303,) if was_booked else (409, 410)), confirmed
        assert texts(stack, slot.id, "booking_confirmed") == was_booked
        assert texts(stack, slot.id, "booking_cancelled") == 1
        assert events(stack, slot.id)["cancelled"] == 1


def test_a_confirmation_against_a_release_by_the_merchant(
    stack: Stack, merchant: Merchant, slots: list[OpenSlot]
) -> None:
    pairs = [(tap(slot, "confirm"), press(merchant, slot.id, "release")) for slot in slots]
    outcomes = collide(stack, pairs, [tap(slot, "hold") for slot in slots])
    for slot, (confirmed, released) in zip(slots, outcomes, strict=True):
        row = merchant.slot(slot.id)
        expected = {"booked": (303, 409), "open": (409, 303)}
        assert (confirmed.status, released.status) == expected[row.status], row
        assert texts(stack, slot.id, "booking_confirmed") == (row.status == "booked")


def test_an_approval_against_a_refusal(stack: Stack, merchant: Merchant, slots: list[OpenSlot]) -> None:
    merchant.change_business(requires_confirmation=True)
    for step in ("hold", "confirm"):
        collide(stack, [], [tap(slot, step) for slot in slots])
    pairs = [(press(merchant, slot.id, "approval"), press(merchant, slot.id, "refusal")) for slot in slots]
    outcomes = collide(stack, pairs, [])
    merchant.change_business(requires_confirmation=False)
    for slot, (approved, declined) in zip(slots, outcomes, strict=True):
        row = merchant.slot(slot.id)
        expected = {"booked": (303, 409), "open": (409, 303)}
        assert (approved.status, declined.status) == expected[row.status], row
        assert texts(stack, slot.id, "booking_confirmed") == (row.status == "booked")
        assert texts(stack, slot.id, "booking_declined") == (row.status == "open")


def test_two_freeings_at_once_are_one(stack: Stack, merchant: Merchant, slots: list[OpenSlot]) -> None:
    merchant.empty_list()
    for step in ("hold", "confirm"):
        collide(stack, [], [tap(slot, step) for slot in slots])
    pairs = [(press(merchant, slot.id, "freeing"), press(merchant, slot.id, "freeing")) for slot in slots]
    for slot, answers in zip(slots, collide(stack, pairs, []), strict=True):
        row = merchant.slot(slot.id)
        assert sorted(answer.status for answer in answers) == [303, 409]
        assert (row.status, row.round) == ("open", 2)
        assert texts(stack, slot.id, "booking_cancelled") == 1
