"""E-mails as messages: sent once by the ledger, tried again only where they certainly didn't leave."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

import httpx
import pytest
from flask import Flask

from nexapp.messaging.email_outbox import NewEmail, queue_email
from nexapp.messaging.email_sending import settle_emails
from nexapp.spine.jobs import enqueue
from nexapp.spine.tenancy import SYSTEM, Actor

Sql = Callable[..., list[Any]]
Acting = Callable[[Actor], AbstractContextManager[None]]
TO = "ana@example.com"


@pytest.fixture
def letters(phone: httpx.Client) -> Callable[[str], int]:
    phone.delete("/dev/mail/messages")
    return lambda to: len(phone.get("/dev/mail/messages.json", params={"to": to}).json())


def write(acting: Acting, to: str = TO, **more: Any) -> Any:
    with acting(SYSTEM):
        return queue_email(NewEmail(to=to, subject="Hello", text="http://x/l/secret", purpose="sign_in_link", **more))


def test_an_email_leaves_once_and_its_words_are_not_kept(
    acting: Acting, run_jobs: Callable[[], None], letters: Callable[[str], int], owner_sql: Sql
) -> None:
    message_id = write(acting)
    with acting(SYSTEM):
        enqueue("send_email", message_id=str(message_id))  # as if a job were rung for twice
    run_jobs()
    run_jobs()
    assert letters(TO) == 1
    assert owner_sql("SELECT status, attempts, body, html, to_phone FROM messages") == [("sent", 1, "", None, "")]
    assert owner_sql("SELECT kind FROM message_events") == [("sent",)]


def test_a_rollback_sends_nothing(
    acting: Acting, run_jobs: Callable[[], None], letters: Callable[[str], int], owner_sql: Sql
) -> None:
    with suppress(ZeroDivisionError), acting(SYSTEM):
        queue_email(NewEmail(to=TO, subject="Hello", text="x", purpose="sign_in_link"))
        _ = 1 / 0
    run_jobs()
    assert letters(TO) == 0
    assert owner_sql("SELECT count(*) FROM messages") == [(0,)]


def test_a_busy_server_is_asked_three_times_more(acting: Acting, run_jobs: Callable[[], None], owner_sql: Sql) -> None:
    write(acting, "busy@example.com")
    for _ in range(6):
        run_jobs()
        owner_sql("UPDATE background_jobs SET run_at = now() WHERE status = 'queued'")
    assert owner_sql("SELECT status, attempts FROM messages") == [("failed", 4)]
    assert owner_sql("SELECT kind FROM message_events ORDER BY at, id") == [("retrying",)] * 3 + [("failed",)]
    assert owner_sql("SELECT severity FROM system_errors") == [("medium",)]


@pytest.mark.parametrize(("to", "status"), [("refused@example.com", "failed"), ("silent@example.com", "unknown")])
def test_what_is_refused_or_unknown_is_never_sent_again(
    acting: Acting, run_jobs: Callable[[], None], letters: Callable[[str], int], owner_sql: Sql, to: str, status: str
) -> None:
    write(acting, to)
    run_jobs()
    arrived = letters(to)
    with acting(SYSTEM):
        enqueue("settle_emails")
    run_jobs()
    assert owner_sql("SELECT status, attempts, body FROM messages") == [(status, 1, "")]
    assert letters(to) == arrived
    assert owner_sql("SELECT count(*) FROM system_errors") == [(1,)]


def test_a_killed_workers_letter_is_unknown(
    acting: Acting, run_jobs: Callable[[], None], letters: Callable[[str], int], owner_sql: Sql
) -> None:
    write(acting)
    owner_sql("UPDATE messages SET status = 'sending', attempts = 1, lease_until = now() - interval '1 second'")
    with acting(SYSTEM):
        enqueue("settle_emails")
    run_jobs()
    assert owner_sql("SELECT status FROM messages") == [("unknown",)]
    assert letters(TO) == 0


def test_a_letter_without_a_job_gets_one(
    acting: Acting, run_jobs: Callable[[], None], letters: Callable[[str], int], owner_sql: Sql
) -> None:
    write(acting)
    owner_sql("DELETE FROM background_jobs")
    owner_sql("UPDATE messages SET send_at = now() - interval '2 minutes'")
    with acting(SYSTEM):
        enqueue("settle_emails")
    run_jobs()
    assert letters(TO) == 1


def test_a_link_that_lapsed_is_not_sent(
    acting: Acting, run_jobs: Callable[[], None], letters: Callable[[str], int], owner_sql: Sql
) -> None:
    write(acting)
    owner_sql("UPDATE messages SET expires_at = now() - interval '1 second'")
    run_jobs()
    assert owner_sql("SELECT status FROM messages") == [("expired",)]
    assert letters(TO) == 0


def test_the_texts_queue_leaves_emails_alone(acting: Acting, send_texts: Callable[[], None], owner_sql: Sql) -> None:
    write(acting)
    send_texts()
    assert owner_sql("SELECT status, attempts FROM messages") == [("queued", 0)]


def test_no_connection_is_held_while_the_server_is_asked(
    app: Flask, acting: Acting, run_jobs: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nexapp.spine.unit import in_unit

    seen: list[bool] = []

    class Watching:
        def send(self, _email: object) -> None:
            seen.append(in_unit())

    monkeypatch.setitem(app.extensions, "email_gateway", Watching())
    write(acting)
    run_jobs()
    assert seen == [False]


def test_without_a_mail_server_it_says_so(
    app: Flask, acting: Acting, run_jobs: Callable[[], None], owner_sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = app.extensions["settings"].model_copy(update={"mail_url": ""})
    monkeypatch.setitem(app.extensions, "settings", none)
    monkeypatch.setitem(app.extensions, "email_gateway", None)
    write(acting)
    run_jobs()
    [(status, error)] = owner_sql("SELECT status, error FROM messages")
    assert status == "failed"
    assert "MAIL_URL" in error


def test_jobs_for_a_letter_that_waits_do_not_pile_up(
    acting: Acting, run_jobs: Callable[[], None], letters: Callable[[str], int], owner_sql: Sql
) -> None:
    write(acting)
    owner_sql("DELETE FROM background_jobs")
    owner_sql("UPDATE messages SET send_at = now() - interval '5 minutes'")
    with acting(SYSTEM):
        settle_emails()
    with acting(SYSTEM):
        settle_emails()
    assert owner_sql("SELECT count(*) FROM background_jobs WHERE name = 'send_email'") == [(1,)]
    run_jobs()
    assert letters(TO) == 1
