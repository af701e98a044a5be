"""Texts of unknown fate: looked up, never sent again on a guess."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask import Flask

from nexapp.local.stack import Stack
from nexapp.messaging.outbox import cancel_queued
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.registry import DRAINS
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work
from tests.messaging.conftest import Queue

Sql = Callable[..., list[Any]]
SENDER = "+15005550006"


@pytest.fixture(autouse=True)
def settle_soon(with_settings: Any) -> None:
    """The local phone lists a text at once, where a test doesn't tell it to lag."""
    with_settings(sms_settle_seconds=0.5)


@pytest.mark.parametrize(
    "fault",
    [
        {"drop_after_accept": 1.0},
        {"drop_before_accept": 1.0},
        {"garbage": 1.0},
        {"drop_after_accept": 0.4, "drop_before_accept": 0.2, "garbage": 0.3, "latency_ms": 30},
    ],
    ids=["accepted, then dropped", "dropped before", "garbage", "all at once"],
)
def test_ambiguous_answers_are_settled_without_a_second_text(
    fault: dict[str, float], queue: Queue, send_texts: Any, until_quiet: Any, faults: Any, states: Any, sum_up: Any
) -> None:
    faults(**fault)
    queue(30)
    send_texts()
    faults(drop_after_accept=0, drop_before_accept=0, garbage=0)
    until_quiet()
    assert states() == {"sent": 30}
    assert sum_up()["messages"] == 30
    assert sum_up()["most"] == 1


def test_a_five_hundred_is_no_proof_either(
    queue: Queue, until_quiet: Any, faults: Any, states: Any, sum_up: Any, owner_sql: Sql
) -> None:
    faults(status=502, times=3)
    queue(3)
    until_quiet()
    assert states() == {"sent": 3}
    assert sum_up()["most"] == 1
    kinds = {row[0] for row in owner_sql("SELECT kind FROM message_events")}
    assert {"uncertain", "resend", "sent"} <= kinds


def test_the_list_of_the_provider_lags(
    queue: Queue,
    send_texts: Any,
    until_quiet: Any,
    faults: Any,
    states: Any,
    sum_up: Any,
    owner_sql: Sql,
    with_settings: Any,
) -> None:
    with_settings(sms_settle_seconds=4.0)
    faults(drop_after_accept=1, list_lag_seconds=1.5, callbacks=False)
    queue(5)
    send_texts()
    faults(drop_after_accept=0)
    until_quiet()
    assert states() == {"sent": 5}
    assert sum_up()["messages"] == 5
    assert owner_sql("SELECT DISTINCT attempts FROM messages") == [(1,)]


def abandon(owner_sql: Sql, message_id: Any, *, seconds: float = 10) -> None:
    """As a killed worker leaves a row: `sending`, leased, the lease over."""
    owner_sql(
        "UPDATE messages SET status = 'sending', attempts = 1, leased_by = 'dead', attempted_at = now() - %s,"
        " lease_until = now() - interval '1 second' WHERE id = %s",
        timedelta(seconds=seconds), message_id,
    )  # fmt: skip


def accept_at_phone(app: Flask, owner_sql: Sql, message_id: Any) -> str:
    """The provider took the text of this row and nobody here knows."""
    from nexapp.gateways.sms import OutboundSms
    from nexapp.messaging.gateway import sms_gateway

    [(to, body)] = owner_sql("SELECT to_phone, body FROM messages WHERE id = %s", message_id)
    with app.app_context():
        return sms_gateway().send(OutboundSms(to, body)).sid


def test_a_worker_killed_after_the_provider_accepted(
    app: Flask, queue: Queue, until_quiet: Any, owner_sql: Sql, sum_up: Any
) -> None:
    taken, lost = queue(2)
    sid = accept_at_phone(app, owner_sql, taken)
    for message_id in (taken, lost):
        abandon(owner_sql, message_id)
    until_quiet()
    assert sum_up()["messages"] == 2
    assert sum_up()["most"] == 1
    rows = {row[0]: row[1:] for row in owner_sql("SELECT id, status, attempts, provider_sid FROM messages")}
    assert rows[taken] == ("sent", 1, sid)
    assert rows[lost][:2] == ("sent", 2)


