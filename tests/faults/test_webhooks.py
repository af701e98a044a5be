"""The provider's reports: signed or refused, and never a step back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, Phone, eventually, sql
from tests.crowd import Person, join_list

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Webhook Salon")


@pytest.fixture
def person(merchant: Merchant) -> Person:
    merchant.empty_list()
    return join_list(merchant, 1)[0]


def message_to(stack: Stack, person: Person) -> Any:
    return sql(stack, "SELECT * FROM messages WHERE to_phone = %s ORDER BY created_at DESC", person.phone)[0]


def texted(stack: Stack, merchant: Merchant, person: Person, status: str = "delivered") -> Any:
    """The row of a text that the provider has taken as far as `status`."""
    merchant.open_slot()
    eventually(lambda: message_to(stack, person).status == status, 15, f"the text is {status}")
    return message_to(stack, person)


def report(stack: Stack, row: Any, status: str, **changes: str) -> dict[str, str]:
    sid = row.provider_sid or "SM" + "0" * 32
    return {
        "AccountSid": stack.environment["TWILIO_ACCOUNT_SID"], "MessageSid": sid, "SmsSid": sid, "To": row.to_phone,
        "From": "+15005550006", "MessageStatus": status, "SmsStatus": status, "ApiVersion": "2010-04-01", **changes,
    }  # fmt: skip


def send(
    stack: Stack, path: str, fields: dict[str, str], *, token: str | None = None, signed_path: str | None = None
) -> httpx.Response:
    """Signed as Twilio does; by another token, for another address, or (token "") not at all."""
    key = stack.environment["TWILIO_AUTH_TOKEN"] if token is None else token
    headers = {}
    if key:
        headers["X-Twilio-Signature"] = RequestValidator(key).compute_signature(
            stack.url + (signed_path or path), fields
        )
    return httpx.post(stack.url + path, data=fields, headers=headers, timeout=10, trust_env=False)


def stored(stack: Stack) -> int:
    return sql(stack, "SELECT count(*) AS n FROM webhook_events")[0].n


def await_handled(stack: Stack, seconds: float = 10) -> None:
    def idle() -> bool:
        return not sql(stack, "SELECT 1 FROM webhook_events WHERE handled_at IS NULL")

    eventually(idle, seconds, "every stored event is handled")


def test_unsigned_and_forged_reports_are_refused_and_change_nothing(
    stack: Stack, merchant: Merchant, person: Person, phone: Phone
) -> None:
    phone.fail(callbacks=False)
    row = texted(stack, merchant, person, "sent")
    path = f"/webhooks/twilio/status?m={row.id}"
    fields = report(stack, row, "failed", ErrorCode="30003")
    before = stored(stack)

    refused = [
        send(stack, path, fields, token=""),
        send(stack, path, fields, token="not-the-token"),
        send(stack, path, fields, signed_path="/webhooks/twilio/status"),
        send(stack, path, fields, signed_path="/webhooks/twilio/inbound"),
        httpx.post(stack.url + path, data=fields, headers={"X-Twilio-Signature": "é".encode()}, trust_env=False),
    ]
    signature = RequestValidator(stack.environment["TWILIO_AUTH_TOKEN"]).compute_signature(stack.url + path, fields)
    altered = {**fields, "MessageStatus": "undelivered"}
    refused.append(
        httpx.post(stack.url + path, data=altered, headers={"X-Twilio-Signature": signature}, trust_env=False)
    )

    assert [answer.status_code for answer in refused] == [403] * 6
    assert stored(stack) == before
    assert message_to(stack, person).status == "sent"


def test_forged_stop_opts_nobody_out_and_a_real_one_does(
    stack: Stack, merchant: Merchant, person: Person, phone: Phone
) -> None:
    row = texted(stack, merchant, person)
    fields = {"MessageSid": "SM" + "f" * 32, "From": person.phone, "To": "+15005550006", "Body": "STOP"}
    before = stored(stack)

    assert send(stack, "/webhooks/twilio/inbound", fields, token="").status_code == 403
    assert send(stack, "/webhooks/twilio/inbound", fields, token="not-the-token").status_code == 403
    assert stored(stack) == before
    assert opted_out(stack, person) is None

    assert phone.reply(row.to_phone, "Stop.") in (200, 204)
    eventually(lambda: opted_out(stack, person), 10, "the real STOP counts")


def opted_out(stack: Stack, person: Person) -> Any:
    return sql(stack, "SELECT opted_out_at FROM consumers WHERE id = %s", person.consumer_id)[0].opted_out_at


def test_the_phones_own_reports_land(stack: Stack, merchant: Merchant, person: Person, phone: Phone) -> None:
    row = texted(stack, merchant, person)
    await_handled(stack)
    (text,) = phone.texts(person.phone)

    assert (row.provider_sid, text["status"]) == (text["sid"], "delivered")
    assert row.delivered_at is not None


def test_repeated_and_late_reports_change_nothing(
    stack: Stack, merchant: Merchant, person: Person, phone: Phone
) -> None:
    row = texted(stack, merchant, person)
    await_handled(stack)
    path = f"/webhooks/twilio/status?m={row.id}"
    before, happened = stored(stack), events(stack, row)

    for status in ("delivered", "delivered", "sent", "queued", "failed", "undelivered"):
        assert send(stack, path, report(stack, row, status)).status_code in (200, 204)
    await_handled(stack)

    assert message_to(stack, person) == row
    assert events(stack, row) == happened
    # `delivered` and `sent` are known from the phone itself; the rest is stored, once each.
    assert stored(stack) - before <= 3


def events(stack: Stack, row: Any) -> list[str]:
    return [e.kind for e in sql(stack, "SELECT kind FROM message_events WHERE message_id = %s ORDER BY at, id", row.id)]


def test_reports_for_unknown_messages_are_taken_and_ignored(stack: Stack, merchant: Merchant, person: Person) -> None:
    row = texted(stack, merchant, person)
    stranger = report(stack, row, "failed", MessageSid="SM" + "e" * 32, SmsSid="SM" + "e" * 32)
    unknown = "/webhooks/twilio/status?m=00000000-0000-7000-8000-000000000000"

    for path in (unknown, "/webhooks/twilio/status?m=nonsense", "/webhooks/twilio/status"):
        assert send(stack, path, stranger).status_code in (200, 204)
    await_handled(stack)
    assert message_to(stack, person) == row
