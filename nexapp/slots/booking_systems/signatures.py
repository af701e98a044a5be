"""How each sender signs, checked over the bytes that came in.

The schemes are the senders' own; `docs/booking-systems.md` tells where each is documented.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

CALENDLY_TOLERANCE_SECONDS = 180


def is_genuine(kind: str, key: str, headers: Mapping[str, str], body: bytes, *, url: str, at: float) -> bool:
    """Whether the sender of `kind` signed this body with `key`; `at` is the time now, in seconds."""
    if kind == "cal_com":
        return _same(_hex(key, body), _bare(headers.get("X-Cal-Signature-256", "")))
    if kind == "calendly":
        return _calendly(key, headers.get("Calendly-Webhook-Signature", ""), body, at)
    if kind == "square":
        expected = base64.b64encode(_digest(key, url.encode() + body)).decode()
        return _same(expected, headers.get("X-Square-Hmacsha256-Signature", ""))
    return _same(_hex(key, body), _bare(headers.get("X-Signature", "")))


def _calendly(key: str, header: str, body: bytes, at: float) -> bool:
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    stamp = parts.get("t", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        return False
    if abs(at - int(stamp)) > CALENDLY_TOLERANCE_SECONDS:
        return False
    return _same(_hex(key, stamp.encode() + b"." + body), parts.get("v1", ""))


def _bare(signature: str) -> str:
    return signature.strip().removeprefix("sha256=").lower()


def _hex(key: str, message: bytes) -> str:
    return _digest(key, message).hex()


def _digest(key: str, message: bytes) -> bytes:
    return hmac.digest(key.encode(), message, hashlib.sha256)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())
