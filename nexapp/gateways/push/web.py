"""Web Push: encrypted for the browser, signed as ours, handed to the push service that the browser chose.

The address comes from a browser, which may be anybody's: only https addresses of the public internet are called, and
the name is checked again at each connection. One other address may be named, which is the local stand-in's.
"""

from __future__ import annotations

import json
import threading
from urllib.parse import urlsplit

from nexapp.gateways.push import Address, OutboundPush, PushRefused
from nexapp.gateways.push.answers import error_of, no_answer
from nexapp.gateways.push.vapid import Vapid
from nexapp.gateways.sms.transport import AddressRefused, AnswerLost, Origin, RequestNotSent, Transport
from nexapp.spine.public_addresses import is_public

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
LARGEST = 3900
"""Bytes of content: with what encryption adds, 4,096 must not be passed (RFC 8291)."""


def origin_of(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def may_push_to(endpoint: str, local_origin: str = "") -> bool:
    """Whether an address may be that of a push service. Its name's addresses are checked when it is called."""
    try:
        parts = urlsplit(endpoint)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    if local_origin and origin_of(endpoint) == local_origin:
        return True
    if parts.scheme != "https" or "@" in parts.netloc or port not in (None, 443) or not _is_plain(endpoint):
        return False
    return "." in host and not host.endswith((".local", ".internal", ".localhost")) and _is_public_name(host)


def content_of(content: dict[str, str]) -> bytes:
    """As JSON; a body that is too long is cut, for what it says stands in full where the push leads."""
    told = json.dumps(content, ensure_ascii=False).encode()
    while len(told) > LARGEST and content.get("body"):
        keep = max(0, len(content["body"]) - max(1, (len(told) - LARGEST) // 4))
        content = content | {"body": content["body"][: keep - 1] + "…" if keep > 1 else ""}
        told = json.dumps(content, ensure_ascii=False).encode()
    return told


class WebPushGateway:
    """Thread-safe: kept-alive connections to each push service."""

    def __init__(self, vapid: Vapid, local_origin: str = "") -> None:
        self._vapid = vapid
        self._local_origin = local_origin
        self._transports: dict[str, Transport] = {}
        self._lock = threading.Lock()

    def send(self, address: Address, push: OutboundPush) -> str:
        if not may_push_to(address.endpoint, self._local_origin):
            raise PushRefused("The device's address is none of a push service.")
        origin = origin_of(address.endpoint)
        body = _encrypt(address, content_of(push.content))
        try:
            answer = self._transport(origin).request(
                "POST", address.endpoint[len(origin) :] or "/", self._headers(origin, push), body
            )
        except AddressRefused as error:
            raise PushRefused(str(error)) from None
        except (RequestNotSent, AnswerLost) as error:
            raise no_answer(error) from None
        if answer.status not in (200, 201, 202, 204):
            raise error_of(answer.status, answer.headers, answer.text)
        return answer.headers.get("location", "")

    def _headers(self, origin: str, push: OutboundPush) -> dict[str, str]:
        return {
            "Authorization": self._vapid.authorization(origin),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(push.ttl_seconds),
            "Urgency": push.urgency,
            "Topic": push.topic,
        }

    def _transport(self, origin: str) -> Transport:
        with self._lock:
            if origin not in self._transports:
                may_call = None if origin == self._local_origin else is_public
                self._transports[origin] = Transport(
                    Origin.of(origin), 32, CONNECT_SECONDS, READ_SECONDS, may_call=may_call
                )
            return self._transports[origin]


def _encrypt(address: Address, content: bytes) -> bytes:
    # Here and not above: it brings whole HTTP clients along, which only the process that sends should load.
    from pywebpush import WebPusher, WebPushException

    keys = {"p256dh": address.p256dh, "auth": address.auth}
    try:
        pusher = WebPusher({"endpoint": address.endpoint, "keys": keys})
        return bytes(pusher.encode(content)["body"])
    except (WebPushException, ValueError, TypeError, IndexError) as error:
        raise PushRefused(f"The device's keys can't be used: {error}") from None


def _is_plain(endpoint: str) -> bool:
    return endpoint.isascii() and endpoint.isprintable() and " " not in endpoint


def _is_public_name(host: str) -> bool:
    """A name passes here; an address in its place must be a public one."""
    try:
        return is_public(host)
    except ValueError:
        return any(letter.isalpha() for letter in host.rpartition(".")[2])
