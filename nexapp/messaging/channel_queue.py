"""The rows of `messages` that are no texts, as their senders know them: by channel, claimed, recorded, taken back.

A row is committed as `sending`, its attempt counted, before its request leaves, so that a worker that dies leaves a
row behind that says so. What becomes of such a row is the channel's to say: `unknown` where a second one would be
a nuisance, `queued` where the receiver tells doubles apart. A channel that marks what it can't take back any more has
only that `unknown`. Everything here runs as the system, in the caller's unit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from nexapp.messaging.lanes import OFFERS
from nexapp.messaging.leases import note
from nexapp.messaging.recording import lock, renew, rows_of, values_of
from nexapp.spine.clock import now
from nexapp.spine.db import db

CHANNELS = ("email", "push")

RETRY_SECONDS = (1.0, 3.0, 9.0, 30.0, 60.0, 300.0, 900.0, 1800.0)
"""The first tries answer a hiccup; the later ones a server that is down. The last one comes again and again."""

WORTH = timedelta(hours=24)
"""For so long a message without an end of its own is worth a try."""

_PARCEL = (
    "m.id, m.org_id, m.user_id, m.notification_id, m.push_subscription_id, m.purpose, m.subject_kind, m.subject_id, "
    "m.to_email, m.subject, m.body, m.html, m.attempts, m.created_at, m.expires_at"
)


_COLUMNS = {
    "id": "uuid", "event_id": "uuid", "status": "text", "event": "text", "wait": "float8", "code": "int",
    "error": "text", "counted": "boolean", "details": "jsonb",
}  # fmt: skip

# Each lane is read apart, in the order of its index: what is held until the morning is not read on the way.
_CLAIM = f"""
    WITH candidates AS MATERIALIZED (
        SELECT c.id, c.lane, c.send_at FROM generate_series(0, :lanes) AS l (lane) CROSS JOIN LATERAL (
            SELECT id, lane, send_at FROM messages
            WHERE status = 'queued' AND channel = '{{channel}}' AND lane = l.lane AND send_at <= now()
                AND (expires_at IS NULL OR expires_at > now())
            ORDER BY send_at LIMIT :wide
        ) c
        ORDER BY c.lane, c.send_at LIMIT :wide
    ),
    taken AS (
        SELECT m.id, c.lane, c.send_at FROM messages m JOIN candidates c ON c.id = m.id
        WHERE m.id = ANY(ARRAY(SELECT id FROM candidates)) AND m.status || '' = 'queued'
        ORDER BY c.lane, c.send_at, c.id LIMIT :wanted
        FOR UPDATE OF m SKIP LOCKED
    ),
    changed AS (
        UPDATE messages m SET
            status = 'sending', error = NULL, error_code = NULL, attempts = m.attempts + 1,
            attempted_at = clock_timestamp(), lease_until = clock_timestamp() + :lease, leased_by = :worker,
            uncertain_since = NULL
        FROM taken t WHERE m.id = t.id
        RETURNING m.*, t.lane AS its_lane, t.send_at AS its_turn
    )
    SELECT {_PARCEL} FROM changed m ORDER BY its_lane, its_turn, id
    """  # noqa: S608 - constants of this module, every value is bound

# Words that nobody needs any more are blanked with the step that settles their message.
_RECORD = f"""
    WITH verdict AS (
        {rows_of(_COLUMNS)}
    ),
    changed AS (
        UPDATE messages m SET
            status = v.status, error_code = v.code, error = v.error,
            attempts = m.attempts - CASE WHEN v.counted THEN 0 ELSE 1 END,
            send_at = CASE WHEN v.status = 'queued' THEN now() + v.wait * interval '1 second' ELSE m.send_at END,
            sent_at = CASE WHEN v.status = 'sent' THEN now() ELSE m.sent_at END,
            lease_until = NULL, leased_by = NULL,
            body = CASE WHEN :forgets AND v.status <> 'queued' THEN '' ELSE m.body END,
            html = CASE WHEN :forgets AND v.status <> 'queued' THEN NULL ELSE m.html END
        FROM verdict v
        WHERE m.id = v.id AND m.channel = '{{channel}}' AND m.status = 'sending' AND m.leased_by = :worker
        RETURNING m.id, m.org_id, m.user_id, m.notification_id, m.push_subscription_id, m.subject_kind, m.purpose,
            m.status, m.error
    ),
    noted AS (
        INSERT INTO message_events (id, org_id, message_id, kind, details)
        SELECT v.event_id, c.org_id, c.id, v.event, v.details FROM changed c JOIN verdict v USING (id)
        WHERE v.event <> ''
    )
    SELECT * FROM changed
    """  # noqa: S608 - names of columns from above, every value is bound

_BEGIN = text(
    """
    UPDATE messages SET uncertain_since = clock_timestamp()
    WHERE id = ANY(:ids) AND leased_by = :worker AND status = 'sending' RETURNING id
    """
)

_LOST_IF_BEGUN = "CASE WHEN m.uncertain_since IS NULL THEN 'queued' ELSE :lost END"

_RECLAIM = """
    UPDATE messages m SET
        status = :lost, lease_until = NULL, leased_by = NULL, error = 'The worker ended while it was sending.',
        body = CASE WHEN :forgets AND :lost <> 'queued' THEN '' ELSE body END,
        html = CASE WHEN :forgets AND :lost <> 'queued' THEN NULL ELSE html END
    WHERE status = 'sending' AND channel = '{channel}' AND lease_until < now()
    RETURNING id, org_id, purpose, status
    """

_EXPIRE = """
    UPDATE messages SET
        status = 'expired',
        body = CASE WHEN :forgets THEN '' ELSE body END, html = CASE WHEN :forgets THEN NULL ELSE html END
    WHERE status = 'queued' AND channel = '{channel}' AND expires_at <= now()
    RETURNING id, org_id
    """

_DUE = """
    SELECT EXISTS (
        SELECT FROM generate_series(0, :lanes) AS l (lane) CROSS JOIN LATERAL (
            SELECT FROM messages
            WHERE status = 'queued' AND channel = '{channel}' AND lane = l.lane AND send_at <= now()
                AND (expires_at IS NULL OR expires_at > now())
            LIMIT 1
        ) c
    )
    """


@dataclass(slots=True)
class Parcel:
    """One message that this worker holds. `lease_end` is in `time.monotonic()`."""

    lease_end: float
    id: UUID
    org_id: UUID | None
    user_id: UUID | None
    notification_id: UUID | None
    push_subscription_id: UUID | None
    purpose: str
    subject_kind: str | None
    subject_id: UUID | None
    to_email: str | None
    subject: str | None
    body: str
    html: str | None
    attempts: int
    created_at: datetime
    expires_at: datetime | None
    begin: Callable[[], bool] = field(default=lambda: True)
    """Of a channel that marks: asked before what can't be taken back, which must not happen after a no."""

    @property
    def ends_at(self) -> datetime:
        return self.expires_at or self.created_at + WORTH

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= now()


