"""How far a file is, between two transactions: every hundred rows, seen at once, and gone without harm.

What has been done for good is in the import's own row; this only lets the page move while a part is under way.
"""

from __future__ import annotations

from uuid import UUID

from redis import RedisError

from nexapp.spine.config import redis_connection
from nexapp.spine.realtime import send_signal

EVERY = 100
SIGNAL = "import-changed"
_KEPT_SECONDS = 600


def note(import_id: UUID, rows: int, topic: str) -> None:
    """So many rows of the file have been read."""
    try:
        redis_connection().set(_key(import_id), rows, ex=_KEPT_SECONDS)
    except RedisError:
        return
    send_signal(topic, SIGNAL)


def reached(import_id: UUID, recorded: int) -> int:
    """The rows that are done for good, or those that a worker is at."""
    try:
        seen = redis_connection().get(_key(import_id))
    except RedisError:
        return recorded
    return max(recorded, int(seen or 0))


def forget(import_id: UUID) -> None:
    try:
        redis_connection().delete(_key(import_id))
    except RedisError:
        return


def _key(import_id: UUID) -> str:
    return f"import:{import_id}:rows"
