"""The other side of an address: posts bodies as each sender would, signed by its scheme."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from nexapp.slots.booking_systems.addresses import hook_hash, hook_url
from nexapp.slots.booking_systems.models import BookingSystem
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from tests.slots.merchant_world import Shop

KEY = "a key that both sides know"


def soon(hours: int = 48, minutes: int = 0) -> datetime:
    """A full hour that lies ahead."""
    return (now() + timedelta(hours=hours)).replace(minute=minutes, second=0, microsecond=0)


def written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sign(kind: str, key: str, body: bytes, url: str, at: float | None = None) -> dict[str, str]:
    """Written from the senders' documents, apart from the code that checks it."""

    def mac(message: bytes) -> bytes:
        return hmac.new(key.encode(), message, hashlib.sha256).digest()

    if kind == "cal_com":
        return {"X-Cal-Signature-256": mac(body).hex()}
    if kind == "calendly":
        stamp = str(int(at or time.time()))
        return {"Calendly-Webhook-Signature": f"t={stamp},v1={mac(stamp.encode() + b'.' + body).hex()}"}
    if kind == "square":
        return {"x-square-hmacsha256-signature": base64.b64encode(mac(url.encode() + body)).decode()}
    return {"X-Signature": mac(body).hex()}


class Sender:
    def __init__(
        self, app: Flask, shop: Shop, kind: str, *, key: str | None = KEY, run: Callable[[], None], **columns: Any
    ) -> None:
        self.app, self.shop, self.kind, self.key, self.run_jobs = app, shop, kind, key, run
        self.id: UUID = new_id()
        with app.app_context():
            self.token_hash = hook_hash(self.id, 1)
            self.url = hook_url(BookingSystem(id=self.id, generation=1))
        self.path = "/hooks/in/" + self.url.rsplit("/", 1)[1]
        shop.insert(
            "booking_systems", id=self.id, org_id=shop.org_id, kind=kind, name=f"The {kind}",
            token_hash=self.token_hash, signing_key=key, **columns,
        )  # fmt: skip

    def post(self, body: Any, *, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = sign(self.kind, self.key, raw, self.url) if self.key and headers is None else headers or {}
        options = {"content_type": "application/json", **options}
        return self.app.test_client().post(self.path, data=raw, headers=signed, **options)

    def tell(self, kind: str, at: datetime, *, uid: str = "b-1", staff: str = "Dr. Smith", **more: Any) -> TestResponse:
        """Post our own form."""
        booking = {"id": uid, "starts_at": written(at), "minutes": 30, "staff": staff, **more.pop("booking", {})}
        return self.post({"id": str(new_id()), "type": kind, "booking": booking, **more})

    def told(self, kind: str, at: datetime, **more: Any) -> str:
        """Post, let it be handled, and give the outcome of the latest line."""
        assert self.tell(kind, at, **more).status_code == 202
        self.run_jobs()
        return self.outcomes()[-1]

    def outcomes(self) -> list[str]:
        rows = self.shop.sql(
            "SELECT outcome FROM booking_deliveries WHERE booking_system_id = %s ORDER BY created_at, id", self.id
        )
        return [row[0] for row in rows]

    def reasons(self) -> list[str | None]:
        rows = self.shop.sql(
            "SELECT reason FROM booking_deliveries WHERE booking_system_id = %s ORDER BY created_at, id", self.id
        )
        return [row[0] for row in rows]


def slots_at(shop: Shop, at: datetime) -> list[tuple[str, str]]:
    """State and source of the business's slots that begin then."""
    rows = shop.sql(
        "SELECT status, source FROM slots WHERE org_id = %s AND starts_at = %s ORDER BY created_at", shop.org_id, at
    )
    return [(row[0], row[1]) for row in rows]
