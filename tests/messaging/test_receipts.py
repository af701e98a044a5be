"""Status reports: signed, stored once, and only ever forward."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from secrets import token_hex
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from nexapp.messaging.lanes import CODES
from nexapp.messaging.states import FINAL
from tests.messaging.conftest import Provider, Queue

Sql = Callable[..., list[Any]]
SID = "SM" + "a" * 32


def sent_message(queue: Queue, owner_sql: Sql, sid: str = SID, **more: Any) -> Any:
    [message_id] = queue(1, **more)
    owner_sql(
        "UPDATE messages SET status = 'sent', provider_sid = %s, attempts = 1, sent_at = now() WHERE id = %s",
        sid, message_id,
    )  # fmt: skip
    return message_id


@pytest.mark.parametrize("signature", ["", "forged", "é"])
def test_a_forged_report_changes_nothing(
    signature: str, provider: Provider, queue: Queue, owner_sql: Sql, run_jobs: Any
) -> None:
    message_id = sent_message(queue, owner_sql)
    params = {"MessageSid": SID, "MessageStatus": "delivered"}
    assert provider.post(f"/webhooks/twilio/status?m={message_id}", params, signature=signature) == 403
    run_jobs()
    assert owner_sql("SELECT status FROM messages") == [("sent",)]
    assert owner_sql("SELECT count(*) FROM webhook_events") == [(0,)]
    assert owner_sql("SELECT count(*) FROM background_jobs") == [(0,)]


def test_a_signature_for_another_address_is_refused(provider: Provider, queue: Queue, owner_sql: Sql) -> None:
    message_id = sent_message(queue, owner_sql)
    params = {"MessageSid": SID, "MessageStatus": "delivered"}
    assert provider.post("/webhooks/twilio/status", params) == 204
    chosen = provider.app.extensions["settings"]
    other = RequestValidator(chosen.twilio_auth_token).compute_signature(
        f"{chosen.base_url}/webhooks/twilio/inbound", params
    )
    assert provider.post(f"/webhooks/twilio/status?m={message_id}", params, signature=other) == 403


def test_a_report_without_an_id_is_refused(provider: Provider) -> None:
    assert provider.post("/webhooks/twilio/status", {"MessageStatus": "sent"}) == 422
    assert provider.post("/webhooks/twilio/inbound", {"Body": "STOP"}) == 422


def test_whatever_the_order_messages_move_forward_only(
    provider: Provider, queue: Queue, owner_sql: Sql, run_jobs: Any
) -> None:
    """Every order of four reports, one message for each."""
    orders = dict(zip(queue(24), permutations(["queued", "sent", "delivered", "undelivered"]), strict=True))
    owner_sql("UPDATE messages SET status = 'sent', provider_sid = 'SM' || id, attempts = 1")
    for step in range(4):
        for message_id, order in orders.items():
            params = {"MessageSid": f"SM{message_id}", "MessageStatus": order[step]}
            assert provider.post(f"/webhooks/twilio/status?m={message_id}", params) == 204
        run_jobs()
        states = dict(owner_sql("SELECT id, status FROM messages"))
        for message_id, order in orders.items():
            news = [status for status in order[: step + 1] if status in ("delivered", "undelivered")]
            assert states[message_id] == (news[0] if news else "sent"), order


def test_final_states_ignore_later_reports(provider: Provider, queue: Queue, owner_sql: Sql, run_jobs: Any) -> None:
    for message_id, state in zip(queue(len(FINAL)), FINAL, strict=True):
        owner_sql("UPDATE messages SET status = %s, provider_sid = %s WHERE id = %s", state, state, message_id)
    for state in FINAL:
        for status in ("sent", "delivered", "undelivered", "failed"):
            provider.post("/webhooks/twilio/status", {"MessageSid": state, "MessageStatus": status})
    run_jobs()
    assert owner_sql("SELECT count(*) FROM messages WHERE status <> provider_sid") == [(0,)]


def test_a_repeated_report_is_stored_and_handled_once(provider: Provider, queue: Queue, owner_sql: Sql) -> None:
    sent_message(queue, owner_sql)
    for _ in range(3):
        assert provider.report(SID, "undelivered", code=30005) == 204
    assert owner_sql("SELECT count(*) FROM webhook_events WHERE handled_at IS NOT NULL") == [(1,)]
    assert owner_sql("SELECT kind FROM message_events") == [("undelivered",)]
    assert owner_sql("SELECT kind, severity, count FROM system_errors") == [("sms_failed", "medium", 1)]
    assert owner_sql("SELECT error_code, error FROM messages") == [(30005, "This number is not in service.")]


def test_a_report_that_comes_before_the_answer_settles_the_message(
    provider: Provider, queue: Queue, until_quiet: Any, owner_sql: Sql, sum_up: Any
) -> None:
    """The worker died, or the line; the provider's report names our own id."""
    [message_id] = queue(1)
    owner_sql(
        "UPDATE messages SET status = 'sending', attempts = 1, attempted_at = now(), leased_by = 'dead',"
        " lease_until = now() + interval '1 minute'"
    )
    sid = f"SM{token_hex(16)}"
    provider.report(sid, "sent", m=message_id)
    assert owner_sql("SELECT status, provider_sid, lease_until FROM messages") == [("sent", sid, None)]
    until_quiet()
    assert sum_up()["messages"] == 0


