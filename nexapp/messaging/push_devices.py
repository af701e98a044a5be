"""The devices behind pushes: one message for a person becomes one for each of their devices when it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text

from nexapp.gateways.push import Address
from nexapp.spine.db import db
from nexapp.spine.realtime import publish

CHANGED = "push-devices-changed"
"""The signal on a person's own topic."""

MOST_AT_ONCE = 500

_LIVE = "NOT EXISTS (SELECT FROM user_sessions u WHERE u.id = s.session_id AND u.revoked_at IS NOT NULL)"

# The message itself becomes the first device's; the others get copies. What has no device says so.
_FAN_OUT = text(
    f"""
    WITH due AS MATERIALIZED (
        SELECT m.* FROM messages m
        WHERE m.status = 'queued' AND m.channel = 'push' AND m.push_subscription_id IS NULL AND m.send_at <= now()
            AND (m.expires_at IS NULL OR m.expires_at > now())
        ORDER BY m.lane, m.send_at LIMIT :most FOR UPDATE SKIP LOCKED
    ),
    devices AS MATERIALIZED (
        SELECT d.id AS message_id, s.id AS device_id,
            row_number() OVER (PARTITION BY d.id ORDER BY s.created_at, s.id) AS turn
        FROM due d JOIN push_subscriptions s ON s.user_id = d.user_id WHERE {_LIVE}
    ),
    firsts AS (
        UPDATE messages m SET push_subscription_id = f.device_id
        FROM devices f WHERE f.turn = 1 AND m.id = f.message_id
    ),
    copies AS (
        INSERT INTO messages (id, org_id, channel, lane, purpose, subject_kind, subject_id, to_phone, subject, body,
            segments, status, send_at, expires_at, request_id, created_at, user_id, notification_id,
            push_subscription_id)
        SELECT nexapp_uuid7(clock_timestamp()), d.org_id, d.channel, d.lane, d.purpose, d.subject_kind, d.subject_id,
            d.to_phone, d.subject, d.body, d.segments, d.status, d.send_at, d.expires_at, d.request_id, d.created_at,
            d.user_id, d.notification_id, c.device_id
        FROM devices c JOIN due d ON d.id = c.message_id WHERE c.turn > 1
    )
    UPDATE messages m SET status = 'suppressed', error = 'No device takes pushes.'
    FROM due d WHERE m.id = d.id AND NOT EXISTS (SELECT FROM devices c WHERE c.message_id = d.id)
    """  # noqa: S608 - constants of this module, every value is bound
)

_FIND = text(
    f"""
    SELECT s.id, s.kind, s.endpoint, coalesce(s.p256dh, '') AS p256dh, coalesce(s.auth, '') AS auth
    FROM push_subscriptions s WHERE s.id = ANY(:ids) AND {_LIVE}
    """  # noqa: S608 - constants of this module
)
_FORGET = text("DELETE FROM push_subscriptions WHERE id = ANY(:ids) RETURNING user_id")
_USED = text("UPDATE push_subscriptions SET last_used_at = now() WHERE id = ANY(:ids)")


def fan_out() -> None:
    """Give every due push that names no device its devices. Runs as the system, in the claim's unit."""
    db.session.execute(_FAN_OUT, {"most": MOST_AT_ONCE})


def find_devices(ids: Iterable[UUID]) -> dict[UUID, Address]:
    """Those of them that still take pushes."""
    rows = db.session.execute(_FIND, {"ids": list(ids)})
    return {row.id: Address(row.kind, row.endpoint, row.p256dh, row.auth) for row in rows}


def forget_devices(ids: Sequence[UUID]) -> None:
    """Devices that their services call dead."""
    for user_id in set(db.session.scalars(_FORGET, {"ids": list(ids)})) if ids else ():
        publish(f"user:{user_id}", CHANGED)


def note_use(ids: Sequence[UUID]) -> None:
    if ids:
        db.session.execute(_USED, {"ids": list(ids)})
