"""The local stand-in for FCM v1: gives tokens to our service account alone, and takes what they are shown with."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from nexapp.gateways.phone.push import Arrivals, Arrived
from nexapp.gateways.phone.server import Request, Response, as_json
from nexapp.gateways.push.vapid import decode

TOKEN_SECONDS = 3600
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What Google's own library names, wherever it is sent for its tokens."""
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class AppPushes:
    def __init__(self, arrivals: Arrivals, credentials: str) -> None:
        self._arrivals = arrivals
        self._account: dict[str, Any] = json.loads(credentials) if credentials.startswith("{") else {}
        self._tokens: dict[str, float] = {}

    async def take(self, request: Request) -> Response:
        if request.path == "/fcm/token":
            return self._give_token(request)
        if request.path == f"/fcm/v1/projects/{self._account.get('project_id')}/messages:send":
            return self._arrivals.count(await self._send(request))
        return _refusal(404, "NOT_FOUND", "Requested entity was not found.")

    def _give_token(self, request: Request) -> Response:
        try:
            self._check_assertion(request.form["assertion"], request.form["grant_type"])
        except (KeyError, ValueError, TypeError, InvalidSignature):
            return as_json({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
        token = token_urlsafe(24)
        self._tokens[token] = time.time() + TOKEN_SECONDS
        return as_json({"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"})

    def _check_assertion(self, assertion: str, grant: str) -> None:
        told, _, signature = assertion.rpartition(".")
        self._public_key().verify(decode(signature), told.encode(), padding.PKCS1v15(), SHA256())
        claims = json.loads(decode(told.partition(".")[2]))
        is_right = grant == GRANT and claims["iss"] == self._account["client_email"] and claims["scope"] == SCOPE
        if not is_right or claims["aud"] not in (AUDIENCE, self._account["token_uri"]) or claims["exp"] < time.time():
            raise ValueError("not for here and now")

    def _public_key(self) -> rsa.RSAPublicKey:
        key = load_pem_private_key(self._account["private_key"].encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("a service account has an RSA key")
        return key.public_key()

    async def _send(self, request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.get(given, 0.0) < time.time():
            return _refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        try:
            message = json.loads(request.body)["message"]
            device = str(message["token"])
            arrived = _arrived(device, message)
        except (ValueError, KeyError, TypeError, AttributeError):
            return _refusal(400, "INVALID_ARGUMENT", "The message can't be read.")
        if "unregistered" in device:
            return _refusal(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED")
        if (fault := await self._arrivals.guarded(device)) is not None:
            return fault
        self._arrivals.keep(arrived)
        return as_json({"name": f"projects/{self._account['project_id']}/messages/{token_urlsafe(9)}"})


def _arrived(device: str, message: dict[str, Any]) -> Arrived:
    shown, data, android = message["notification"], message.get("data", {}), message.get("android", {})
    if not all(isinstance(value, str) for value in data.values()):
        raise ValueError("data holds strings alone")
    return Arrived(
        "fcm", device, shown["title"], shown["body"], data.get("url", ""), data.get("tag", ""),
        android.get("collapse_key", ""), android.get("priority", "NORMAL").lower(),
        int(android.get("ttl", "0s").removesuffix("s")), datetime.now(UTC).isoformat(timespec="milliseconds"),
    )  # fmt: skip


def _refusal(status: int, name: str, message: str, code: str = "") -> Response:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
    return as_json({"error": {"code": status, "message": message, "status": name, "details": details}}, status)
