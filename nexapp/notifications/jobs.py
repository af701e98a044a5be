"""What time does to notices by itself: the daily letter, what was put off comes back, what is over goes.

All run as the system, over everybody, in batches; run twice, the second finds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Row, text

from nexapp.notifications.channels import ring_channels
from nexapp.notifications.engine import FEW
from nexapp.notifications.events import signal_back, signal_count, signal_crowd
from nexapp.notifications.queries import count_unread
from nexapp.notifications.skips import forget_old
from nexapp.notifications.states import hold_counts
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.schedule import schedule

AT_ONCE = 2000
"""People or items in one run; where there are more, another run follows at once."""

_AWAKE = text(
    "SELECT DISTINCT user_id FROM (SELECT user_id FROM notifications WHERE snoozed_until <= now() LIMIT :most) n"
)
_WAKE = text(
    """
    UPDATE notifications SET snoozed_until = NULL, read_at = NULL, seen_at = NULL
    WHERE snoozed_until <= now() AND user_id = ANY(:people)
    RETURNING id, user_id, title, message, icon, deleted_at IS NOT NULL OR EXISTS (
        SELECT FROM notification_settings s WHERE s.user_id = notifications.user_id AND s.paused_until > now()
    ) AS is_silent, EXISTS (
        SELECT FROM notification_settings s
        WHERE s.user_id = notifications.user_id AND s.quiet_enabled AND nexapp_quiet_until(
            now(), nexapp_zone_of(notifications.user_id, notifications.org_id), s.quiet_starts, s.quiet_ends
        ) IS NOT NULL
    ) AS is_hushed
    """
)
_OVER = text(
    "SELECT DISTINCT user_id FROM ("
    "SELECT user_id FROM notifications WHERE expires_at <= now() AND archived_at IS NULL LIMIT :most) n"
)
_EXPIRE = text(
    """
    UPDATE notifications SET archived_at = now(), snoozed_until = NULL
    WHERE expires_at <= now() AND archived_at IS NULL AND user_id = ANY(:people)
    RETURNING id, user_id
    """
)

_RIPE = """
    FROM notifications n
    JOIN users u ON u.id = n.user_id
    LEFT JOIN organizations o ON o.id = n.org_id
    LEFT JOIN notification_settings s ON s.user_id = n.user_id
    WHERE n.digest_on IS NOT NULL AND n.digest_id IS NULL AND n.digest_on <= (now() + interval '14 hours')::date
        AND (n.digest_on + coalesce(s.digest_at, '08:00'))
            AT TIME ZONE coalesce(u.time_zone, o.time_zone, 'UTC') <= now()
        AND (s.paused_until > now()) IS NOT TRUE
