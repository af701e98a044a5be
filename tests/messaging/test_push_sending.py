"""Pushes from the row to the device: the local stand-in takes them as real services do, and decrypts what it gets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask

from nexapp.gateways.push.practice import practice_device
from nexapp.messaging.push_sending import QUEUE, PushDrain
from nexapp.settings import Settings
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.registry import DRAINS
from nexapp.spine.jobs.sweep import sweep

Sql = Callable[..., list[Any]]
ARRIVED = "/dev/push/messages.json"


class Pushes:
    """Somebody, their devices and what is written to them."""

    def __init__(self, app: Flask, sql: Sql, phone: httpx.Client) -> None:
        self.app, self.sql, self.phone = app, sql, phone
        self.user_id = new_id()
        sql(
            "INSERT INTO users (id, phone, name) VALUES (%s, %s, 'Sam')",
            self.user_id,
            f"+1305{self.user_id.int % 10**7:07}",
        )

    def device(self, mark: str = "", *, session: UUID | None = None) -> str:
        """A browser at the stand-in; the end of its address."""
        chosen: Settings = self.app.extensions["settings"]
        token = f"{mark}{token_hex(6)}"
        address = practice_device(chosen.push_local_url, chosen.twilio_auth_token, token)
        self.sql(
            "INSERT INTO push_subscriptions (id, user_id, kind, endpoint, p256dh, auth, session_id)"
            " VALUES (%s, %s, 'web', %s, %s, %s, %s)",
            new_id(), self.user_id, address.endpoint, address.p256dh, address.auth, session,
        )  # fmt: skip
        return token

    def app_device(self, token: str) -> str:
        self.sql(
            "INSERT INTO push_subscriptions (id, user_id, kind, endpoint) VALUES (%s, %s, 'fcm', %s)",
            new_id(), self.user_id, token,
        )  # fmt: skip
        return token

    def session(self) -> UUID:
        session_id = new_id()
        self.sql(
            "INSERT INTO user_sessions (id, token_hash, user_id, expires_at, idle_seconds)"
            " VALUES (%s, %s, %s, now() + interval '1 day', 86400)",
            session_id, session_id.bytes, self.user_id,
        )  # fmt: skip
        return session_id

    def notice(self, title: str = "🔥 Hot", **columns: Any) -> UUID:
        row = {"id": new_id(), "user_id": self.user_id, "type": "hot_lead", "title": title, "message": "Ana is at 92"}
        row |= columns
        self.sql(f"INSERT INTO notifications ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())
        return row["id"]

    def write(self, notice_id: UUID, ends: str = "1 day") -> UUID:
        """As the engine writes it down: for the person, not yet for a device."""
        message_id = new_id()
        self.sql(
            "INSERT INTO messages (id, channel, lane, purpose, subject_kind, subject_id, to_phone, subject, body,"
            " segments, user_id, notification_id, expires_at)"
            " VALUES (%s, 'push', 2, 'notice', 'notification', %s, '', 't', 'b', 0, %s, %s, now() + %s::interval)",
            message_id, notice_id, self.user_id, notice_id, ends,
        )  # fmt: skip
        return message_id

    def send(self) -> None:
        with self.app.app_context():
            while DRAINS[QUEUE].drain(lambda: False):
                pass

    def arrived(self) -> list[dict[str, Any]]:
        return [push for push in self.phone.get(ARRIVED).json() if push["device"] in self._tokens()]

    def states(self) -> list[tuple[str, int]]:
        return self.sql("SELECT status, count(*) FROM messages WHERE channel = 'push' GROUP BY 1 ORDER BY 1")

    def fault(self, **faults: Any) -> None:
        self.phone.post("/dev/push/faults", json=faults).raise_for_status()

    def due_now(self) -> None:
        self.sql("UPDATE messages SET send_at = now() WHERE status = 'queued'")

    def _tokens(self) -> set[str]:
        return {push["device"] for push in self.phone.get(ARRIVED).json()}


@pytest.fixture
def pushes(app: Flask, owner_sql: Sql, phone: httpx.Client) -> Iterator[Pushes]:
    def reset() -> None:
        phone.delete("/dev/push/faults")
        phone.delete("/dev/push/messages")
        DRAINS[QUEUE] = PushDrain()

    reset()
    yield Pushes(app, owner_sql, phone)
    reset()


def test_one_notice_reaches_every_device_of_its_person(pushes: Pushes) -> None:
    tokens = {pushes.device(), pushes.device(), pushes.app_device("app-1")}
    notice_id = pushes.notice(priority="high")
    pushes.write(notice_id)
    pushes.send()
    found = pushes.arrived()
    assert {push["device"] for push in found} == tokens
    assert {(push["title"], push["body"], push["url"]) for push in found} == {
        ("🔥 Hot", "Ana is at 92", f"/notifications/{notice_id}/open")
    }
    assert {push["urgency"] for push in found} == {"high"}
    assert pushes.states() == [("sent", 3)]
    assert pushes.sql("SELECT count(DISTINCT push_subscription_id), count(DISTINCT notification_id) FROM messages") == [
        (3, 1)
    ]
    assert pushes.sql("SELECT count(*) FROM message_events WHERE kind = 'sent'") == [(3,)]
    assert pushes.sql("SELECT count(*) FROM push_subscriptions WHERE last_used_at IS NOT NULL") == [(3,)]
    pushes.send()
    assert len(pushes.arrived()) == 3


def test_without_a_device_it_says_so(pushes: Pushes) -> None:
    pushes.write(pushes.notice())
    pushes.send()
    assert pushes.sql("SELECT status, error FROM messages") == [("suppressed", "No device takes pushes.")]


@pytest.mark.parametrize("column", ["read_at", "archived_at", "deleted_at"])
def test_what_was_seen_meanwhile_is_not_pushed(pushes: Pushes, column: str) -> None:
    pushes.device()
    notice_id = pushes.notice()
    pushes.write(notice_id)
    pushes.sql(f"UPDATE notifications SET {column} = now()")
    pushes.send()
    assert pushes.arrived() == []
    assert pushes.states() == [("cancelled", 1)]


def test_what_was_reworded_meanwhile_says_the_newer(pushes: Pushes) -> None:
    pushes.device()
    pushes.write(pushes.notice("🔥 One hot lead"))
    pushes.sql("UPDATE notifications SET title = '🔥 3 hot leads'")
    pushes.send()
    assert [push["title"] for push in pushes.arrived()] == ["🔥 3 hot leads"]


@pytest.mark.parametrize("kind", ["web", "fcm"])
def test_a_dead_device_is_forgotten_and_the_others_get_theirs(pushes: Pushes, kind: str) -> None:
    alive = pushes.device()
    if kind == "web":
        pushes.device("gone-")
    else:
        pushes.app_device("unregistered-1")
    pushes.write(pushes.notice())
    pushes.send()
    assert [push["device"] for push in pushes.arrived()] == [alive]
    assert pushes.states() == [("failed", 1), ("sent", 1)]
    assert pushes.sql("SELECT count(*) FROM push_subscriptions") == [(1,)]
    assert pushes.sql("SELECT count(*) FROM message_events WHERE kind = 'gone'") == [(1,)]
    assert pushes.sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_a_device_that_was_signed_out_gets_nothing(pushes: Pushes) -> None:
    session_id = pushes.session()
    pushes.device(session=session_id)
    other = pushes.device(session=pushes.session())
    pushes.sql("UPDATE user_sessions SET revoked_at = now() WHERE id = %s", session_id)
    pushes.write(pushes.notice())
    pushes.send()
    assert [push["device"] for push in pushes.arrived()] == [other]


def test_signed_out_between_two_tries_it_gets_nothing_either(pushes: Pushes) -> None:
    session_id = pushes.session()
    pushes.device(session=session_id)
    pushes.write(pushes.notice())
    pushes.fault(status=500)
    pushes.send()
    pushes.sql("UPDATE user_sessions SET revoked_at = now()")
    pushes.phone.delete("/dev/push/faults")
    pushes.due_now()
    pushes.send()
    assert pushes.arrived() == []
    assert pushes.states() == [("cancelled", 1)]


def test_a_failing_service_is_tried_again_until_it_takes_it(pushes: Pushes) -> None:
    pushes.device()
    pushes.write(pushes.notice())
    pushes.fault(status=503, times=2)
    for _ in range(3):
        pushes.due_now()
        pushes.send()
    assert len(pushes.arrived()) == 1
    assert pushes.sql("SELECT status, attempts FROM messages") == [("sent", 3)]
    waits = pushes.sql(
        "SELECT (details->>'wait_seconds')::float FROM message_events WHERE kind = 'retrying' ORDER BY at"
    )
    assert waits == [(1.0,), (3.0,)]


def test_a_service_that_asks_for_patience_gets_it(pushes: Pushes) -> None:
    pushes.device()
    pushes.write(pushes.notice())
    pushes.fault(status=429, retry_after=600)
    pushes.send()
    assert pushes.sql("SELECT status, send_at > now() + interval '9 min' FROM messages") == [("queued", True)]
    # Meanwhile nothing else is asked of that service, and none of it counts as an attempt.
    pushes.phone.delete("/dev/push/faults")
    pushes.write(pushes.notice())
    pushes.send()
    assert pushes.arrived() == []
    assert pushes.sql("SELECT attempts FROM messages ORDER BY id") == [(1,), (0,)]


def test_what_comes_too_late_is_given_up(pushes: Pushes) -> None:
    pushes.device()
    pushes.write(pushes.notice(), ends="2 s")
    pushes.fault(status=503)
    for _ in range(2):
        pushes.due_now()
        pushes.send()
    assert pushes.sql("SELECT status FROM messages") in ([("failed",)], [("expired",)])


def test_a_killed_workers_push_goes_again_and_replaces_the_first(pushes: Pushes) -> None:
    pushes.device()
    pushes.write(pushes.notice())
    pushes.send()
    pushes.sql("UPDATE messages SET status = 'sending', lease_until = now() - interval '1 second', leased_by = 'dead'")
    pushes.send()
    first, second = pushes.arrived()
    assert first["topic"] == second["topic"] != ""
    assert first["tag"] == second["tag"]
    assert pushes.states() == [("sent", 1)]


def test_two_workers_at_once_send_each_once(pushes: Pushes) -> None:
    for _ in range(3):
        pushes.device()
    for _ in range(30):
        pushes.write(pushes.notice())
    workers = [threading.Thread(target=pushes.send) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    pushes.send()
    assert pushes.states() == [("sent", 90)]
    assert len({(push["device"], push["tag"]) for push in pushes.arrived()}) == len(pushes.arrived()) == 90


def test_one_slow_service_holds_up_no_other(pushes: Pushes) -> None:
    pushes.app_device("app-1")
    pushes.sql(
        "INSERT INTO push_subscriptions (id, user_id, kind, endpoint, p256dh, auth)"
        " SELECT %s, user_id, 'web', 'https://203.0.113.7.example/x', 'x', 'y' FROM push_subscriptions",
        new_id(),
    )  # fmt: skip
    pushes.write(pushes.notice())
    pushes.send()
    assert [push["device"] for push in pushes.arrived()] == ["app-1"]


def test_the_sweep_finds_what_nobody_rang_for(pushes: Pushes) -> None:
    pushes.device()
    pushes.write(pushes.notice())
    with pushes.app.app_context():
        sweep()
    assert pushes.app.extensions["redis"].exists(f"bell:{QUEUE}")


def test_a_push_for_a_crowd_costs_few_statements(pushes: Pushes, statements: list[str]) -> None:
    pushes.device()
    for _ in range(60):
        pushes.write(pushes.notice())
    statements.clear()
    pushes.send()
    assert pushes.states() == [("sent", 60)]
    asked = [statement for statement in statements if "messages" in statement or "push_subscriptions" in statement]
    assert len(asked) < 60


def test_what_the_bell_never_shows_is_pushed_all_the_same(pushes: Pushes) -> None:
    pushes.device()
    notice_id = pushes.notice()
    pushes.sql("UPDATE notifications SET archived_at = created_at")
    pushes.write(notice_id)
    pushes.send()
    assert len(pushes.arrived()) == 1


@pytest.mark.parametrize(
    "meanwhile",
    [
        "INSERT INTO notification_settings (user_id, push_enabled, paused_until)"
        " SELECT id, true, now() + interval '1 hour' FROM users",
        "INSERT INTO notification_settings (user_id, push_enabled) SELECT id, false FROM users",
        "INSERT INTO notification_preferences (user_id, name, channel, is_on)"
        " SELECT id, 'hot_lead', 'push', false FROM users",
        "INSERT INTO notification_preferences (user_id, name, channel, is_on)"
        " SELECT id, 'hot_leads', 'any', false FROM users",
        "UPDATE users SET deactivated_at = now()",
        # A business that they don't belong to any more.
        "WITH o AS (INSERT INTO organizations (id, name, slug, kind, tier, time_zone)"
        " VALUES (gen_random_uuid(), 'Summit', 'summit', 'sales', 'elite', 'UTC') RETURNING id)"
        " UPDATE notifications SET org_id = o.id FROM o",
    ],
)
def test_what_was_held_and_is_not_wanted_any_more_is_not_pushed(pushes: Pushes, meanwhile: str) -> None:
    pushes.app_device("app-1")
    pushes.write(pushes.notice())
    pushes.sql(meanwhile)
    pushes.send()
    assert pushes.arrived() == []
    assert pushes.states() == [("cancelled", 1)]
