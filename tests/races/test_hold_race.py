"""Who taps first gets the time, whoever else taps at that moment: over HTTP, against two web processes."""

from __future__ import annotations

import html
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, sql
from tests.crowd import OpenSlot, hash_of, join_list, offer_slots
from tests.races.starting_gate import Answer, Post, StartingGate, run_apart

pytestmark = pytest.mark.slow

PEOPLE, ROUNDS = 200, 50
EXPIRY_ROUNDS = 20
HOLD_SECONDS = 4
LATE_SECONDS = [-2.0, -1.0, *(number * 0.025 - 0.3 for number in range(EXPIRY_ROUNDS - 4)), 0.5, 1.0]
"""How long after the end of the hold each confirmation leaves; some surely come in time, some surely don't."""

TAKEN = "Just taken — you stay on the list"
RAN_OUT = "Your time to confirm ran out"


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Race Salon")


def taps(slot: OpenSlot, step: str = "hold") -> list[Post]:
    return [Post(f"/c/{token}/{step}") for token in slot.tokens]


def confirmation(token: str, at: float = 0.0) -> Post:
    return Post(f"/c/{token}/confirm", (("name", "Anna Able"),), at)


def words(answer: Answer) -> str:
    return html.unescape(answer.body)


def holder(stack: Stack, slot_id: UUID) -> bytes | None:
    """The hash of the token of whoever holds or booked it."""
    (row,) = sql(
        stack,
        "SELECT s.status, f.token_hash AS hash FROM slots s"
        " LEFT JOIN slot_offers f ON f.id = coalesce(s.held_by_offer_id, s.booked_offer_id) WHERE s.id = %s",
        slot_id,
    )
    return row.hash if row.status in ("held", "booked") else None


def count_events(stack: Stack, slot_id: UUID, kind: str) -> int:
    return sql(stack, "SELECT count(*) AS n FROM slot_events WHERE slot_id = %s AND kind = %s", slot_id, kind)[0].n


def test_one_of_two_hundred_wins_each_of_fifty_rounds(stack: Stack, merchant: Merchant) -> None:
    people = join_list(merchant, PEOPLE)
    slots = offer_slots(merchant, [people] * ROUNDS)

    async def race() -> list[tuple[OpenSlot, list[Answer], Answer]]:
        gate = StartingGate(stack.url)
        rounds = []
        for slot in slots:
            answers = await gate.release(taps(slot))
            first = next((n for n, answer in enumerate(answers) if answer.status == 303), 0)
            # The winner books: a person may hold one time only, and the next round is for everybody.
            rounds.append((slot, answers, (await gate.release([confirmation(slot.tokens[first])]))[0]))
        await gate.close()
        return rounds

    for slot, answers, confirmed in run_apart(race()):
        statuses = Counter(answer.status for answer in answers)
        assert statuses == {303: 1, 409: PEOPLE - 1}, statuses
        winner = next(n for n, answer in enumerate(answers) if answer.status == 303)
        assert answers[winner].location.endswith(f"/c/{slot.tokens[winner]}")
        assert all(TAKEN in words(answer) for n, answer in enumerate(answers) if n != winner)
        assert confirmed.status == 303, words(confirmed)
        assert holder(stack, slot.id) == hash_of(slot.tokens[winner])
        assert count_events(stack, slot.id, "held") == count_events(stack, slot.id, "booked") == 1
    assert no_errors(stack) == []


def test_a_confirmation_at_the_last_moment_books_or_is_refused_never_both(stack: Stack, merchant: Merchant) -> None:
    """Each round a confirmation around the end of the hold, and a rival who taps at the same moment."""
    merchant.change_business(hold_seconds=HOLD_SECONDS)
    slots = offer_slots(merchant, [join_list(merchant, 2) for _ in range(EXPIRY_ROUNDS)])

    async def race() -> list[tuple[Answer, Answer]]:
        gate = StartingGate(stack.url)
        held = await gate.release([Post(f"/c/{slot.tokens[0]}/hold") for slot in slots])
        assert [answer.status for answer in held] == [303] * EXPIRY_ROUNDS
        posts = []
        for slot, left, late in zip(slots, seconds_left(stack, slots), LATE_SECONDS, strict=True):
            at = max(0.0, left + late)
            posts += [confirmation(slot.tokens[0], at), Post(f"/c/{slot.tokens[1]}/hold", at=at)]
        answers = await gate.release(posts)
        await gate.close()
        return list(zip(answers[::2], answers[1::2], strict=True))

    outcomes = Counter()
    for slot, (confirmed, rival) in zip(slots, run_apart(race()), strict=True):
        row = merchant.slot(slot.id)
        booked = row.status == "booked"
        outcomes[booked] += 1
        assert confirmed.status == (303 if booked else 409), (row.status, confirmed.status, words(confirmed))
        assert rival.status in (303, 409)
        if rival.status == 303:
            assert not booked, "the rival was told it is theirs, and it is booked for another"
            assert holder(stack, slot.id) in (hash_of(slot.tokens[1]), None)
        assert count_events(stack, slot.id, "booked") == int(booked)
        assert booked == (holder(stack, slot.id) == hash_of(slot.tokens[0]) and row.booked_name == "Anna Able")
        assert sql(
            stack, "SELECT count(*) AS n FROM messages WHERE org_id = %s AND purpose = 'booking_confirmed'"
            " AND subject_id IN (SELECT id FROM slot_offers WHERE slot_id = %s)", merchant.org_id, slot.id,
        )[0].n == int(booked)  # fmt: skip
    assert set(outcomes) == {True, False}, outcomes
    merchant.change_business(hold_seconds=None)


def seconds_left(stack: Stack, slots: list[OpenSlot]) -> list[float]:
    rows = sql(stack, "SELECT id, held_until FROM slots WHERE id = ANY(%s)", [slot.id for slot in slots])
    ends = {row.id: row.held_until for row in rows}
    return [(ends[slot.id] - datetime.now(UTC)).total_seconds() for slot in slots]


def test_twenty_taps_of_one_person_are_one_hold(stack: Stack, merchant: Merchant) -> None:
    (slot,) = offer_slots(merchant, [join_list(merchant, 1)])
    answers = run_apart(StartingGate(stack.url).release(taps(slot) * 20))

    assert {(answer.status, answer.location) for answer in answers} == {(303, f"/c/{slot.tokens[0]}")}
    assert count_events(stack, slot.id, "held") == 1
    assert holder(stack, slot.id) == hash_of(slot.tokens[0])


def test_twenty_confirmations_of_one_person_are_one_booking(stack: Stack, merchant: Merchant) -> None:
    (slot,) = offer_slots(merchant, [join_list(merchant, 1)])

    async def tap() -> list[Answer]:
        gate = StartingGate(stack.url)
        await gate.release(taps(slot))
        answers = await gate.release([confirmation(slot.tokens[0])] * 20)
        await gate.close()
        return answers

    assert {(a.status, a.location) for a in run_apart(tap())} == {(303, f"/c/{slot.tokens[0]}")}
    assert count_events(stack, slot.id, "booked") == 1


def no_errors(stack: Stack) -> list[str]:
    return [row.message for row in sql(stack, "SELECT message FROM system_errors WHERE resolved_at IS NULL")]
