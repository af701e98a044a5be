"""The pace, on a real Redis: counted from the turns that are given out."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest
from flask import Flask
from redis import Redis

from nexapp.messaging import limiter
from nexapp.messaging.limiter import HORIZON_SECONDS, LOW_SECONDS, Gate
from nexapp.spine.jobs.registry import DRAINS
from tests.messaging.conftest import Queue


@pytest.fixture
def redis(app: Flask) -> Redis:
    found: Redis = app.extensions["redis"]
    return found


def take(gates: list[Gate], count: int) -> list[float]:
    """The turns of several workers that ask one after the other."""
    turns: list[float] = []
    while len(turns) < count:
        for gate in gates:
            given = gate.reserve(5)
            turns += given.at
            if not given.at:
                time.sleep(min(given.wait, 0.02))
    return sorted(turns[:count])


def gaps(turns: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(turns)]


def test_turns_keep_the_pace_over_two_workers(redis: Redis) -> None:
    turns = take([Gate(redis, "a", 100), Gate(redis, "a", 100)], 150)
    # Each turn is told by way of a call, which adds to it and never takes away; so the sum is what holds.
    # How near they come to it from above is a line of the bench.
    assert turns[-1] - turns[0] >= 149 / 100 - 0.01


def test_senders_have_paces_of_their_own(redis: Redis) -> None:
    first, second = Gate(redis, "a", 10), Gate(redis, "b", 10)
    assert len(take([first], 3)) == len(take([second], 3)) == 3


def test_no_more_is_given_out_than_the_horizon(redis: Redis) -> None:
    gate = Gate(redis, "a", 10)
    redis.set("sms:turn:a", 0)
    given = gate.reserve(1000)
    assert len(given.at) == int(HORIZON_SECONDS * 10)
    again = gate.reserve(1000)
    assert all(turn <= time.monotonic() + HORIZON_SECONDS for turn in again.at)


def test_a_flush_sends_nothing_early(redis: Redis) -> None:
    one, other = Gate(redis, "a", 10), Gate(redis, "a", 10)
    before = take([one], 5)
    redis.flushdb()
    after = take([other], 3)
    assert after[0] - before[-1] >= 0.1
    assert min(gaps(after)) >= 0.099


def test_a_redis_that_comes_back_older_sends_nothing_early(redis: Redis) -> None:
    gate = Gate(redis, "a", 10)
    take([gate], 1)
    old = redis.get("sms:turn:a")
    before = take([gate], 3)
    redis.set("sms:turn:a", old)
    assert take([gate], 1)[0] - before[-1] >= 0.099


def test_an_idle_sender_goes_at_once(redis: Redis) -> None:
    gate = Gate(redis, "a", 10)
    take([gate], 1)
    time.sleep(HORIZON_SECONDS + 0.2)
    assert gate.reserve(1).at[0] <= time.monotonic()


def test_asking_again_waits_until_it_is_worth_it(redis: Redis) -> None:
    gate = Gate(redis, "a", 10)
    first = gate.reserve(5)
    assert first.at == []
    assert first.wait == pytest.approx(HORIZON_SECONDS + 0.1 - LOW_SECONDS, abs=0.02)


def test_texts_leave_at_the_pace(
    app: Flask, queue: Queue, with_settings: Any, states: Any, phone: httpx.Client, owner_sql: Callable[..., list[Any]]
) -> None:
    with_settings(sms_per_second=40.0)
    queue(60)
    with app.app_context():
        DRAINS["messages"].drain(lambda: False)
    assert states() == {"sent": 60}
    [(first, last)] = owner_sql("SELECT min(attempted_at), max(sent_at) FROM messages")
    assert (last - first).total_seconds() >= 59 / 40
    listed = phone.get("/dev/phone/messages.json", params={"limit": 60}).json()
    arrived = max(datetime.fromisoformat(text["date_sent"]) for text in listed)
    assert (arrived - first).total_seconds() >= 59 / 40 - 1, "the phone counts whole seconds"


def test_time_lost_while_texts_wait_is_made_up_for(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "CREDIT_SECONDS", 10.0)
    gate = Gate(redis, "a", 100)
    redis.set("sms:turn:a", 0)
    full = len(gate.reserve(1000).at)
    # As if two seconds had gone by since.
    redis.incrby("sms:turn:a", -2_000_000)
    gate._next -= 2
    began = time.monotonic()
    again = gate.reserve(1000).at
    # The next turn was due a while ago and keeps its place: late, but none is lost.
    assert again[0] < began
    assert len(again) > full


def test_idle_time_is_not_made_up_for(redis: Redis) -> None:
    gate = Gate(redis, "a", 100)
    redis.set("sms:turn:a", 0)
    last = gate.reserve(1).at[-1]
    time.sleep(max(0.0, last - time.monotonic()) + 0.7)
    asked = time.monotonic()
    assert gate.reserve(1).at[0] >= asked
