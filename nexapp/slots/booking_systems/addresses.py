"""The secret addresses of this part, derived from their rows so that they can be shown again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cache
from typing import Any
from uuid import UUID

from nexapp.slots.tokens import TOKEN_BYTES, hash_token
from nexapp.spine.config import settings

KEY_BYTES = 24
HOOK, CALENDAR = "booking-hook", "staff-calendar"


def hook_hash(booking_system_id: UUID, generation: int) -> bytes:
    return hash_token(_derive(HOOK, booking_system_id, generation))


def hook_url(system: Any) -> str:
    """Where the other system posts to; for those who may set it up."""
    return hook_address(_derive(HOOK, system.id, system.generation))


def hook_address(token: str) -> str:
    return f"{settings().base_url}/hooks/in/{token}"


def calendar_hash(calendar_id: UUID, generation: int) -> bytes:
    return hash_token(_derive(CALENDAR, calendar_id, generation))


def calendar_url(calendar: Any) -> str:
    return f"{settings().base_url}/calendars/{_derive(CALENDAR, calendar.id, calendar.generation)}.ics"


def make_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def _derive(use: str, row_id: UUID, generation: int) -> str:
    message = row_id.bytes + generation.to_bytes(8, "big")
    digest = hmac.digest(_key(use, settings().secret_key), message, "sha256")[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@cache
def _key(use: str, secret: str) -> bytes:
    return hashlib.sha256(f"link:{use}:{secret}".encode()).digest()
