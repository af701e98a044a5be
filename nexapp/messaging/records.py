"""Writing verdicts down: one statement for a whole batch, and what else follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from nexapp.messaging import consumers
from nexapp.messaging.recording import lock, rows_of, values_of
from nexapp.messaging.verdicts import Verdict, give_up
from nexapp.spine import faults
from nexapp.spine.db import db

_COLUMNS = {
    "id": "uuid", "event_id": "uuid", "status": "text", "event": "text", "wait": "float8", "sid": "text",
    "code": "int", "error": "text", "counted": "boolean", "uncertain": "boolean",
    "details": "jsonb",
}  # fmt: skip

# Only this worker's own rows change, but for news that the provider has the text: that always counts, whoever
# holds the row by now.
_RECORD = text(
    f"""
    WITH verdict AS (
        {rows_of(_COLUMNS)}
    ),
    changed AS (
        UPDATE messages m SET
            status = v.status,
            provider_sid = coalesce(m.provider_sid, v.sid),
            error_code = v.code,
            error = v.error,
            attempts = m.attempts - CASE WHEN v.counted THEN 0 ELSE 1 END,
            send_at = CASE WHEN v.status = 'queued' THEN now() + v.wait * interval '1 second' ELSE m.send_at END,
            lease_until = CASE WHEN v.status = 'sending' THEN now() + v.wait * interval '1 second' END,
            leased_by = NULL,
            uncertain_since = CASE WHEN v.uncertain THEN coalesce(m.uncertain_since, now()) END,
            sent_at = CASE WHEN v.sid IS NULL THEN m.sent_at ELSE coalesce(m.sent_at, now()) END,
            delivered_at = CASE WHEN v.status = 'delivered' THEN coalesce(m.delivered_at, now()) END,
            body = CASE WHEN m.lane = 0 AND v.status NOT IN ('queued', 'sending') THEN '' ELSE m.body END
        FROM verdict v
        WHERE m.id = v.id AND (
            (m.status = 'sending' AND m.leased_by = :worker)
            OR (v.sid IS NOT NULL AND m.provider_sid IS NULL AND m.status IN ('queued', 'sending', 'unknown'))
        )
        RETURNING m.id, m.org_id, m.subject_kind, m.to_phone, m.purpose
    ),
    noted AS (
        INSERT INTO message_events (id, org_id, message_id, kind, details)
        SELECT v.event_id, c.org_id, c.id, v.event, v.details
        FROM changed c JOIN verdict v USING (id)
        WHERE v.event <> ''
    )
    SELECT * FROM changed
    """  # noqa: S608 - names of columns from above, every value is bound
)

_SIDS = text("SELECT id, provider_sid FROM messages WHERE id = ANY(:ids)")
_OWNERS = text("SELECT provider_sid, id FROM messages WHERE provider_sid = ANY(:sids)")


def record(worker: str, verdicts: Sequence[Verdict]) -> Sequence[Row[Any]]:
    """Move messages on; the rows that changed. Runs as the system, in the caller's unit."""
    if not verdicts:
        return []
    lock(verdicts)
    told = values_of(_COLUMNS, verdicts, lambda verdict: verdict.details)
    changed = db.session.execute(_RECORD, {"worker": worker} | told).all()
    _follow_up({row.id: row for row in changed}, verdicts)
    return changed


def without_strangers(verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
    """Of look-ups: a text that the provider lists may be another message of ours with equal words.

    Then the person has those words already, and it stays open whether once or twice: not to be sent again.
    """
    sids = [verdict.sid for verdict in verdicts if verdict.looked and verdict.sid]
    if not sids:
        return verdicts
    owners: dict[str, UUID] = {row.provider_sid: row.id for row in db.session.execute(_OWNERS, {"sids": sids})}
    return [_unless_strange(verdict, owners) for verdict in verdicts]


def _unless_strange(verdict: Verdict, owners: dict[str, UUID]) -> Verdict:
    if not (verdict.looked and verdict.sid) or owners.setdefault(verdict.sid, verdict.id) == verdict.id:
        return verdict
    return give_up(verdict.id, "The person has a text of equal words.")


def _follow_up(changed: dict[UUID, Row[Any]], verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        row = changed.get(verdict.id)
        if row is None:
            continue
        if verdict.opts_out:
            consumers.opt_out(row.to_phone, "provider")
        if verdict.alert:
            alert(row, verdict.code, verdict.error, verdict.alert)
    if missed := [v for v in verdicts if v.sid and v.id not in changed]:
        _report_doubles(missed)


def alert(row: Row[Any], code: int | None, why: str | None, severity: str) -> None:
    """Show a person that a text didn't arrive; texts of one business that failed alike are one error."""
    what = f"A text was not delivered: {code or ''} {why or ''}".strip()
    faults.capture(
        "sms_failed",
        what,
        severity=severity,
        org_id=row.org_id,
        message_id=str(row.id),
        purpose=row.purpose,
        number=code,
    )


def _report_doubles(missed: Sequence[Verdict]) -> None:
    """A callback that came first has the same id of theirs; another id means that two texts went out."""
    ids = [verdict.id for verdict in missed]
    known: dict[UUID, str | None] = {row.id: row.provider_sid for row in db.session.execute(_SIDS, {"ids": ids})}
    for verdict in missed:
        if known.get(verdict.id) not in (None, verdict.sid):
            faults.capture(
                "sms_failed",
                "A text went out twice.",
                severity="critical",
                message_id=str(verdict.id),
                second=verdict.sid,
            )
