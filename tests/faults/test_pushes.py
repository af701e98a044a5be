"""The worker of pushes killed in the middle: none is lost, and no device shows one twice.

A push that was under way at a kill may go again (docs/decisions/0022). It carries what the first one carried, so it
takes its place on the device; nothing else goes twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from nexapp.gateways.push.practice import practice_device
from nexapp.local.stack import Stack
from nexapp.settings import load_settings
from nexapp.spine.ids import new_id
from tests.blackbox import eventually, running_stack, sql

pytestmark = pytest.mark.slow

WORKER = "worker-pushes"
DEVICES, NOTICES, KILLS = 3, 12, 3
PATIENCE = 120


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # Few at once: a round then takes long enough for what is done to it.
    with running_stack(tmp_path_factory.mktemp("pushes"), web_processes=1, PUSH_IN_FLIGHT="4") as running:
        yield running


@pytest.fixture
def service(stack: Stack) -> Iterator[httpx.Client]:
    """The local push service, empty and without faults."""
    with httpx.Client(base_url=f"{stack.phone_url}/dev/push", timeout=60, trust_env=False) as client:
        client.delete("/faults").raise_for_status()
        client.delete("/messages").raise_for_status()
        yield client
        client.delete("/faults").raise_for_status()


def somebody(stack: Stack) -> UUID:
    """With several devices."""
    user_id, chosen = new_id(), load_settings(stack.environment)
    phone = f"+1305{user_id.int % 10**7:07}"
    sql(stack, "INSERT INTO users (id, phone, name) VALUES (%s, %s, 'Sam')", user_id, phone)
    for number in range(DEVICES):
        address = practice_device(chosen.push_local_url, chosen.twilio_auth_token, f"{user_id.hex}{number}")
        sql(
            stack,
            "INSERT INTO push_subscriptions (id, user_id, kind, endpoint, p256dh, auth)"
            " VALUES (%s, %s, 'web', %s, %s, %s)",
            new_id(), user_id, address.endpoint, address.p256dh, address.auth,
        )  # fmt: skip
    return user_id


def write(stack: Stack, user_id: UUID) -> set[str]:
    """Notices and their pushes, as the engine writes them down; what they are called on a device."""
    rows = sql(
        stack,
        """
        WITH made AS (
            INSERT INTO notifications (id, user_id, type, title, message)
            SELECT gen_random_uuid(), %s, 'hot_lead', 'Hot', 'Lead ' || n FROM generate_series(1, %s) AS n
            RETURNING id, user_id
        )
        INSERT INTO messages (id, channel, lane, purpose, subject_kind, subject_id, to_phone, subject, body, segments,
            user_id, notification_id, expires_at)
        SELECT gen_random_uuid(), 'push', 2, 'notice', 'notification', id, '', 't', 'b', 0, user_id, id,
            now() + interval '1 day'
        FROM made RETURNING notification_id
        """,
        user_id, NOTICES,
    )  # fmt: skip
    return {str(row.notification_id) for row in rows}


def under_way(stack: Stack, user_id: UUID) -> set[tuple[str, str]]:
    """Device and notice of what a worker holds."""
    rows = sql(
        stack,
        "SELECT s.endpoint, m.notification_id FROM messages m"
        " JOIN push_subscriptions s ON s.id = m.push_subscription_id WHERE m.status = 'sending' AND m.user_id = %s",
        user_id,
    )
    return {(row.endpoint.rpartition("/")[2], str(row.notification_id)) for row in rows}


def states(stack: Stack, user_id: UUID) -> dict[str, int]:
    rows = sql(stack, "SELECT status, count(*) AS n FROM messages WHERE user_id = %s GROUP BY 1", user_id)
    return {row.status: row.n for row in rows}


def kill_in_the_middle(stack: Stack, user_id: UUID) -> set[tuple[str, str]]:
    """What the worker held when it died."""
    eventually(lambda: under_way(stack, user_id), PATIENCE, "a push is under way")
    before = stack.kill(WORKER)
    held = under_way(stack, user_id)
    # Its lease is over: the test needs not wait for it.
    sql(stack, "UPDATE messages SET lease_until = now() WHERE status = 'sending' AND channel = 'push'")
    eventually(lambda: stack.supervisor.pids()[WORKER] != before, PATIENCE, "a restart")
    return held


def arrived(service: httpx.Client, user_id: UUID) -> list[dict[str, Any]]:
    found = service.get("/messages.json").raise_for_status().json()
    return [push for push in found if push["device"].startswith(user_id.hex)]


@pytest.mark.parametrize("seconds", [0.3, 8.0], ids=["slow", "hanging"])
def test_kills_lose_no_push_and_show_none_twice(stack: Stack, service: httpx.Client, seconds: float) -> None:
    user_id = somebody(stack)
    service.post("/faults", json={"hang": seconds}).raise_for_status()
    tags, held = write(stack, user_id), set[tuple[str, str]]()
    for _ in range(KILLS):
        held |= kill_in_the_middle(stack, user_id)
    service.post("/faults", json={"hang": 0}).raise_for_status()
    everything = DEVICES * NOTICES
    eventually(lambda: states(stack, user_id) == {"sent": everything}, PATIENCE, "every push")
    pushes = arrived(service, user_id)
    came = Counter((push["device"], push["tag"]) for push in pushes)
    assert {tag for _device, tag in came} == tags
    assert len(came) == everything, "each device has each notice"
    assert {pair for pair, times in came.items() if times > 1} <= held
    # What goes again is the same to the device: one place on its screen.
    assert (
        len({(push["device"], push["tag"], push["topic"], push["title"], push["body"]) for push in pushes})
        == everything
    )
    assert len({(push["device"], push["topic"]) for push in pushes}) == everything
