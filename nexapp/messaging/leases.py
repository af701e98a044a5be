"""Taking messages for this worker, and taking back what a dead one held.

A message is committed as `sending`, its attempt counted, before its request leaves. Whatever happens to the
worker then, the row tells that a text may be out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, text

from nexapp.messaging import recording
from nexapp.messaging.lanes import HEEDING_SQL, UNASKED
from nexapp.messaging.models import MessageEvent
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

_NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"
_LINE = f"coalesce(org_id, {_NOBODY})"

# The night that a message names comes again daily: whatever held it up for days doesn't wake anybody either.
_LAST_EVENING = "date_bin('1 day', now(), sleeps_from)"
_ASLEEP = f"(sleeps_from <= now() AND now() < {_LAST_EVENING} + (sleeps_until - sleeps_from))"
_IS_DUE = f"send_at <= now() AND (expires_at IS NULL OR expires_at > now()) AND {_ASLEEP} IS NOT TRUE"

# A business's line within a lane is found by hopping along the index, so a claim costs as much as there are lines
# and not as there are texts. Of the lines the one served longest ago goes first; each gives one text a turn.
# Statistics lag behind a queue that fills within a second: the sort order of the index is spelled out, and the
# state is compared in a form that no index serves, so that rows are found by their key and not by reading the queue.
_CLAIM = text(
    f"""
    WITH RECURSIVE lines AS (
        (SELECT lane, {_LINE} AS line FROM messages
         WHERE status = 'queued' AND channel = 'sms' AND lane BETWEEN :first AND :last ORDER BY lane, {_LINE} LIMIT 1)
        UNION ALL
        SELECT n.lane, n.line FROM lines l CROSS JOIN LATERAL (
            SELECT lane, {_LINE} AS line FROM messages
            WHERE status = 'queued' AND channel = 'sms'
                AND lane BETWEEN :first AND :last AND (lane, {_LINE}) > (l.lane, l.line)
            ORDER BY lane, {_LINE} LIMIT 1
        ) n
    ),
    served AS MATERIALIZED (
        SELECT l.lane, l.line, (
            SELECT max(attempted_at) FROM messages WHERE org_id = l.line AND attempts > 0
        ) AS served
        FROM lines l
    ),
    candidates AS MATERIALIZED (
        SELECT l.lane, c.id, c.send_at, c.turn, l.served
        FROM served l
        CROSS JOIN LATERAL (
            SELECT id, send_at, row_number() OVER (ORDER BY send_at, id) AS turn FROM (
                SELECT id, send_at FROM messages
                WHERE status = 'queued' AND channel = 'sms' AND lane = l.lane AND {_LINE} = l.line AND {_IS_DUE}
                ORDER BY lane, {_LINE}, send_at LIMIT :wide
            ) first
        ) c
        ORDER BY l.lane, c.turn, l.served NULLS FIRST, c.send_at, c.id
        LIMIT :wide
    ),
    taken AS (
        SELECT m.id, o.opted_out_at IS NOT NULL AS unwanted, c.lane, c.turn, c.served
        FROM messages m
        JOIN candidates c ON c.id = m.id
        LEFT JOIN consumers o ON (m.lane >= :unasked OR m.purpose IN ({HEEDING_SQL})) AND o.phone = m.to_phone
        WHERE m.id = ANY(ARRAY(SELECT id FROM candidates)) AND m.status || '' = 'queued'
        ORDER BY c.lane, c.turn, c.served NULLS FIRST, c.send_at, c.id
        LIMIT :wanted
        FOR UPDATE OF m SKIP LOCKED
    ),
    changed AS (
        UPDATE messages m SET
            status = CASE WHEN t.unwanted THEN 'suppressed' ELSE 'sending' END,
            error = CASE WHEN t.unwanted THEN 'The person opted out.' END,
            error_code = NULL,
            attempts = m.attempts + CASE WHEN t.unwanted THEN 0 ELSE 1 END,
            attempted_at = clock_timestamp(),
            lease_until = CASE WHEN t.unwanted THEN NULL ELSE clock_timestamp() + :lease END,
            leased_by = :worker,
            uncertain_since = NULL
        FROM taken t WHERE m.id = t.id
        RETURNING m.id, m.org_id, m.to_phone, m.body, m.lane, m.attempts, m.attempted_at, m.created_at,
            m.expires_at, m.subject_kind, m.status, t.turn, t.served
    )
    SELECT * FROM changed WHERE status = 'sending' ORDER BY lane, turn, served NULLS FIRST
    """  # noqa: S608 - constants of this module, every value is bound
)

_CLAIM_UNCERTAIN = text(
    """
    UPDATE messages m SET lease_until = clock_timestamp() + :lease, leased_by = :worker
    FROM (
        SELECT id FROM messages
        WHERE status = 'sending' AND channel = 'sms' AND uncertain_since IS NOT NULL AND lease_until <= now()
        ORDER BY lease_until LIMIT :wanted FOR UPDATE SKIP LOCKED
    ) due
    WHERE m.id = due.id
    RETURNING m.id, m.org_id, m.to_phone, m.body, m.lane, m.attempts, m.attempted_at, m.created_at, m.expires_at,
        m.subject_kind, extract(epoch FROM now() - m.uncertain_since) AS uncertain_for
    """
)

_RECLAIM = text(
    """
    UPDATE messages SET uncertain_since = now(), lease_until = now(), leased_by = NULL
    WHERE status = 'sending' AND channel = 'sms' AND uncertain_since IS NULL AND lease_until < now()
    RETURNING id, org_id
    """
)

_EXPIRE = text(
    """
    UPDATE messages SET status = 'expired', body = CASE WHEN lane = 0 THEN '' ELSE body END
    WHERE status = 'queued' AND channel = 'sms' AND expires_at <= now()
    RETURNING id, org_id
    """
)

# A message that its night overtook gets its morning, so that a claim doesn't read the sleepers again and again.
_PUT_TO_SLEEP = text(
    f"""
    UPDATE messages m SET send_at = {_LAST_EVENING} + (sleeps_until - sleeps_from)
    FROM (
        SELECT id AS sleeper FROM messages
        WHERE status = 'queued' AND channel = 'sms' AND send_at <= now() AND {_ASLEEP} FOR UPDATE SKIP LOCKED
    ) s
    WHERE m.id = s.sleeper
    RETURNING id, org_id
    """  # noqa: S608 - constants of this module
)

_DUE = text(
    f"""
    SELECT EXISTS (SELECT FROM messages WHERE status = 'queued' AND channel = 'sms' AND {_IS_DUE})
        OR EXISTS (SELECT FROM messages
                   WHERE status = 'sending' AND channel = 'sms'
                     AND uncertain_since IS NOT NULL AND lease_until <= now())
    """  # noqa: S608 - constants of this module
)

_COUNT_DUE = text(
    f"""
    SELECT count(*) FROM (
        SELECT FROM messages
        WHERE status = 'queued' AND channel = 'sms' AND lane BETWEEN :first AND :last AND {_IS_DUE}
        LIMIT :most
    ) due
    """  # noqa: S608 - constants of this module, every value is bound
)


@dataclass(slots=True)
class Errand:
    """One message that this worker holds. `start_at` and `lease_end` are in `time.monotonic()`."""

    id: UUID
    org_id: UUID | None
    to_phone: str
    body: str
    lane: int
    attempts: int
    attempted_at: datetime
    created_at: datetime
    expires_at: datetime | None
    subject_kind: str | None
    lease_end: float
    uncertain_for: float = 0.0
    start_at: float = field(default=0.0)

    @property
    def since(self) -> datetime:
        """From when on the provider may have the text: a second attempt must not hide what the first did."""
        return self.attempted_at if self.attempts == 1 else self.created_at


def claim(worker: str, lanes: tuple[int, int], wanted: int) -> list[Errand]:
    """Up to `wanted` due messages: lane by lane, businesses in turn. Other workers' are skipped."""
    begun, lease = time.monotonic(), settings().sms_lease_seconds
    rows = db.session.execute(
        _CLAIM,
        {
            "first": lanes[0],
            "last": lanes[1],
            "wanted": wanted,
            "wide": wanted * 2,
            "unasked": int(UNASKED),
            "lease": timedelta(seconds=lease),
            "worker": worker,
        },
    )
    return [
        Errand(
            r.id, r.org_id, r.to_phone, r.body, r.lane, r.attempts, r.attempted_at, r.created_at, r.expires_at,
            r.subject_kind, begun + lease,
        )
        for r in rows
    ]  # fmt: skip


