"""The local push service: takes Web Push as browsers' services do, checks who signed, and really decrypts.

Its devices are those of `push.practice`. A device whose token holds `gone` has unsubscribed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from secrets import token_urlsafe
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from nexapp.gateways.phone.faults import Refusing
from nexapp.gateways.phone.page import as_page, load_templates
from nexapp.gateways.phone.server import HANG_UP, Request, Response, as_json
from nexapp.gateways.push.practice import PATH, practice_keys
from nexapp.gateways.push.vapid import decode

LARGEST = 4096
LONGEST_TOKEN_SECONDS = 24 * 3600
KEPT = 500
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Arrived:
    """One push as the device got it. `kind` is web or fcm."""

    kind: str
    device: str
    title: str
    body: str
    url: str
    tag: str
    topic: str
    urgency: str
    ttl: int
    arrived_at: str


@dataclass(slots=True)
class PushFaults(Refusing):
    """`hang` seconds pass before any answer."""

    hang: float = 0.0
    drop: bool = False


class Refused(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Arrivals:
    """What came to the devices, newest first; a push replaces the one with the same topic, as on a screen."""

    def __init__(self) -> None:
        self.faults = PushFaults()
        self.answers: dict[int, int] = {}
        self._kept: deque[Arrived] = deque(maxlen=KEPT)
        self._templates = load_templates()

    async def guarded(self, device: str) -> Response | None:
        """What the faults make of a push; None: it may go on."""
        if self.faults.hang:
            await asyncio.sleep(self.faults.hang)
        if self.faults.drop:
            return HANG_UP
        if self.faults.takes_status():
            wait = self.faults.retry_after
            return Response(self.faults.status or 500, headers={} if wait is None else {"Retry-After": f"{wait:g}"})
        return Response(410) if "gone" in device else None

    def keep(self, arrived: Arrived) -> None:
        self._kept.appendleft(arrived)

    def count(self, response: Response) -> Response:
        status = 0 if response.hang_up else response.status
        self.answers[status] = self.answers.get(status, 0) + 1
        return response

    def show(self, _request: Request) -> Response:
        return as_page(self._templates.get_template("push.html").render(pushes=list(self._kept)[:SHOWN]))

    def list_messages(self, request: Request) -> Response:
        """Newest first."""
        device = request.query.get("device", "")
        return as_json([asdict(push) for push in self._kept if not device or push.device == device])

    def sum_up(self, _request: Request) -> Response:
        return as_json({"answers": self.answers, "faults": asdict(self.faults)})

    def forget(self, _request: Request) -> Response:
        self._kept.clear()
        self.answers.clear()
        return Response(204)

    def set_faults(self, request: Request) -> Response:
        try:
            self.faults.change(request.fields())
        except ValueError as error:
            return as_json({"error": str(error)}, 422)
        return as_json(asdict(self.faults))

    def reset_faults(self, _request: Request) -> Response:
        self.faults = PushFaults()
        return as_json(asdict(self.faults))


class PushService:
    """`known_key` is the public key that its devices subscribed with; empty: any."""

    def __init__(self, arrivals: Arrivals, secret: str, known_key: str) -> None:
        self._arrivals = arrivals
        self._secret = secret
        self._known_key = known_key

    async def take(self, request: Request) -> Response:
        device = request.path.removeprefix(PATH)
        return self._arrivals.count(await self._arrivals.guarded(device) or self._answer(request, device))

    def _answer(self, request: Request, device: str) -> Response:
        try:
            self._check(request)
            content = self._decrypt(request, device)
        except Refused as refusal:
            return Response(refusal.status, str(refusal).encode(), "text/plain")
        self._arrivals.keep(_arrived("web", device, content, request.headers))
        return Response(201, headers={"Location": f"/push/messages/{token_urlsafe(9)}"})

    def _check(self, request: Request) -> None:
        check_signature(request.headers.get("authorization", ""), request.headers.get("host", ""), self._known_key)
        if not request.headers.get("ttl", "").isdigit():
            raise Refused(400, "TTL is missing.")
        if request.headers.get("content-encoding") != "aes128gcm":
            raise Refused(415, "Content-Encoding is not aes128gcm.")
        if len(request.body) > LARGEST:
            raise Refused(413, f"More than {LARGEST} bytes.")
        if len(request.headers.get("topic", "")) > 32:
            raise Refused(400, "The topic is too long.")

    def _decrypt(self, request: Request, device: str) -> dict[str, str]:
        import http_ece

        key, auth = practice_keys(self._secret, device)
        try:
            plain = http_ece.decrypt(request.body, private_key=key, auth_secret=auth, version="aes128gcm")
            told = json.loads(plain)
        except Exception as error:
            # The device would drop it in silence; here one wants to know.
            raise Refused(400, f"The device can't read it: {type(error).__name__}.") from None
        return {str(name): str(value) for name, value in told.items()}


def check_signature(header: str, host: str, known_key: str) -> None:
    """Raises `Refused` unless the token is signed by the key it names, for us, for a day at most."""
    scheme, _, rest = header.partition(" ")
    given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme.lower() != "vapid" or not {"t", "k"} <= set(given):
        raise Refused(401, "There is no VAPID token.")
    if known_key and given["k"] != known_key:
        raise Refused(403, "The device subscribed with another key.")
    try:
        told, _, signature = given["t"].rpartition(".")
        _verify(decode(given["k"]), told, decode(signature))
        claims = json.loads(decode(told.partition(".")[2]))
        left = claims["exp"] - time.time()
        is_ours = urlsplit(claims["aud"]).netloc == host and claims["sub"].startswith(("mailto:", "https:"))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature) as error:
        raise Refused(403, f"The VAPID token is not genuine: {type(error).__name__}.") from None
    if not is_ours or not 0 < left <= LONGEST_TOKEN_SECONDS:
        raise Refused(403, "The VAPID token is not for here and now.")


def _verify(point: bytes, told: str, signature: bytes) -> None:
    if len(signature) != 64:
        raise ValueError("an ES256 signature has 64 bytes")
    pair = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    key.verify(pair, told.encode(), ec.ECDSA(SHA256()))


def _arrived(kind: str, device: str, content: dict[str, str], headers: dict[str, str]) -> Arrived:
    return Arrived(
        kind, device, content.get("title", ""), content.get("body", ""), content.get("url", ""),
        content.get("tag", ""), headers.get("topic", ""), headers.get("urgency", "normal"), int(headers["ttl"]),
        datetime.now(UTC).isoformat(timespec="milliseconds"),
    )  # fmt: skip
