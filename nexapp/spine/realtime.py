"""Live updates: small signals after the commit; the page fetches what it may see by its own route."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import structlog
from flask import Flask, current_app
from flask_socketio import SocketIO
from redis import RedisError
from socketio import RedisManager

from nexapp.spine.access import Principal
from nexapp.spine.config import redis_connection, under_gevent
from nexapp.spine.unit import after_commit

log = structlog.get_logger()
COALESCE_MS = 250
CHANNEL = "nexapp-signals"
"""Of the Redis queue between processes. Named, for the two libraries' defaults differ."""

socketio = SocketIO()
MayJoin = Callable[[Principal | None, list[str]], bool]
Guard = TypeVar("Guard", bound=MayJoin)
_guards: dict[str, MayJoin] = {}


def topic(prefix: str) -> Callable[[Guard], Guard]:
    """Register who may join topics that begin with `prefix:`; the rest of the name is split at colons."""

    def register(guard: Guard) -> Guard:
        _guards[prefix] = guard
        return guard

    return register


def may_join(principal: Principal | None, name: str) -> bool:
    prefix, *parts = name.split(":")
    return prefix in _guards and bool(parts) and _guards[prefix](principal, parts)


def publish(name: str, signal: str, payload: dict[str, Any] | None = None) -> None:
    """Signal everybody on a topic once this unit has committed; a rollback drops it."""
    after_commit(lambda: send_signal(name, signal, payload), key=("signal", name, signal))


def publish_each(names: Sequence[str], signal: str, payload: dict[str, Any], *, key: object = None) -> None:
    """Signal everybody on these topics after the commit, and fold none: each one carries something of its own.

    Of several in one unit under the same key the last one goes.
    """
    after_commit(lambda: _send_each(names, signal, payload), key=key)


def _send_each(names: Sequence[str], signal: str, payload: dict[str, Any]) -> None:
    emitter: RedisManager = current_app.extensions["signal_emitter"]
    try:
        emitter.emit(signal, {"topic": names[0] if len(names) == 1 else "", **payload}, room=list(names))
    except RedisError as error:
        log.warning("signal_not_sent", topic=names[0], error=str(error))


def send_signal(name: str, signal: str, payload: dict[str, Any] | None = None) -> None:
    """Send now. Of many within a quarter second, the first goes at once and one more follows the last."""
    redis = redis_connection()
    key = f"signal:{name}:{signal}"
    emitter: RedisManager = current_app.extensions["signal_emitter"]
    try:
        if redis.set(key, 1, nx=True, px=COALESCE_MS):
            emitter.emit(signal, _envelope(name, payload), room=name)
        elif redis.set(f"{key}:last", 1, nx=True, px=COALESCE_MS * 4):
            _later(lambda: _send_last(emitter, redis, key, name, signal, payload))
    except RedisError as error:
        log.warning("signal_not_sent", topic=name, error=str(error))


def _send_last(emitter: RedisManager, redis: Any, key: str, name: str, signal: str, payload: Any) -> None:
    try:
        # Cleared first: a change that commits from now on asks for a signal of its own.
        redis.delete(f"{key}:last")
        emitter.emit(signal, _envelope(name, payload), room=name)
    except RedisError as error:
        log.warning("signal_not_sent", topic=name, error=str(error))


def _later(act: Callable[[], None]) -> None:
    timer = threading.Timer(COALESCE_MS / 1000, act)
    timer.daemon = True
    timer.start()


def _envelope(name: str, payload: dict[str, Any] | None) -> dict[str, Any]:
    return {"topic": name, **(payload or {})}


def configure(app: Flask, redis_url: str) -> None:
    app.extensions["signal_emitter"] = RedisManager(redis_url, channel=CHANNEL, write_only=True)
    socketio.init_app(
        app,
        async_mode="gevent" if under_gevent() else "threading",
        message_queue=redis_url,
        channel=CHANNEL,
        manage_session=False,
        transports=["websocket"],
        ping_interval=20,
        ping_timeout=20,
    )
