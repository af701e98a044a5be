"""Sending stops where the provider refuses our account, and one text at a time finds out when it may go on."""

from __future__ import annotations

import contextlib
import hashlib

from redis import RedisError

from nexapp.spine import faults
from nexapp.spine.config import redis_connection, settings

PAUSE_SECONDS = 5


def pause(sentence: str) -> None:
    """One alert however many texts were refused. Lives in Redis: a flush costs one more refused text."""
    if _begin():
        faults.capture("sms_failed", f"Sending is paused: {sentence}", severity="critical")


def is_paused() -> bool:
    return bool(redis_connection().exists(_key("pause")))


def is_probing() -> bool:
    """Whether one text is to try first."""
    return bool(redis_connection().exists(_key("probe")))


def resume() -> None:
    with contextlib.suppress(RedisError):
        redis_connection().delete(_key("pause"), _key("probe"))


def _begin() -> bool:
    """True for the first of many; also where Redis can't say, for errors alike are shown as one anyway."""
    redis = redis_connection()
    try:
        redis.set(_key("pause"), 1, ex=PAUSE_SECONDS)
        return bool(redis.set(_key("probe"), 1, nx=True))
    except RedisError:
        return True


def _key(kind: str) -> str:
    # Mended credentials are others, and not paused.
    account = f"{settings().twilio_account_sid}:{settings().twilio_auth_token}"
    return f"sms:{kind}:{hashlib.sha256(account.encode()).hexdigest()[:16]}"
