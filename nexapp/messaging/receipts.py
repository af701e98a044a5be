"""Status reports of the provider: they settle what is open and move messages forward, whatever order they come in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from nexapp.gateways.sms.codes import find_code
from nexapp.messaging import consumers, records
from nexapp.messaging.leases import note
from nexapp.messaging.signals import publish_change
from nexapp.messaging.states import FAILURES, may_become, state_of
from nexapp.spine import faults
from nexapp.spine.db import db
from nexapp.spine.webhooks import WebhookEvent, handles

SOURCE = "twilio-status"

# By the provider's id first; by our own id, from the callback's address, where theirs isn't known yet.
_FIND = text(
    """
    SELECT id, org_id, subject_kind, to_phone, purpose, status, provider_sid FROM messages
    WHERE provider_sid = :sid OR (id = :own AND NOT EXISTS (SELECT FROM messages WHERE provider_sid = :sid))
    FOR UPDATE
    """
)
_MOVE = text(
    """
    UPDATE messages SET
        status = :state, error_code = :code, error = :error,
        sent_at = coalesce(sent_at, now()),
        delivered_at = CASE WHEN :state = 'delivered' THEN now() ELSE delivered_at END,
        lease_until = NULL, leased_by = NULL, uncertain_since = NULL,
        body = CASE WHEN lane = 0 THEN '' ELSE body END
    WHERE id = :id AND status = ANY(:before)
    RETURNING id
    """
)
_ADOPT = text("UPDATE messages SET provider_sid = :sid WHERE id = :id AND provider_sid IS NULL")


@handles(SOURCE)
def handle_status(event: WebhookEvent) -> None:
    report = event.payload
    sid, own = str(report.get("MessageSid") or report.get("SmsSid") or ""), _own_id(report.get("m"))
    row = db.session.execute(_FIND, {"sid": sid, "own": own}).first()
    if row is None:
        return
    if row.provider_sid not in (None, sid):
        _report_second(row, sid)
        return
    db.session.execute(_ADOPT, {"sid": sid, "id": row.id})
    _move(row, str(report.get("MessageStatus") or ""), _code(report.get("ErrorCode")))


def _move(row: Row[Any], provider_status: str, code: int | None) -> None:
    state, known = state_of(provider_status), find_code(code)
    error = str(known.sentence) if known else None
    moved = db.session.execute(
        _MOVE, {"id": row.id, "state": state, "code": code, "error": error, "before": list(may_become(state))}
    ).first()
    if moved is None:
        return
    note([(row.id, row.org_id, state, {"code": code} if code else {})])
    publish_change(row.org_id, row.subject_kind)
    if state not in FAILURES:
        return
    opts_out = bool(known and known.opts_out)
    if opts_out:
        consumers.opt_out(row.to_phone, "provider")
    records.alert(row, code, error, "low" if opts_out else "medium")


def _report_second(row: Row[Any], sid: str) -> None:
    faults.capture("sms_failed", "A text went out twice.", severity="critical", message_id=str(row.id), second=sid)


def _own_id(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _code(value: object) -> int | None:
    return int(str(value)) if str(value or "").isdigit() else None