"""
_EXPECTING = text(f"SELECT DISTINCT n.user_id {_RIPE} ORDER BY n.user_id LIMIT :most")

# A person's letter of the day: everything that waits for it, in one, by the clock that they live by. What they have
# read, deleted or put away meanwhile is left out. What the bell never showed was put away at its making.
_DIGEST = text(
    f"""
    WITH people AS MATERIALIZED (
        SELECT d.user_id, nexapp_uuid7(nexapp_micros()) AS message_id, u.email,
            coalesce(s.email_enabled, true) AND u.email IS NOT NULL AND u.deactivated_at IS NULL AS is_wanted,
            d.latest, coalesce(
                CASE WHEN s.quiet_enabled THEN nexapp_quiet_until(now(), d.zone, s.quiet_starts, s.quiet_ends) END,
                now()
            ) AS send_at
        FROM (
            SELECT n.user_id, max(n.digest_on) AS latest, min(coalesce(u.time_zone, o.time_zone, 'UTC')) AS zone
            {_RIPE} AND n.user_id = ANY(:people)
            GROUP BY n.user_id
        ) d
        JOIN users u ON u.id = d.user_id
        LEFT JOIN notification_settings s ON s.user_id = d.user_id
    ),
    waiting AS MATERIALIZED (
        SELECT n.id, p.message_id, p.email, p.send_at,
            p.is_wanted AND n.read_at IS NULL AND n.deleted_at IS NULL AND n.folded_into IS NULL
            AND n.snoozed_until IS NULL AND (n.archived_at IS NULL OR n.archived_at = n.created_at) AS is_worth
        FROM people p JOIN notifications n ON n.user_id = p.user_id
        WHERE n.digest_on <= p.latest AND n.digest_id IS NULL
        ORDER BY n.id FOR UPDATE OF n
    ),
    taken AS (
        UPDATE notifications n SET digest_id = CASE WHEN w.is_worth THEN w.message_id END,
            digest_on = CASE WHEN w.is_worth THEN n.digest_on END
        FROM waiting w WHERE n.id = w.id AND n.digest_id IS NULL
        RETURNING n.id, n.user_id, n.org_id, n.title, n.digest_id, w.email, w.send_at
    )
    INSERT INTO messages (
        id, org_id, channel, lane, purpose, subject_kind, subject_id, to_phone, to_email, subject, body, segments,
        send_at, expires_at, user_id
    )
    SELECT t.digest_id, CASE WHEN count(DISTINCT t.org_id) = 1 THEN min(t.org_id::text)::uuid END, 'email', 2, 'digest',
        'digest', t.digest_id, '', t.email,
        CASE WHEN count(*) = 1 THEN :one ELSE replace(:many, '{{count}}', count(*)::text) END,
        left(string_agg(t.title, E'\\n' ORDER BY t.id DESC), 1600), 0, t.send_at,
        t.send_at + interval '20 hours', t.user_id
    FROM taken t WHERE t.digest_id IS NOT NULL
    GROUP BY t.digest_id, t.user_id, t.email, t.send_at
    """  # noqa: S608 - a constant
)


@job("send_digests")
def send_digests() -> None:
    """One letter for each person whose hour has come; their quiet hours hold it."""
    people = list(db.session.scalars(_EXPECTING, {"most": AT_ONCE}))
    if not people:
        return
    hold_counts(people)
    words = {"one": _("Your day in one letter: 1 notice"), "many": _("Your day in one letter: {count} notices")}
    db.session.execute(_DIGEST, {"people": people, **words})
    ring_channels()
    _again_if_full("send_digests", people)


@job("unsnooze_notices")
def unsnooze_notices() -> None:
    """Back to the inbox as unread, and said so."""
    rows = _change(_AWAKE, _WAKE)
    _tell(rows)
    if len(rows) <= FEW:
        for row in rows:
            if not row.is_silent:
                signal_back(row.user_id, _toast(row))
    _again_if_full("unsnooze_notices", rows)


@job("expire_notices")
def expire_notices() -> None:
    rows = _change(_OVER, _EXPIRE)
    _tell(rows)
    _again_if_full("expire_notices", rows)


@job("forget_skips")
def forget_skips() -> None:
    forget_old()


def _change(whose: Any, change: Any) -> Sequence[Row[Any]]:
    people = list(db.session.scalars(whose, {"most": AT_ONCE}))
    if not people:
        return ()
    hold_counts(people)
    return db.session.execute(change, {"people": people}).all()


def _tell(rows: Sequence[Row[Any]]) -> None:
    people: set[UUID] = {row.user_id for row in rows}
    if len(people) > FEW:
        signal_crowd(people)
        return
    for user_id in people:
        signal_count(user_id, count_unread(user_id))


def _toast(row: Row[Any]) -> dict[str, Any]:
    hushed = {"hushed": ""} if row.is_hushed else {}
    return hushed | {
        "id": str(row.id), "title": row.title.removeprefix(row.icon).lstrip() or row.title, "message": row.message,
        "icon": row.icon, "url": f"/notifications/{row.id}/open", "at": now().isoformat(),
    }  # fmt: skip


def _again_if_full(name: str, rows: Sequence[Any]) -> None:
    if len(rows) >= AT_ONCE:
        enqueue(name)


def register() -> None:
    schedule("send_digests", cron="*/5 * * * *", job="send_digests")
    schedule("unsnooze_notices", cron="*/5 * * * *", job="unsnooze_notices")
    schedule("expire_notices", cron="*/5 * * * *", job="expire_notices")
    schedule("forget_skips", cron="30 4 * * *", job="forget_skips")
