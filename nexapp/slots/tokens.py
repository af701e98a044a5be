"""Secrets in links. A link's token is derived from its row, so it can be written again; the row keeps a hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cache
from uuid import UUID

from nexapp.spine.config import settings

TOKEN_BYTES = 16
"""128 bits: too many to guess, short enough for a text."""


def claim_token(offer_id: UUID) -> str:
    return _derive("claim", offer_id)


def request_token(notify_request_id: UUID) -> str:
    return _derive("waiting-list", notify_request_id)


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def topic_token() -> str:
    """A slot's public name for live updates; random, for it is shown on every claim page."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def claim_url(offer_id: UUID) -> str:
    return claim_link(claim_token(offer_id))


def claim_link(token: str) -> str:
    return f"{settings().base_url}/c/{token}"


def place_url(notify_request_id: UUID) -> str:
    """Somebody's own page on a waiting list."""
    return f"{settings().base_url}/w/{request_token(notify_request_id)}"


def bundle_token(bundle_id: UUID) -> str:
    return _derive("several", bundle_id)


def bundle_link(bundle_id: UUID) -> str:
    """The page of several slots that one text offers."""
    return f"{settings().base_url}/s/{bundle_token(bundle_id)}"


def _derive(use: str, row_id: UUID) -> str:
    digest = hmac.digest(_key(use, settings().secret_key), row_id.bytes, "sha256")[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@cache
def _key(use: str, secret: str) -> bytes:
    return hashlib.sha256(f"link:{use}:{secret}".encode()).digest()
