"""The running app's settings and its Redis connection."""

from __future__ import annotations

import gevent.monkey
import redis
from flask import Flask, current_app
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from nexapp.settings import Settings


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def redis_connection() -> redis.Redis:
    found: redis.Redis = current_app.extensions["redis"]
    return found


def under_gevent() -> bool:
    return bool(gevent.monkey.is_module_patched("socket"))


def configure_redis(app: Flask, url: str) -> None:
    # The default pool raises at its limit; this one makes a caller wait its turn.
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=50,
        timeout=5,
        socket_connect_timeout=2,
        retry=Retry(ExponentialBackoff(cap=0.5), 2),
    )
    app.extensions["redis"] = redis.Redis(connection_pool=pool)
