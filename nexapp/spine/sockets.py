"""The socket's side of live updates: joining topics after a check, and cutting revoked sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from flask import Flask, request
from flask_socketio import disconnect, join_room
from redis import RedisError
from sqlalchemy import text

from nexapp.spine import faults
from nexapp.spine.access import principal
from nexapp.spine.config import redis_connection
from nexapp.spine.db import autocommit_engine
from nexapp.spine.realtime import may_join, socketio
from nexapp.spine.unit import after_commit

log = structlog.get_logger()
RECHECK_SECONDS = 15
LOOK_SECONDS = 1
RECHECK_KEY = "sockets:recheck"
MOST_TOPICS = 20

Listener = tuple[UUID, UUID | None]
"""A session, and the business that it had chosen when its socket was opened."""

_listeners: dict[str, Listener] = {}
"""By socket id, of this process only."""


@socketio.on("connect")  # type: ignore[untyped-decorator]
def remember_session(_auth: Any = None) -> None:
    found = principal()
    if found is not None:
        _listeners[request.sid] = (found.session_id, found.org_id)  # type: ignore[attr-defined]


@socketio.on("disconnect")  # type: ignore[untyped-decorator]
def forget_session(*_: Any) -> None:
    _listeners.pop(request.sid, None)  # type: ignore[attr-defined]


@socketio.on("subscribe")  # type: ignore[untyped-decorator]
def subscribe(message: Any) -> dict[str, list[str]]:
    """Join the topics asked for; answers which were joined and which refused."""
    asked = message.get("topics") if isinstance(message, dict) else None
    names = [name for name in asked[:MOST_TOPICS] if isinstance(name, str)] if isinstance(asked, list) else []
    who = principal()
    joined = [name for name in names if may_join(who, name)]
    for name in joined:
        join_room(name)
    refused = [name for name in names if name not in joined]
    if refused:
        log.warning("topic_refused", topics=refused, user_id=str(who.user_id) if who else None)
    return {"joined": joined, "refused": refused}


@socketio.on_error_default  # type: ignore[untyped-decorator]
def record_socket_error(error: Exception) -> None:
    faults.capture("socket_error", error)


def watch_sessions(app: Flask) -> None:
    """Start the watch of this process; called once by the web entry, never by a request."""
    socketio.start_background_task(_watch, app)


def recheck_soon() -> None:
    """Once this unit has committed, every process looks at its sockets within about a second."""
    after_commit(_ask_for_recheck, key=RECHECK_KEY)


def _ask_for_recheck() -> None:
    redis_connection().incr(RECHECK_KEY)


def _watch(app: Flask) -> None:
    seen, waited = _asked(app), 0
    while True:
        socketio.sleep(LOOK_SECONDS)
        asked, waited = _asked(app), waited + LOOK_SECONDS
        if asked == seen and waited < RECHECK_SECONDS:
            continue
        seen, waited = asked, 0
        with app.app_context():
            try:
                cut_ended_sessions()
            except Exception:
                log.exception("session_watch_failed")


def _asked(app: Flask) -> bytes | None:
    """How often a look was asked for; None where Redis doesn't say, and the quarter minute has to do."""
    try:
        with app.app_context():
            found: bytes | None = redis_connection().get(RECHECK_KEY) if _listeners else None  # type: ignore[assignment]
            return found
    except RedisError:
        return None


def cut_ended_sessions() -> None:
    """Disconnect the sockets whose session has ended, or may no longer listen to its business.

    A page that still may connects again by itself and asks for its topics anew.
    """
    open_sockets = dict(_listeners)
    if not open_sockets:
        return
    live = _live({session_id for session_id, _org_id in open_sockets.values()})
    for socket_id, listener in open_sockets.items():
        if listener not in live:
            _listeners.pop(socket_id, None)
            disconnect(socket_id, namespace="/")


def _live(session_ids: set[UUID]) -> set[Listener]:
    with autocommit_engine().connect() as connection:
        rows = connection.execute(text("SELECT * FROM nexapp_live_sessions(:ids)"), {"ids": list(session_ids)})
        return {(row.session_id, row.org_id) for row in rows}