def test_the_second_attempt_does_not_hide_what_the_first_did(
    app: Flask, queue: Queue, until_quiet: Any, owner_sql: Sql, sum_up: Any
) -> None:
    [message_id] = queue()
    owner_sql("UPDATE messages SET created_at = now() - interval '10 minutes'")
    sid = accept_at_phone(app, owner_sql, message_id)
    abandon(owner_sql, message_id)
    owner_sql("UPDATE messages SET attempts = 2, attempted_at = now() + interval '10 minutes'")
    until_quiet()
    assert owner_sql("SELECT status, provider_sid FROM messages") == [("sent", sid)]
    assert sum_up()["messages"] == 1


def test_no_look_is_a_reason_to_send(
    queue: Queue, send_texts: Any, until_quiet: Any, faults: Any, states: Any, owner_sql: Sql
) -> None:
    """While the provider answers nothing, a text of unknown fate waits, however long."""
    [message_id] = queue()
    abandon(owner_sql, message_id)
    faults(unauthorised=True)
    send_texts()
    owner_sql("UPDATE messages SET uncertain_since = now() - interval '30 minutes', lease_until = now()")
    send_texts()
    assert states() == {"sending": 1}


def test_equal_words_to_one_number_are_not_taken_for_each_other(
    queue: Queue, send_texts: Any, until_quiet: Any, owner_sql: Sql, states: Any, sum_up: Any
) -> None:
    body = f"Equal words {new_id()}"
    queue(1, to="+15557770001", body=body)
    send_texts()
    [second] = queue(1, to="+15557770001", body=body)
    abandon(owner_sql, second, seconds=1)
    until_quiet()
    # The person has these words once for certain; a person of ours decides on the rest.
    assert states() == {"sent": 1, "unknown": 1}
    assert sum_up()["messages"] == 1


def test_too_late_to_send_again_is_unknown_and_shown(
    queue: Queue, until_quiet: Any, owner_sql: Sql, states: Any, sum_up: Any
) -> None:
    [message_id] = queue(1, expires_at=now() + timedelta(seconds=50))
    abandon(owner_sql, message_id)
    until_quiet()
    assert states() == {"unknown": 1}
    assert sum_up()["messages"] == 0
    assert owner_sql("SELECT kind, severity FROM system_errors") == [("sms_failed", "high")]


def test_attempts_that_stay_unknown_come_to_an_end(queue: Queue, until_quiet: Any, owner_sql: Sql, states: Any) -> None:
    [message_id] = queue()
    abandon(owner_sql, message_id)
    owner_sql("UPDATE messages SET attempts = 4")
    until_quiet()
    assert states() == {"unknown": 1}


def test_a_cancelled_text_is_not_sent_a_second_time(
    app: Flask, queue: Queue, until_quiet: Any, owner_sql: Sql, states: Any, sum_up: Any
) -> None:
    slot = new_id()
    [message_id] = queue(1, subject_kind="slot", subject_id=slot)
    abandon(owner_sql, message_id)
    with app.app_context(), unit_of_work(SYSTEM):
        cancel_queued("slot", [slot])
    until_quiet()
    assert states() == {"unknown": 1}
    assert sum_up()["messages"] == 0


def test_a_living_worker_keeps_its_leases(
    app: Flask, queue: Queue, faults: Any, states: Any, owner_sql: Sql, sum_up: Any, with_settings: Any
) -> None:
    with_settings(sms_lease_seconds=1.0, sms_in_flight=2)
    faults(latency_ms=1500)
    queue(4)
    with app.app_context():
        DRAINS["messages"].drain(lambda: False)
    assert states() == {"sent": 4}
    assert owner_sql("SELECT count(*) FROM message_events WHERE kind = 'uncertain'") == [(0,)]
    assert sum_up()["most"] == 1


WORKER = """
from nexapp.factory import build
from nexapp.spine.jobs.registry import DRAINS
app = build()
with app.app_context():
    print("sending", flush=True)
    while True:
        DRAINS["messages"].drain(lambda: False)
"""


def test_a_worker_killed_three_times(
    app: Flask,
    services: Stack,
    queue: Queue,
    until_quiet: Any,
    faults: Any,
    states: Any,
    sum_up: Any,
    phone: httpx.Client,
) -> None:
    faults(latency_ms=300, drop_after_accept=0.3)
    queue(40)
    for kill_after in (0.15, 0.35, 0.5):
        environment = {**os.environ, **services.environment, "SMS_IN_FLIGHT": "8"}
        worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stdout=subprocess.PIPE)
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(kill_after)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        app.extensions["redis"].flushdb()
    faults(latency_ms=0, drop_after_accept=0)
    until_quiet(40)
    assert states() == {"sent": 40}
    assert sum_up()["messages"] == 40
    assert sum_up()["most"] == 1
