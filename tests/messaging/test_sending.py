"""Texts that leave: once each, in order, with retries where they help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask import Flask

from nexapp.identity.events import SignInCodeRequested
from nexapp.messaging import consumers, pause
from nexapp.messaging.lanes import ANSWERS, CODES, OFFERS, REMINDERS
from nexapp.messaging.outbox import NewMessage, cancel_queued, queue_messages
from nexapp.spine.clock import now
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import stopping
from nexapp.spine.jobs.registry import DRAINS
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work
from tests.messaging.conftest import MakeBusiness, Queue

Sql = Callable[..., list[Any]]
SINCE_TRIED = """
    round(extract(epoch FROM send_at - (SELECT max(at) FROM message_events e WHERE e.message_id = messages.id)))::int
"""
"""How long after it was tried a text is to be tried again."""


def test_queued_texts_are_sent_once_each(
    queue: Queue, make_business: MakeBusiness, send_texts: Callable[[], None], states: Any, sum_up: Any
) -> None:
    queue(300, org_id=make_business())
    send_texts()
    assert states() == {"sent": 300}
    send_texts()
    assert sum_up()["messages"] == 300
    assert sum_up()["most"] == 1


def test_two_workers_share_the_work(app: Flask, queue: Queue, phone: httpx.Client, states: Any, sum_up: Any) -> None:
    queue(300)

    def work() -> None:
        with app.app_context():
            while DRAINS["messages"].drain(lambda: False):
                pass

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert states() == {"sent": 300}
    assert sum_up()["messages"] == 300
    assert sum_up()["most"] == 1


def test_lanes_go_in_order_and_businesses_in_turn(
    queue: Queue,
    make_business: MakeBusiness,
    send_texts: Callable[[], None],
    phone: httpx.Client,
    with_settings: Callable[..., None],
) -> None:
    with_settings(sms_in_flight=1)
    big, small = make_business("Big"), make_business("Small")
    queue(12, body="big {n}", org_id=big, to="+1555200{n:04}")
    queue(3, body="small {n}", org_id=small, to="+1555201{n:04}")
    queue(1, body="reminder", lane=REMINDERS, org_id=big, to="+15552020000")
    queue(1, body="answer", lane=ANSWERS, org_id=big, to="+15552020001")
    queue(1, body="code", lane=CODES, to="+15552020002")
    send_texts()
    bodies = [m["body"] for m in reversed(phone.get("/dev/phone/messages.json", params={"limit": 18}).json())]
    # Each is the first to its number, and names its business.
    assert [body.removeprefix("Big: ").split()[0] for body in bodies[:3]] == ["code", "answer", "reminder"]
    first_offers = [body.split()[0] for body in bodies[3:9]]
    assert first_offers.count("small") + first_offers.count("Small:") == 3, bodies


def test_later_and_expired_texts(
    queue: Queue, send_texts: Callable[[], None], owner_sql: Sql, states: Any, sum_up: Any
) -> None:
    queue(1, send_at=now() + timedelta(hours=1))
    queue(2, to="+1555300{n:04}", expires_at=now() - timedelta(seconds=1))
    send_texts()
    assert states() == {"queued": 1, "expired": 2}
    assert sum_up()["messages"] == 0


def test_busy_is_tried_again_after_1_3_and_9_seconds(
    queue: Queue, send_texts: Callable[[], None], owner_sql: Sql, faults: Any, sum_up: Any, states: Any
) -> None:
    faults(status=429, code=20429)
    queue(1)
    waits = []
    for _ in range(4):
        owner_sql("UPDATE messages SET send_at = now() WHERE status = 'queued'")
        send_texts()
        waits += [row[0] for row in owner_sql(f"SELECT {SINCE_TRIED} FROM messages WHERE status = 'queued'")]
    assert waits == [1, 3, 9]
    assert states() == {"failed": 1}
    assert sum_up()["messages"] == 0
    assert owner_sql("SELECT kind, severity, count FROM system_errors") == [("sms_failed", "medium", 1)]
    kinds = [row[0] for row in owner_sql("SELECT kind FROM message_events ORDER BY at, id")]
    assert kinds == ["retry", "retry", "retry", "failed"]


def test_retry_after_is_honoured(queue: Queue, send_texts: Callable[[], None], owner_sql: Sql, faults: Any) -> None:
    faults(status=429, code=20429, retry_after=40)
    queue(1)
    send_texts()
    assert owner_sql(f"SELECT {SINCE_TRIED} FROM messages WHERE status = 'queued'") == [(40,)]


def test_a_retry_that_succeeds(
    queue: Queue, until_quiet: Callable[..., None], faults: Any, states: Any, sum_up: Any
) -> None:
    faults(status=503, code=20503, times=2)
    queue(5)
    until_quiet()
    assert states() == {"sent": 5}
    assert sum_up()["most"] == 1


@pytest.mark.parametrize(("number", "code"), [("0001", 21211), ("0003", 21408), ("0009", 21614)])
def test_permanent_codes_fail_at_once(
    number: str, code: int, queue: Queue, send_texts: Callable[[], None], owner_sql: Sql
) -> None:
    queue(1, to=f"+1500555{number}")
    send_texts()
    assert owner_sql("SELECT status, error_code, attempts FROM messages") == [("failed", code, 1)]
    assert owner_sql("SELECT kind, severity FROM system_errors") == [("sms_failed", "medium")]


def test_21610_records_the_opt_out_and_drops_the_rest(
    queue: Queue, send_texts: Callable[[], None], owner_sql: Sql, with_settings: Any
) -> None:
    with_settings(sms_in_flight=1)
    queue(1, to="+15005550004", body="first")
    send_texts()
    queue(1, to="+15005550004", body="second", send_at=now() + timedelta(hours=1))
    assert owner_sql("SELECT opt_out_source FROM consumers WHERE opted_out_at IS NOT NULL") == [("provider",)]
    assert owner_sql("SELECT body, status, attempts FROM messages ORDER BY id") == [
        ("first", "failed", 1),
        ("second", "suppressed", 0),
    ]


def test_who_opts_out_after_queueing_gets_nothing(
    app: Flask, queue: Queue, send_texts: Callable[[], None], owner_sql: Sql, states: Any, sum_up: Any
) -> None:
    queue(1, to="+15552220001")
    # Behind the back of the clean way, as two transactions at once would do it.
    owner_sql(
        "INSERT INTO consumers (id, phone, time_zone, region, opted_out_at) VALUES (%s, %s, 'UTC', 'US', now())",
        new_id(), "+15552220001",
    )  # fmt: skip
    send_texts()
    assert states() == {"suppressed": 1}
    assert sum_up()["messages"] == 0
    queue(1, to="+15552220001", lane=CODES, body="code")
    queue(1, to="+15552220001", lane=ANSWERS, body="answer")
    send_texts()
    assert states() == {"suppressed": 1, "sent": 2}


def test_opting_out_drops_what_waits(app: Flask, queue: Queue, states: Any) -> None:
    queue(3, to="+15552220002", body="offer {n}")
    queue(1, to="+15552220002", body="code", lane=CODES)
    with app.app_context(), unit_of_work(SYSTEM):
        assert consumers.opt_out("+15552220002", "test") is True
        assert consumers.opt_out("+15552220002", "test") is False
    assert states() == {"suppressed": 3, "queued": 1}


def test_wrong_credentials_pause_with_one_alert_and_go_on(
    app: Flask, queue: Queue, send_texts: Callable[[], None], owner_sql: Sql, faults: Any, states: Any, sum_up: Any
) -> None:
    faults(unauthorised=True)
    queue(200)
    send_texts()
    assert states() == {"queued": 200}
    assert owner_sql("SELECT severity, count FROM system_errors") == [("critical", 1)]
    with app.app_context():
        assert pause.is_paused()
        with unit_of_work(SYSTEM):
            assert DRAINS["messages"].due() is False
        app.extensions["redis"].delete(*app.extensions["redis"].keys("sms:pause:*"))
        assert pause.is_probing()
    before = sum_up()["create_answers"].get("401", 0)
    send_texts()  # one text tries
    assert sum_up()["create_answers"].get("401", 0) - before <= 1
    assert owner_sql("SELECT sum(count) FROM system_errors") == [(1,)]
    assert owner_sql("SELECT max(attempts) FROM messages") == [(0,)]
    faults(unauthorised=False)
    app.extensions["redis"].delete(*app.extensions["redis"].keys("sms:pause:*"))
    send_texts()
    assert states() == {"sent": 200}
    assert sum_up()["most"] == 1
    with app.app_context():
        assert not pause.is_probing()


def test_a_flushed_redis_in_the_middle_of_sending(
    app: Flask, queue: Queue, until_quiet: Callable[..., None], faults: Any, states: Any, sum_up: Any
) -> None:
    faults(latency_ms=50)
    queue(200)
    flusher = threading.Timer(0.1, app.extensions["redis"].flushdb)
    flusher.start()
    until_quiet()
    flusher.join()
    assert states() == {"sent": 200}
    assert sum_up()["most"] == 1


@contextmanager
def stopped_once(reached: Callable[[], bool]) -> Iterator[None]:
    """The worker is told to stop as soon as something holds that another thread looks at."""

    def watch() -> None:
        deadline = time.monotonic() + 30
        while not reached() and time.monotonic() < deadline:
            time.sleep(0.02)
        stopping.request_stop()

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield
    watcher.join()


def test_a_stop_waits_for_what_is_under_way_and_hands_back_the_rest(
    app: Flask,
    queue: Queue,
    faults: Any,
    states: Any,
    owner_sql: Sql,
    until_quiet: Any,
    sum_up: Any,
    with_settings: Any,
) -> None:
    with_settings(sms_in_flight=8)
    faults(latency_ms=700)
    queue(60)
    try:
        with app.app_context(), stopped_once(lambda: sum_up()["messages"] == 8):
            DRAINS["messages"].drain(stopping.stop_requested)
        assert states() == {"sent": 8, "queued": 52}
        assert owner_sql("SELECT DISTINCT attempts FROM messages WHERE status = 'queued'") == [(0,)]
    finally:
        stopping._stop.clear()
    faults(latency_ms=0)
    until_quiet()
    assert states() == {"sent": 60}
    assert sum_up()["most"] == 1


def test_a_stop_does_not_wait_for_a_slow_provider(
    app: Flask,
    queue: Queue,
    faults: Any,
    states: Any,
    owner_sql: Sql,
    until_quiet: Any,
    sum_up: Any,
    with_settings: Any,
) -> None:
    with_settings(sms_in_flight=4)
    faults(latency_ms=4000)
    queue(10)
    try:
        with app.app_context(), stopped_once(lambda: sum_up()["messages"] == 4):
            DRAINS["messages"].drain(stopping.stop_requested)
        # Had it waited, it would know the answers.
        assert owner_sql("SELECT count(*) FROM messages WHERE uncertain_since IS NOT NULL") == [(4,)]
    finally:
        stopping._stop.clear()
    faults(latency_ms=0)
    until_quiet()
    assert states() == {"sent": 10}
    assert sum_up()["most"] == 1
    assert sum_up()["messages"] == 10


def test_spend_cap_suppresses_and_says_so_once(
    queue: Queue, make_business: MakeBusiness, send_texts: Callable[[], None], owner_sql: Sql, states: Any
) -> None:
    org, other = make_business(cap=10), make_business("Other", cap=10)
    queue(4, org_id=org, to="+1555400{n:04}")
    send_texts()
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]
    queue(4, org_id=org, to="+1555401{n:04}")
    send_texts()
    assert owner_sql("SELECT severity, org_id FROM system_errors") == [("low", org)]
    queue(6, org_id=org, to="+1555402{n:04}")
    queue(1, org_id=org, to="+15554030000", lane=ANSWERS, body="answer")
    queue(3, org_id=other, to="+1555404{n:04}")
    send_texts()
    assert states() == {"sent": 4 + 4 + 2 + 1 + 3, "suppressed": 4}
    assert owner_sql("SELECT severity, count FROM system_errors ORDER BY severity") == [("low", 1), ("medium", 1)]
    assert owner_sql("SELECT DISTINCT error FROM messages WHERE status = 'suppressed'") == [
        ("The business has used up its texts for today.",)
    ]


def test_the_spend_cap_begins_anew_each_local_day(
    queue: Queue, make_business: MakeBusiness, send_texts: Callable[[], None], owner_sql: Sql, states: Any
) -> None:
    org = make_business(cap=2)
    queue(2, org_id=org, to="+1555400{n:04}")
    send_texts()
    owner_sql("UPDATE messages SET attempted_at = attempted_at - interval '25 hours'")
    queue(2, org_id=org, to="+1555401{n:04}")
    send_texts()
    assert states() == {"sent": 4}


def test_cancelling_what_has_not_left(
    app: Flask, queue: Queue, make_business: MakeBusiness, send_texts: Callable[[], None], states: Any
) -> None:
    org, slot = make_business(), new_id()
    queue(3, org_id=org, subject_kind="slot", subject_id=slot)
    with app.app_context(), unit_of_work(SYSTEM):
        assert cancel_queued("slot", [slot, new_id()]) == 3
        assert cancel_queued("slot", [slot]) == 0
    send_texts()
    assert states() == {"cancelled": 3}


def test_one_text_for_an_offer(app: Flask, make_business: MakeBusiness, owner_sql: Sql) -> None:
    org, offer = make_business(), new_id()

    def text() -> NewMessage:
        return NewMessage(
            "+15551230001", "hello", "slot_available", OFFERS, subject_kind="slot_offer", subject_id=offer, org_id=org
        )

    with app.app_context():
        with unit_of_work(SYSTEM):
            assert len(queue_messages([text()])) == 1
        with unit_of_work(SYSTEM):
            assert queue_messages([text(), text()]) == []
    assert owner_sql("SELECT count(*) FROM messages") == [(1,)]


def test_a_code_has_its_own_sender_and_its_words_go_with_it(
    app: Flask, send_texts: Callable[[], None], owner_sql: Sql, received: Any, with_settings: Any, phone: httpx.Client
) -> None:
    with_settings(twilio_codes_from="+15005550099")
    with app.app_context(), unit_of_work(SYSTEM):
        emit(SignInCodeRequested(new_id(), "+15551230001", "123456", "sign_in", None))
    assert owner_sql("SELECT lane, expires_at - created_at < interval '301 seconds' FROM messages") == [(0, True)]
    send_texts()
    text = received("+15551230001")[0]
    assert "123456" in text["body"]
    assert text["from"] == "+15005550099"
    assert owner_sql("SELECT body, status FROM messages") == [("", "sent")]


def test_rows_of_other_channels_are_left_alone(
    queue: Queue, send_texts: Callable[[], None], owner_sql: Sql, sum_up: Callable[[], dict[str, Any]]
) -> None:
    [waiting], [under_way], _text = queue(), queue(to="+1555124{n:04}"), queue(to="+1555125{n:04}")
    owner_sql("UPDATE messages SET channel = 'push' WHERE id = ANY(%s)", [waiting, under_way])
    owner_sql("UPDATE messages SET status = 'sending', lease_until = now() - interval '1 day' WHERE id = %s", under_way)
    send_texts()
    assert sum_up()["messages"] == 1
    assert dict(owner_sql("SELECT id, status FROM messages WHERE channel = 'push'")) == {
        waiting: "queued", under_way: "sending",
    }  # fmt: skip
