"""E-mails as messages: a queue of their own, sent once, kept while the mail server is away."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import Any

import httpx
import pytest
from flask import Flask

from nexapp.gateways.email import EmailNotBegun, OutboundEmail
from nexapp.messaging.email_outbox import NewEmail, queue_email
from nexapp.messaging.email_sending import EmailDrain
from nexapp.spine.db import db
from nexapp.spine.jobs.sweep import sweep
from nexapp.spine.tenancy import SYSTEM, Actor
from tests.blackbox import eventually
from tests.messaging.mail_servers import StrangeServer, strange_server

Sql = Callable[..., list[Any]]
Acting = Callable[[Actor], AbstractContextManager[None]]
Send = Callable[[], None]
TO = "ana@example.com"
PATIENCE = 60


@pytest.fixture
def letters(phone: httpx.Client) -> Callable[[str], int]:
    phone.delete("/dev/mail/messages")
    return lambda to: len(phone.get("/dev/mail/messages.json", params={"to": to}).json())


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[StrangeServer]:
    with strange_server() as found:
        monkeypatch.setitem(app.extensions, "email_gateway", found.gateway())
        yield found


def write(acting: Acting, to: str = TO, subject: str = "Hello", **more: Any) -> Any:
    with acting(SYSTEM):
        return queue_email(NewEmail(to=to, subject=subject, text="http://x/l/secret", purpose="sign_in_link", **more))


def states(sql: Sql) -> Counter[str]:
    return Counter(row[0] for row in sql("SELECT status FROM messages"))


def drain_until(app: Flask, drain: EmailDrain, done: Callable[[], bool], what: str) -> None:
    def try_again() -> bool:
        with app.app_context():
            drain.drain(lambda: False)
        return done()

    eventually(try_again, PATIENCE, what)


def test_an_email_leaves_once_and_its_words_are_not_kept(
    acting: Acting, send_emails: Send, letters: Callable[[str], int], owner_sql: Sql
) -> None:
    write(acting)
    send_emails()
    send_emails()
    assert letters(TO) == 1
    assert owner_sql("SELECT status, attempts, body, html, to_phone FROM messages") == [("sent", 1, "", None, "")]
    assert owner_sql("SELECT kind FROM message_events") == [("sent",)]


def test_a_rollback_sends_nothing(
    acting: Acting, send_emails: Send, letters: Callable[[str], int], owner_sql: Sql
) -> None:
    with suppress(ZeroDivisionError), acting(SYSTEM):
        queue_email(NewEmail(to=TO, subject="Hello", text="x", purpose="sign_in_link"))
        _ = 1 / 0
    send_emails()
    assert letters(TO) == 0
    assert owner_sql("SELECT count(*) FROM messages") == [(0,)]


def test_a_busy_mailbox_is_asked_again_with_growing_waits(acting: Acting, send_emails: Send, owner_sql: Sql) -> None:
    write(acting, "busy@example.com")
    waits = []
    for _ in range(10):
        send_emails()
        waits += owner_sql("SELECT details -> 'wait_seconds' FROM message_events ORDER BY at DESC, id DESC LIMIT 1")
        owner_sql("UPDATE messages SET send_at = now() WHERE status = 'queued'")
    assert [row[0] for row in waits] == [1, 3, 9, 30, 60, 300, 900, 1800, 1800, 1800]
    assert owner_sql("SELECT status, attempts FROM messages") == [("queued", 10)]
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_after_a_day_it_is_given_up_and_shown(acting: Acting, send_emails: Send, owner_sql: Sql) -> None:
    write(acting, "busy@example.com")
    owner_sql("UPDATE messages SET created_at = now() - interval '24 hours'")
    send_emails()
    assert owner_sql("SELECT status, attempts, body FROM messages") == [("failed", 1, "")]
    assert owner_sql("SELECT severity FROM system_errors") == [("medium",)]


@pytest.mark.parametrize(("to", "status"), [("refused@example.com", "failed"), ("silent@example.com", "unknown")])
def test_what_is_refused_or_unknown_is_never_sent_again(
    acting: Acting, send_emails: Send, letters: Callable[[str], int], owner_sql: Sql, to: str, status: str
) -> None:
    write(acting, to)
    send_emails()
    arrived = letters(to)
    send_emails()
    assert owner_sql("SELECT status, attempts, body FROM messages") == [(status, 1, "")]
    assert letters(to) == arrived
    assert owner_sql("SELECT count(*) FROM system_errors") == [(1,)]


def test_one_bad_address_holds_up_nobody(
    acting: Acting, send_emails: Send, owner_sql: Sql, phone: httpx.Client
) -> None:
    for to in ("refused@example.com", "busy@example.com", "silent@example.com", TO, "two@example.com"):
        write(acting, to)
    send_emails()
    assert states(owner_sql) == {"failed": 1, "queued": 1, "unknown": 1, "sent": 2}


def test_while_the_server_is_down_letters_wait_and_one_finds_out_for_all(
    app: Flask, acting: Acting, owner_sql: Sql, server: StrangeServer
) -> None:
    for number in range(30):
        write(acting, f"p{number}@example.com", f"Letter {number}")
    server.close()
    drain = EmailDrain()
    with app.app_context():
        assert drain.drain(lambda: False) is False
        assert drain.drain(lambda: False) is False  # it rests
    assert states(owner_sql) == {"queued": 30}
    tried = owner_sql("SELECT count(*) FROM messages WHERE attempts > 0")[0][0]
    assert 1 <= tried <= 8
    again = StrangeServer(server.port)
    try:
        drain_until(app, drain, lambda: states(owner_sql) == {"sent": 30}, "all letters once the server is back")
    finally:
        again.close()
    assert sorted(again.subjects) == sorted(f"Letter {number}" for number in range(30))


def test_the_operator_hears_of_a_server_that_stays_away(
    app: Flask, acting: Acting, owner_sql: Sql, server: StrangeServer
) -> None:
    write(acting)
    server.close()
    drain = EmailDrain()

    def is_known() -> bool:
        owner_sql("UPDATE messages SET send_at = now() WHERE status = 'queued'")
        return owner_sql("SELECT message FROM system_errors") != []

    drain_until(app, drain, is_known, "the error")
    assert states(owner_sql) == {"queued": 1}
    [(message,)] = owner_sql("SELECT message FROM system_errors")
    assert message.startswith("The mail server is away")


@pytest.mark.parametrize("step", ["connect", "mail", "rcpt", "data"])
def test_a_server_that_hangs_before_the_end_loses_nothing(
    app: Flask, acting: Acting, owner_sql: Sql, server: StrangeServer, step: str
) -> None:
    for number in range(4):
        write(acting, f"p{number}@example.com", f"Letter {number}")
    server.hangs_at = step
    drain = EmailDrain()
    with app.app_context():
        drain.drain(lambda: False)
    assert states(owner_sql) == {"queued": 4}
    server.hangs_at = None
    drain_until(app, drain, lambda: states(owner_sql) == {"sent": 4}, "all letters")
    assert sorted(server.subjects) == [f"Letter {number}" for number in range(4)]


def test_a_server_that_hangs_at_the_end_gets_no_second_copy(
    app: Flask, acting: Acting, owner_sql: Sql, server: StrangeServer
) -> None:
    write(acting)
    server.hangs_at = "end"
    drain = EmailDrain()
    with app.app_context():
        drain.drain(lambda: False)
    assert states(owner_sql) == {"unknown": 1}
    server.hangs_at = None
    write(acting, subject="Another")
    drain_until(app, drain, lambda: states(owner_sql) == {"unknown": 1, "sent": 1}, "the other letter")
    assert server.subjects == ["Another"]


@pytest.mark.parametrize(("had_begun", "status", "arrives"), [(False, "sent", 1), (True, "unknown", 0)])
def test_what_a_killed_worker_had_not_begun_is_sent_and_the_rest_is_unknown(
    acting: Acting, send_emails: Send, letters: Callable[[str], int], owner_sql: Sql,
    had_begun: bool, status: str, arrives: int,
) -> None:  # fmt: skip
    write(acting)
    owner_sql(
        "UPDATE messages SET status = 'sending', attempts = 1, leased_by = 'dead',"
        " lease_until = now() - interval '1 second', uncertain_since = CASE WHEN %s THEN now() END", had_begun,
    )  # fmt: skip
    send_emails()
    assert owner_sql("SELECT status, body FROM messages") == [(status, "")]
    assert letters(TO) == arrives
    assert owner_sql("SELECT count(*) FROM system_errors") == [(int(had_begun),)]


def test_the_sweep_finds_what_a_dead_worker_left(app: Flask, acting: Acting, owner_sql: Sql) -> None:
    write(acting)
    owner_sql("UPDATE messages SET status = 'sending', lease_until = now() - interval '1 second'")
    with app.app_context():
        app.extensions["redis"].delete("bell:emails")
        sweep()
        assert app.extensions["redis"].exists("bell:emails")
    assert states(owner_sql) == {"queued": 1}


def test_a_worker_that_stood_still_hands_nothing_over(
    app: Flask, acting: Acting, send_emails: Send, owner_sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    class Slow:
        def send(self, email: OutboundEmail, begin: Callable[[], bool]) -> None:
            # Meanwhile another worker took the letter over.
            owner_sql("UPDATE messages SET leased_by = 'another'")
            if not begin():
                raise EmailNotBegun
            taken.append(email.subject)

    monkeypatch.setitem(app.extensions, "email_gateway", Slow())
    write(acting)
    send_emails()
    assert taken == []
    assert owner_sql("SELECT status, leased_by FROM messages") == [("sending", "another")]


def test_two_workers_send_each_letter_once(app: Flask, acting: Acting, owner_sql: Sql, server: StrangeServer) -> None:
    for number in range(40):
        write(acting, f"p{number}@example.com", f"Letter {number}")

    def work() -> None:
        with app.app_context():
            EmailDrain().drain(lambda: False)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert states(owner_sql) == {"sent": 40}
    assert Counter(server.subjects) == Counter({f"Letter {number}": 1 for number in range(40)})


def test_a_link_to_sign_in_goes_before_notices(
    acting: Acting, send_emails: Send, owner_sql: Sql, server: StrangeServer
) -> None:
    for number in range(20):
        write(acting, f"p{number}@example.com", f"Notice {number}")
    owner_sql("UPDATE messages SET lane = 2, send_at = now() - interval '1 hour'")
    write(acting, subject="Sign in")
    send_emails()
    assert server.subjects.index("Sign in") < 8  # beside the first that were under way at once
    assert len(server.subjects) == 21


def test_a_link_that_lapsed_is_not_sent(
    acting: Acting, send_emails: Send, letters: Callable[[str], int], owner_sql: Sql
) -> None:
    write(acting)
    owner_sql("UPDATE messages SET expires_at = now() - interval '1 second'")
    send_emails()
    assert owner_sql("SELECT status, body FROM messages") == [("expired", "")]
    assert letters(TO) == 0


def test_the_other_queues_leave_emails_alone(
    acting: Acting, send_texts: Send, run_jobs: Callable[[], None], owner_sql: Sql
) -> None:
    write(acting)
    send_texts()
    run_jobs()
    assert owner_sql("SELECT status, attempts FROM messages") == [("queued", 0)]


def test_no_connection_is_held_while_the_server_is_asked(
    app: Flask, acting: Acting, send_emails: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        pool: Any = db.engine.pool
    seen: list[str] = []

    class Watching:
        def send(self, email: OutboundEmail, begin: Callable[[], bool]) -> None:
            assert begin()
            eventually(lambda: pool.checkedout() == 0, PATIENCE, "no connection held")
            seen.append(email.subject)

    monkeypatch.setitem(app.extensions, "email_gateway", Watching())
    write(acting)
    send_emails()
    assert seen == ["Hello"]


def test_a_letter_that_cannot_be_written_fails_alone(
    acting: Acting, send_emails: Send, owner_sql: Sql, server: StrangeServer
) -> None:
    write(acting, "not an address\r\nBcc: eve@example.com")
    write(acting)
    send_emails()
    assert states(owner_sql) == {"failed": 1, "sent": 1}
    assert server.subjects == ["Hello"]


def test_without_a_mail_server_it_says_so(
    app: Flask, acting: Acting, send_emails: Send, owner_sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = app.extensions["settings"].model_copy(update={"mail_url": ""})
    monkeypatch.setitem(app.extensions, "settings", none)
    monkeypatch.setitem(app.extensions, "email_gateway", None)
    write(acting)
    send_emails()
    [(status, error)] = owner_sql("SELECT status, error FROM messages")
    assert status == "failed"
    assert "MAIL_URL" in error
