"""How often a caller may ask: a moving window in Redis. Without Redis nobody is held back."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from uuid import UUID

import structlog
from flask import Response, current_app, g
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import Redis, RedisError

from nexapp.spine.config import redis_connection, settings
from nexapp.spine.errors import TooMany

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Allowance:
    limit: int
    remaining: int
    reset_seconds: int


def spend(caller_id: UUID) -> None:
    """Count one request; raises `TooMany` beyond the limit of a minute."""
    item = RateLimitItemPerMinute(settings().api_per_minute)
    try:
        limiter = _limiter()
        is_allowed = limiter.hit(item, "api", str(caller_id))
        window = limiter.get_window_stats(item, "api", str(caller_id))
    except RedisError as error:
        log.warning("api_limit_unknown", error=str(error))
        return
    wait = max(1, math.ceil(window.reset_time - time.time()))
    g.allowance = Allowance(item.amount, window.remaining, wait)
    if not is_allowed:
        raise TooMany(retry_after=wait)


def show_allowance(response: Response) -> Response:
    found: Allowance | None = g.get("allowance")
    if found is not None:
        response.headers["RateLimit-Limit"] = str(found.limit)
        response.headers["RateLimit-Remaining"] = str(found.remaining)
        response.headers["RateLimit-Reset"] = str(found.reset_seconds)
    return response


def _limiter() -> MovingWindowRateLimiter:
    redis = redis_connection()
    kept: tuple[Redis, MovingWindowRateLimiter] | None = current_app.extensions.get("api_limiter")
    if kept is None or kept[0] is not redis:
        storage = RedisStorage("redis://", connection_pool=redis.connection_pool, wrap_exceptions=False)
        current_app.extensions["api_limiter"] = kept = (redis, MovingWindowRateLimiter(storage))
    return kept[1]
