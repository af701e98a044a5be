"""Devices of the local stand-in: their keys follow from a secret that it shares with the app, so neither keeps any."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric import ec

from nexapp.gateways.push import Address
from nexapp.gateways.push.vapid import encode, point_of

PATH = "/push/send/"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def practice_keys(secret: str, token: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """The device's private key and its shared secret."""
    seed = hmac.new(secret.encode(), token.encode(), hashlib.sha512).digest()
    number = int.from_bytes(seed[:48], "big") % (_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1()), seed[48:]


def practice_device(origin: str, secret: str, token: str) -> Address:
    key, auth = practice_keys(secret, token)
    return Address("web", f"{origin}{PATH}{token}", encode(point_of(key)), encode(auth))
