"""The cap on what a business's texts may cost in a day, counted in segments of its own local day.

Codes and answers count and are never held back: somebody waits for them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from redis import RedisError
from sqlalchemy import Row, text

from nexapp.messaging.lanes import UNASKED
from nexapp.messaging.leases import note
from nexapp.spine import faults
from nexapp.spine.config import redis_connection
from nexapp.spine.db import db

WARNED_SECONDS = 2 * 86400
WARN_AT = 0.8
CAP_REACHED = "The business has used up its texts for today."

_SPENT = """
    waiting AS (
        SELECT org_id, sum(segments) AS segments FROM messages
        WHERE status = 'queued' AND channel = 'sms' AND lane >= :unasked AND send_at <= now() AND org_id IS NOT NULL
        GROUP BY org_id
    ),
    spent AS (
        SELECT w.org_id, w.segments AS waiting, o.daily_spend_cap AS cap,
            to_char(now() AT TIME ZONE o.time_zone, 'YYYY-MM-DD') AS day,
            (SELECT coalesce(sum(m.segments), 0) FROM messages m
             WHERE m.org_id = w.org_id AND m.channel = 'sms' AND m.attempts > 0
               AND m.status NOT IN ('queued', 'failed', 'suppressed')
               AND m.attempted_at >= date_trunc('day', now() AT TIME ZONE o.time_zone) AT TIME ZONE o.time_zone
            ) AS segments
        FROM waiting w JOIN organizations o ON o.id = w.org_id
    )
"""
_READ = text(
    f"WITH {_SPENT} SELECT * FROM spent WHERE segments + waiting >= cap * :warn_at"  # noqa: S608 - constants
)
_SUPPRESS = text(
    f"""
    WITH {_SPENT},
    running AS (
        SELECT m.id, s.cap, s.segments
            + sum(m.segments) OVER (PARTITION BY m.org_id ORDER BY m.lane, m.send_at, m.id) AS total
        FROM messages m JOIN spent s ON s.org_id = m.org_id
        WHERE m.status = 'queued' AND m.channel = 'sms' AND m.lane >= :unasked AND m.send_at <= now()
    )
    UPDATE messages m SET status = 'suppressed', error = :why
    FROM running r WHERE m.id = r.id AND m.status = 'queued' AND r.total > r.cap
    RETURNING m.id, m.org_id
    """  # noqa: S608 - constants
)


def hold_to_caps() -> None:
    """Suppress what would pass a cap, so that all that stays queued may go. Runs as the system."""
    near = db.session.execute(_READ, {"unasked": int(UNASKED), "warn_at": WARN_AT}).all()
    for row in near:
        _warn_once(row)
    if any(row.segments + row.waiting > row.cap for row in near):
        _suppress()


def _suppress() -> None:
    rows = db.session.execute(_SUPPRESS, {"unasked": int(UNASKED), "why": CAP_REACHED}).all()
    note([(row.id, row.org_id, "suppressed", {"why": "spend cap"}) for row in rows])
    for org_id, count in Counter(row.org_id for row in rows).items():
        sentence = "A business has used up its texts for today."
        faults.capture("sms_failed", sentence, severity="medium", org_id=org_id, held_back=count)


def _warn_once(row: Row[Any]) -> None:
    if _is_first(f"sms:spend:{row.org_id}:{row.day}"):
        faults.capture(
            "sms_failed", f"A business is using {WARN_AT:.0%} or more of its texts for {row.day}.", severity="low",
            org_id=row.org_id, spent=int(row.segments), waiting=int(row.waiting), cap=row.cap,
        )  # fmt: skip


def _is_first(key: str) -> bool:
    try:
        return bool(redis_connection().set(key, 1, nx=True, ex=WARNED_SECONDS))
    except RedisError:
        # The warning comes with the next text, when Redis is back.
        return False
