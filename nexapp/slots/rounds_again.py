"""Texts that were withdrawn when a slot was taken, queued again now that it is open to the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from nexapp.messaging.outbox import QUEUE
from nexapp.slots import several
from nexapp.slots.times import midnight, today_in
from nexapp.spine.db import db
from nexapp.spine.jobs.bells import ring
from nexapp.spine.unit import after_commit

ONE_DAY = timedelta(days=1)

# Who has another booking by now, left, paused, opted out, or had enough texts elsewhere stays without.
AGAIN = text("""
    WITH withdrawn AS MATERIALIZED (
        SELECT m.id, f.consumer_id FROM slot_offers f
        JOIN messages m ON m.id = f.message_id
        JOIN notify_requests r ON r.org_id = f.org_id AND r.id = f.notify_request_id AND r.status = 'active'
        JOIN consumers c ON c.id = f.consumer_id AND c.opted_out_at IS NULL
        WHERE f.org_id = :org_id AND f.slot_id = :slot_id AND f.round = :round
          AND f.passed_at IS NULL AND f.declined_at IS NULL
          AND m.lane = 3 AND m.status = 'cancelled' AND m.attempts = 0
          AND (m.expires_at IS NULL OR m.expires_at > now())
    ), load AS (
        SELECT * FROM nexapp_consumer_limits(
            (SELECT coalesce(array_agg(consumer_id), '{}') FROM withdrawn), :day_began, :day_ends, :starts_at, :ends_at)
    )
    UPDATE messages m SET status = 'queued', send_at = greatest(m.send_at, now()), error = NULL
    FROM withdrawn w JOIN load l ON l.consumer_id = w.consumer_id
    WHERE m.id = w.id AND l.offers < :daily_cap AND NOT l.is_busy
    RETURNING m.id, m.subject_kind, m.subject_id
""")


def queue_again(slot: Any) -> int:
    """Queue the texts of this round that were withdrawn before they left; how many. `slot` is a locked row."""
    today = today_in(slot.time_zone)
    rows = db.session.execute(AGAIN, {
        "org_id": slot.org_id, "slot_id": slot.id, "round": slot.round, "daily_cap": slot.daily_offer_cap,
        "starts_at": slot.starts_at, "ends_at": slot.ends_at, "day_began": midnight(today, slot.time_zone),
        "day_ends": midnight(today + ONE_DAY, slot.time_zone),
    }).all()  # fmt: skip
    several.count_again(slot, [row.subject_id for row in rows if row.subject_kind == several.SUBJECT])
    if rows:
        after_commit(lambda: ring(QUEUE), key=("bell", QUEUE))
    return len(rows)
