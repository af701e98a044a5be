"""Live signals: after the commit, few of them, and only for who may hear."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask

from nexapp.spine import realtime
from nexapp.spine.access import Principal
from nexapp.spine.audit import record
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import may_join, publish, socketio
from nexapp.spine.sockets import subscribe
from nexapp.spine.tenancy import SYSTEM, Actor
from tests.live import Heard

Acting = Callable[[Actor], AbstractContextManager[None]]
SIGNAL = ("org:x:slots", "slots-changed")


def test_a_signal_goes_out_after_the_commit(acting: Acting, signals: Heard) -> None:
    with acting(SYSTEM):
        publish(*SIGNAL)
        publish(*SIGNAL)
        assert signals.listen(0.2) == []
    assert signals.listen() == [SIGNAL]


def test_many_become_the_first_and_one_last(
    acting: Acting, signals: Heard, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    later: list[Callable[[], None]] = []
    monkeypatch.setattr(realtime, "COALESCE_MS", 60_000)
    monkeypatch.setattr(realtime, "_later", later.append)
    for _ in range(20):
        with acting(SYSTEM):
            publish(*SIGNAL)
    assert signals.listen() == [SIGNAL]
    [last] = later
    with app.app_context():
        last()
    assert signals.listen() == [SIGNAL, SIGNAL]


def test_a_later_one_is_heard_again(acting: Acting, signals: Heard) -> None:
    for _ in range(2):
        with acting(SYSTEM):
            publish(*SIGNAL)
        time.sleep(0.35)
    assert signals.listen() == [SIGNAL, SIGNAL]


def test_topics_and_names_do_not_hush_each_other(acting: Acting, signals: Heard) -> None:
    with acting(SYSTEM):
        publish("org:x:slots", "slots-changed")
        publish("org:y:slots", "slots-changed")
        publish("org:x:slots", "other")
    assert len(signals.listen()) == 3


def test_web_processes_read_what_everybody_writes(app: Flask) -> None:
    assert socketio.server.manager.channel == app.extensions["signal_emitter"].channel


def test_without_redis_the_commit_stands(
    acting: Acting, owner_sql: Callable[..., list[Any]], without_redis: None
) -> None:
    with acting(SYSTEM):
        record("tested", "signal")
        publish(*SIGNAL)
    assert owner_sql("SELECT action FROM audit_entries") == [("tested",)]


def test_only_known_topics_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def guard(principal: Principal | None, parts: list[str]) -> bool:
        asked.append(parts)
        return principal is not None

    monkeypatch.setattr(realtime, "_guards", {"org": guard})
    somebody = Principal(new_id(), new_id())
    assert may_join(somebody, "org:1:slots")
    assert not may_join(None, "org:1:slots")
    assert asked == [["1", "slots"], ["1", "slots"]]
    for name in ("org", "", ":", "unknown:1", "orgs:1", "ORG:1"):
        assert not may_join(somebody, name)


def test_platform_signals_are_for_platform_admins(app: Flask) -> None:
    with app.app_context():
        assert may_join(Principal(new_id(), new_id(), is_platform_admin=True), "admin:ops")
        assert not may_join(Principal(new_id(), new_id(), new_id()), "admin:ops")
        assert not may_join(None, "admin:ops")
        assert not may_join(Principal(new_id(), new_id(), is_platform_admin=True), "admin:else")


@pytest.mark.parametrize("message", [None, "org:1", [], {}, {"topics": None}, {"topics": 5}, {"topics": {"org": 1}}])
def test_a_message_that_asks_for_nothing_joins_nothing(app: Flask, message: object) -> None:
    with app.test_request_context("/"):
        assert subscribe(message) == {"joined": [], "refused": []}