@pytest.mark.parametrize("state", ["queued", "unknown"])
def test_a_late_report_settles_what_was_given_up_or_waits_for_a_second_try(
    state: str, provider: Provider, queue: Queue, until_quiet: Any, owner_sql: Sql, sum_up: Any
) -> None:
    [message_id] = queue(1)
    owner_sql("UPDATE messages SET status = %s, attempts = 1", state)
    provider.report(SID, "delivered", m=message_id)
    until_quiet()
    assert owner_sql("SELECT status, provider_sid FROM messages") == [("delivered", SID)]
    assert sum_up()["messages"] == 0


def test_a_worker_whose_report_came_first_changes_nothing(
    provider: Provider, queue: Queue, send_texts: Any, owner_sql: Sql, faults: Any, received: Any
) -> None:
    faults(callbacks=False)
    [message_id] = queue(1, to="+15551239876")
    send_texts()
    sid = received("+15551239876")[0]["sid"]
    provider.report(sid, "delivered", m=message_id)
    provider.report(sid, "sent", m=message_id)
    assert owner_sql("SELECT status, provider_sid FROM messages") == [("delivered", sid)]
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_a_second_text_of_the_provider_is_shown(provider: Provider, queue: Queue, owner_sql: Sql) -> None:
    message_id = sent_message(queue, owner_sql)
    provider.report("SM" + "b" * 32, "delivered", m=message_id)
    assert owner_sql("SELECT status, provider_sid FROM messages") == [("sent", SID)]
    assert owner_sql("SELECT severity FROM system_errors") == [("critical",)]


def test_reports_of_nobodys_texts_do_no_harm(provider: Provider, owner_sql: Sql) -> None:
    assert provider.report("SM" + "c" * 32, "delivered", m="not-an-id") == 204
    assert owner_sql("SELECT status FROM background_jobs") == [("succeeded",)]


def test_21610_in_a_report_opts_out(provider: Provider, queue: Queue, owner_sql: Sql) -> None:
    sent_message(queue, owner_sql, to="+15559990017")
    provider.report(SID, "failed", code=21610)
    assert owner_sql("SELECT phone FROM consumers WHERE opted_out_at IS NOT NULL") == [("+15559990017",)]


def test_the_words_of_a_code_go_once_it_is_final(provider: Provider, queue: Queue, owner_sql: Sql) -> None:
    sent_message(queue, owner_sql, body="Your code is 123456", lane=CODES)
    provider.report(SID, "delivered")
    assert owner_sql("SELECT body FROM messages") == [("",)]