@dataclass(slots=True)
class Outcome:
    """Where a message goes. `wait` is in seconds, until the next try of what is `queued` again."""

    id: UUID
    status: str
    event: str
    wait: float = 0.0
    code: int | None = None
    error: str | None = None
    counted: bool = True
    """False: the attempt never reached anybody's judgement and doesn't count as one."""
    alert: str = ""
    """Severity of the error to show, if any."""
    rests: float = 0.0
    """For so many seconds nothing else need be tried: the server that takes them all is away."""
    details: dict[str, object] = field(default_factory=dict)


def sent(parcel: Parcel, **details: object) -> Outcome:
    return Outcome(parcel.id, "sent", "sent", details=details)


def refused(parcel: Parcel, error: str, *, code: int | None = None, alert: str = "medium") -> Outcome:
    """Trying again can't help."""
    return Outcome(parcel.id, "failed", "failed", code=code, error=error, alert=alert)


def unknown(parcel: Parcel, error: str) -> Outcome:
    """It may have arrived, and a second one would be a nuisance."""
    return Outcome(parcel.id, "unknown", "unknown", error=error, alert="medium")


def not_begun(parcel: Parcel) -> Outcome:
    """Nothing left this machine: back into the line, or out of it where its time is over."""
    if parcel.is_over:
        return Outcome(parcel.id, "expired", "expired", counted=False)
    return Outcome(parcel.id, "queued", "", counted=False)


