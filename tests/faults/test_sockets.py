"""Sockets over a real connection: whose signals they hear, and what ends them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
import socketio

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, eventually, sql

pytestmark = pytest.mark.slow
RECHECKED_SECONDS = 30
"""Twice what lies between two looks of a web process at its sockets."""

LOOKED_AT_SECONDS = 3
"""Where a look was asked for; even on a busy machine, nothing else looks so soon."""


class Ear:
    """A page's socket, with the cookies of a visitor and nothing else."""

    def __init__(self, visitor: Merchant) -> None:
        self.heard: list[tuple[str, str]] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("slots-changed", lambda signal: self.heard.append(("slots-changed", signal["topic"])))
        cookies = "; ".join(f"{c.name}={c.value}" for c in visitor.http.cookies.jar)
        self.client.connect(visitor.stack.url, headers={"Cookie": cookies}, transports=["websocket"])

    def subscribe(self, *topics: str) -> dict[str, list[str]]:
        answer: dict[str, list[str]] = self.client.call("subscribe", {"topics": list(topics)}, timeout=60)
        return answer


@contextmanager
def listening(visitor: Merchant) -> Iterator[Ear]:
    ear = Ear(visitor)
    yield ear
    ear.client.disconnect()


@pytest.fixture(scope="module")
def anna(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Anna's Ears")


@pytest.fixture(scope="module")
def ben(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Ben's Ears")


def slots_topic(org_id: UUID) -> str:
    return f"org:{org_id}:slots"


def test_a_business_hears_itself_and_not_the_other(anna: Merchant, ben: Merchant) -> None:
    with listening(anna) as ear:
        answer = ear.subscribe(slots_topic(anna.org_id), slots_topic(ben.org_id), "admin:ops")
        assert answer == {"joined": [slots_topic(anna.org_id)], "refused": [slots_topic(ben.org_id), "admin:ops"]}
        ben.add_slot()
        anna.add_slot()
        eventually(lambda: ear.heard, 5, "the own signal")
        ben.add_slot()
        assert {topic for _signal, topic in ear.heard} == {slots_topic(anna.org_id)}


def test_nobody_joins_without_a_session(stack: Stack, anna: Merchant) -> None:
    with listening(Merchant(stack)) as ear:
        assert ear.subscribe(slots_topic(anna.org_id))["joined"] == []


def test_a_revoked_session_is_cut(stack: Stack) -> None:
    carl = Merchant(stack).sign_up("Carl's Ears")
    with listening(carl) as ear:
        assert ear.subscribe(slots_topic(carl.org_id))["refused"] == []
        sql(stack, "UPDATE user_sessions SET revoked_at = now() WHERE org_id = %s", carl.org_id)
        eventually(lambda: not ear.client.connected, RECHECKED_SECONDS, "the end of the socket")


def test_signing_out_everywhere_ends_the_sockets_within_moments(stack: Stack) -> None:
    eve = Merchant(stack).sign_up("Eve's Ears")
    with listening(eve) as ear:
        assert ear.subscribe(slots_topic(eve.org_id))["refused"] == []
        eve.submit(eve.get("/account"), "/account/sessions/end").expect(200)
        eventually(lambda: not ear.client.connected, LOOKED_AT_SECONDS, "the end of the socket")


def test_who_left_the_business_hears_no_more_of_it(stack: Stack) -> None:
    dora = Merchant(stack).sign_up("Dora's Ears")
    with listening(dora) as ear:
        assert ear.subscribe(slots_topic(dora.org_id))["refused"] == []
        sql(stack, "UPDATE memberships SET deactivated_at = now() WHERE org_id = %s", dora.org_id)
        eventually(lambda: not ear.client.connected, RECHECKED_SECONDS, "the end of the socket")
