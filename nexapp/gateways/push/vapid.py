"""VAPID (RFC 8292): we tell push services who we are by a signed token, and browsers by our public key."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TOKEN_SECONDS = 12 * 3600
"""Push services take tokens of up to 24 hours."""


def encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(value: str) -> bytes:
    """Base64 for addresses, padded or not. Raises `ValueError`."""
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


def new_private_key() -> str:
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return encode(number.to_bytes(32, "big"))


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(slots=True)
class Vapid:
    """Thread-safe. Tokens are signed once for each push service and kept for half their time."""

    key: ec.EllipticCurvePrivateKey
    subject: str
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, private_key: str, subject: str) -> Vapid:
        """Raises `ValueError` for what is no key of 32 bytes in base64url."""
        raw = decode(private_key)
        if len(raw) != 32:
            raise ValueError("a VAPID key has 32 bytes")
        return cls(ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1()), subject)

    @property
    def public_key(self) -> str:
        """What browsers subscribe with (`applicationServerKey`)."""
        return encode(point_of(self.key))

    def authorization(self, audience: str) -> str:
        """The header for a push service at this origin."""
        with self._lock:
            until, token = self._tokens.get(audience, (0.0, ""))
            if until < time.time():
                until, token = time.time() + TOKEN_SECONDS / 2, self._sign(audience)
                self._tokens[audience] = until, token
        return f"vapid t={token}, k={self.public_key}"

    def _sign(self, audience: str) -> str:
        claims = {"aud": audience, "exp": int(time.time()) + TOKEN_SECONDS, "sub": self.subject}
        told = ".".join(encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
        r, s = decode_dss_signature(self.key.sign(told.encode(), ec.ECDSA(SHA256())))
        return f"{told}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