def later(
    parcel: Parcel, error: str, *, code: int | None = None, retry_after: float | None = None, rests: float = 0.0
) -> Outcome:
    """Another try, after a wait that grows; failed where it would come too late to be of use."""
    wait = max(RETRY_SECONDS[min(parcel.attempts, len(RETRY_SECONDS)) - 1], retry_after or 0.0)
    if now() + timedelta(seconds=wait) >= parcel.ends_at:
        given_up = refused(parcel, error, code=code)
        given_up.rests = rests
        return given_up
    details: dict[str, object] = {"wait_seconds": wait, "attempt": parcel.attempts}
    return Outcome(parcel.id, "queued", "retrying", wait, code, error, rests=rests, details=details)


class ChannelQueue:
    """One channel's rows. `lost` is the state of what a dead worker held; with `marks`, of what it had begun."""

    def __init__(self, channel: str, *, lost: str = "unknown", keeps_words: bool = False, marks: bool = False) -> None:
        if channel not in CHANNELS:
            raise ValueError(channel)
        self.channel = channel
        self.lost = lost
        self.marks = marks
        self._forgets = not keeps_words
        reclaim = _RECLAIM.replace(":lost", _LOST_IF_BEGUN) if marks else _RECLAIM
        self._claim, self._due, self._record, self._reclaim, self._expire = (
            text(sql.format(channel=channel)) for sql in (_CLAIM, _DUE, _RECORD, reclaim, _EXPIRE)
        )

    def claim(self, worker: str, wanted: int, lease_seconds: float) -> list[Parcel]:
        """Up to `wanted` due messages, lane by lane, the oldest first. Other workers' are skipped."""
        if wanted <= 0:
            return []
        lease_end = time.monotonic() + lease_seconds
        rows = db.session.execute(
            self._claim,
            {
                "lanes": int(OFFERS),
                "wanted": wanted,
                "wide": 2 * wanted,
                "lease": timedelta(seconds=lease_seconds),
                "worker": worker,
            },
        )
        return [Parcel(lease_end, *row) for row in rows]

    def renew(self, worker: str, parcels: Iterable[Parcel], lease_seconds: float) -> None:
        """Longer leases for what is still held; what another took over won't be begun here any more."""
        renew(worker, parcels, lease_seconds)

    def begin(self, worker: str, ids: Sequence[UUID]) -> set[UUID]:
        """Mark what can't be taken back from now on; those that this worker still holds."""
        return set(db.session.scalars(_BEGIN, {"ids": list(ids), "worker": worker})) if ids else set()

    def record(self, worker: str, outcomes: Sequence[Outcome]) -> Sequence[Row[Any]]:
        """Move messages on in one statement; the rows that changed, which are this worker's own only."""
        if not outcomes:
            return []
        lock(outcomes)
        mine = {"worker": worker, "forgets": self._forgets}
        return db.session.execute(self._record, mine | values_of(_COLUMNS, outcomes, _told)).all()

    def reclaim(self) -> Sequence[Row[Any]]:
        """What a dead worker held moves on, and what isn't worth sending any more expires; the rows that were lost."""
        lost = db.session.execute(self._reclaim, {"lost": self.lost, "forgets": self._forgets}).all()
        expired = db.session.execute(self._expire, {"forgets": self._forgets}).all()
        events = {"queued": "retrying"}
        note([(row.id, row.org_id, events.get(row.status, row.status), {"why": "The worker ended."}) for row in lost])
        note([(row.id, row.org_id, "expired", {}) for row in expired])
        return lost

    def is_due(self) -> bool:
        return bool(db.session.execute(self._due, {"lanes": int(OFFERS)}).scalar_one())


def _told(outcome: Outcome) -> dict[str, object]:
    found = {"code": outcome.code, "error": outcome.error, **outcome.details}
    return {name: value for name, value in found.items() if value is not None}
