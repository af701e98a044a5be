"""Businesses, texts and the phone's ledger, for the tests of messaging."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from nexapp.messaging.lanes import OFFERS
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.settings import Settings
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work
from tests.slots.merchant_world import Shop

MakeBusiness = Callable[..., UUID]
Queue = Callable[..., list[UUID]]


@pytest.fixture
def make_business(owner_sql: Callable[..., list[Any]]) -> MakeBusiness:
    def make(name: str = "Downtown Dental", *, cap: int = 2000, zone: str = "America/New_York") -> UUID:
        org_id = new_id()
        owner_sql(
            "INSERT INTO organizations (id, name, slug, time_zone, daily_spend_cap, phone)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            org_id, name, f"b-{org_id}", zone, cap, "+12125550100",
        )  # fmt: skip
        return org_id

    return make


@pytest.fixture
def queue(app: Flask) -> Queue:
    """Write texts as the system; `body` may hold `{n}`. The phone forgets nothing, so each test has its own words."""
    salt = token_hex(4)

    def write(
        count: int = 1,
        *,
        to: str = "+1555123{n:04}",
        body: str = f"Claim now: /c/{salt}-{{n}}",
        lane: int = OFFERS,
        **more: Any,
    ) -> list[UUID]:
        messages = [
            NewMessage(to_phone=to.format(n=n), body=body.format(n=n), purpose="test", lane=lane, **more)
            for n in range(count)
        ]
        with app.app_context(), unit_of_work(SYSTEM):
            return queue_messages(messages)

    return write


@pytest.fixture
def states(owner_sql: Callable[..., list[Any]]) -> Callable[[], dict[str, int]]:
    """How many messages are in which state. A look-up may find a text delivered already: that counts as sent."""
    folded = "CASE status WHEN 'delivered' THEN 'sent' ELSE status END"
    return lambda: dict(owner_sql(f"SELECT {folded}, count(*) FROM messages GROUP BY 1"))


@pytest.fixture
def received(phone: httpx.Client) -> Callable[..., list[dict[str, str]]]:
    """The texts in the phone's own ledger, newest first."""

    def read(to: str = "") -> list[dict[str, str]]:
        found = phone.get("/dev/phone/messages.json", params={"to": to, "limit": 10_000}).json()
        return [message for message in found if message["from"].startswith("+1500555")]

    return read


@pytest.fixture
def sum_up(phone: httpx.Client) -> Callable[[], dict[str, Any]]:
    """What came to the phones since this test began."""

    def count() -> dict[tuple[str, str], int]:
        pairs = phone.get("/dev/phone/ledger.json").json()["pairs"]
        return {(pair["to"], pair["body"]): pair["count"] for pair in pairs}

    before = count()

    def since() -> dict[str, Any]:
        fresh = {pair: times - before.get(pair, 0) for pair, times in count().items()}
        answers = phone.get("/dev/phone/ledger.json").json()["create_answers"]
        return {"messages": sum(fresh.values()), "most": max(fresh.values(), default=0), "create_answers": answers}

    return since


@pytest.fixture
def faults(phone: httpx.Client) -> Callable[..., None]:
    def switch(**wanted: Any) -> None:
        phone.post("/dev/phone/faults", json=wanted).raise_for_status()

    return switch


@pytest.fixture
def until_quiet(app: Flask, send_texts: Callable[[], None], owner_sql: Callable[..., list[Any]]) -> Callable[..., None]:
    """Send, and keep at it as the sweep would, until nothing is queued or under way."""

    def run(seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            send_texts()
            if not owner_sql("SELECT 1 FROM messages WHERE status IN ('queued', 'sending')"):
                return
            time.sleep(0.05)
        raise AssertionError(owner_sql("SELECT status, attempts, error, send_at, now() FROM messages"))

    return run


@pytest.fixture
def with_settings(app: Flask) -> Iterator[Callable[..., None]]:
    """Change settings for one test; the gateway is made anew."""
    before: Settings = app.extensions["settings"]

    def change(**values: Any) -> None:
        app.extensions["settings"] = app.extensions["settings"].model_copy(update=values)
        app.extensions.pop("sms_gateway", None)
        app.extensions.pop("sms_gates", None)

    yield change
    app.extensions["settings"] = before
    app.extensions.pop("sms_gateway", None)
    app.extensions.pop("sms_gates", None)


@dataclass
class Provider:
    """Posts webhooks to the app, signed as the provider signs."""

    app: Flask
    client: FlaskClient
    run_jobs: Callable[[], None]

    def post(self, path: str, params: dict[str, str], *, signature: str | None = None) -> int:
        chosen: Settings = self.app.extensions["settings"]
        genuine = RequestValidator(chosen.twilio_auth_token).compute_signature(f"{chosen.base_url}{path}", params)
        headers = {"X-Twilio-Signature": genuine if signature is None else signature}
        return self.client.post(path, data=params, headers=headers).status_code

    def report(self, sid: str, status: str, *, m: UUID | str = "", code: int | None = None) -> int:
        params = {"MessageSid": sid, "MessageStatus": status, "From": "+15005550006"}
        if code:
            params["ErrorCode"] = str(code)
        answer = self.post(f"/webhooks/twilio/status?m={m}", params)
        self.run_jobs()
        return answer

    def reply(self, body: str, *, person: str = "+15559990001", sid: str = "", **more: str) -> int:
        params = {"MessageSid": sid or f"SM{token_hex(16)}", "From": person, "To": "+15005550006", "Body": body, **more}
        answer = self.post("/webhooks/twilio/inbound", params)
        self.run_jobs()
        return answer


@pytest.fixture
def provider(app: Flask, client: FlaskClient, run_jobs: Callable[[], None]) -> Provider:
    return Provider(app, client, run_jobs)


@pytest.fixture
def shop(app: Flask, owner_sql: Callable[..., list[Any]]) -> Shop:
    return Shop(app, owner_sql)