def claim_uncertain(worker: str, wanted: int) -> list[Errand]:
    """Up to `wanted` messages of unknown fate that are due for a look."""
    begun, lease = time.monotonic(), settings().sms_lease_seconds
    rows = db.session.execute(_CLAIM_UNCERTAIN, {"wanted": wanted, "lease": timedelta(seconds=lease), "worker": worker})
    return [
        Errand(
            r.id, r.org_id, r.to_phone, r.body, r.lane, r.attempts, r.attempted_at, r.created_at, r.expires_at,
            r.subject_kind, begun + lease, float(r.uncertain_for),
        )
        for r in rows
    ]  # fmt: skip


def renew(worker: str, errands: Iterable[Errand]) -> None:
    """Longer leases for what is still held; what another took over won't be begun here any more."""
    recording.renew(worker, errands, settings().sms_lease_seconds)


def reclaim() -> int:
    """What a dead worker held is of unknown fate from now on; what isn't worth sending any more expires.

    What is due in the person's night waits for the morning.
    """
    lost = db.session.execute(_RECLAIM).all()
    expired = db.session.execute(_EXPIRE).all()
    asleep = db.session.execute(_PUT_TO_SLEEP).all()
    note([(row.id, row.org_id, "uncertain", {"why": "The worker ended."}) for row in lost])
    note([(row.id, row.org_id, "expired", {}) for row in expired])
    note([(row.id, row.org_id, "held_back", {"why": "Quiet hours."}) for row in asleep])
    return len(lost)


def is_due() -> bool:
    return bool(db.session.execute(_DUE).scalar_one())


def count_due(lanes: tuple[int, int], most: int) -> int:
    return int(db.session.execute(_COUNT_DUE, {"first": lanes[0], "last": lanes[1], "most": most}).scalar_one())


def note(happened: Sequence[tuple[UUID, UUID | None, str, dict[str, object]]]) -> None:
    """Append what happened to messages."""
    if happened:
        db.session.execute(
            insert(MessageEvent),
            [
                {"id": new_id(), "message_id": row_id, "org_id": org_id, "kind": kind, "details": details}
                for row_id, org_id, kind, details in happened
            ],
        )
