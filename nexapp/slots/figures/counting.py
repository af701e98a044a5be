"""Counts slots afresh: from slots, offers and messages into the summary rows. A second count changes nothing.

One count at a time for each business. Two at once could let the one that read first write last, and its older numbers
would stand with no mark left; so a count takes the business's lock first and reads in a statement of its own, which
sees all that earlier counts saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from nexapp.spine.db import db

AT_ONCE = 500
"""Slots in one count: a tenth of a second or two, with a few dozen offers each."""

TAKE = text("""
    WITH mine AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(hashtextextended('figures:' || CAST(:org AS text), 0)) AS locked
        WHERE EXISTS (SELECT FROM figures_due WHERE org_id = :org)
    ), batch AS MATERIALIZED (
        SELECT DISTINCT slot_id FROM figures_due WHERE org_id = :org ORDER BY slot_id LIMIT :most
    )
    DELETE FROM figures_due d USING mine, batch
    WHERE mine.locked AND d.org_id = :org AND d.slot_id = batch.slot_id
    RETURNING d.slot_id
""")

# Offers that a person came by without a text (another time of the business, a booking moved) are not the list's doing,
# but for who tapped too late and took another time: that booking is.
COUNT = text("""
    INSERT INTO slot_figures (org_id, slot_id, staff_member_id, starts_at, outcome, no_show, cents, fill_seconds,
        offered, sent, delivered, failed, opened, held, converted)
    SELECT s.org_id, s.id, s.staff_member_id, s.starts_at,
        CASE WHEN was.filled THEN 'booked' WHEN was.taken THEN 'otherwise' WHEN s.status = 'expired' THEN 'unfilled'
            WHEN s.status IN ('cancelled', 'draft') THEN 'cancelled' ELSE 'waiting' END,
        was.filled AND s.status = 'no_show',
        CASE WHEN was.filled THEN coalesce(s.booked_price_cents, s.price_cents) END,
        CASE WHEN was.filled THEN floor(greatest(0, extract(epoch FROM s.booked_at - s.opened_at))) END,
        o.offered, o.sent, o.delivered, o.failed, o.opened, o.held, o.converted
    FROM slots s
    LEFT JOIN slot_offers b ON b.org_id = s.org_id AND b.id = s.booked_offer_id
    CROSS JOIN LATERAL (SELECT s.status IN ('booked', 'completed', 'no_show') AS taken) now_is
    CROSS JOIN LATERAL (
        SELECT now_is.taken, now_is.taken AND coalesce(b.source IN ('list', 'other_times'), false) AS filled
    ) was
    CROSS JOIN LATERAL (
        SELECT count(*) AS offered, count(m.sent_at) AS sent,
            count(*) FILTER (WHERE m.status = 'delivered') AS delivered,
            count(*) FILTER (WHERE m.status IN ('undelivered', 'failed')) AS failed,
            count(f.opened_at) AS opened, count(f.held_at) AS held,
            count(*) FILTER (WHERE f.id = s.booked_offer_id AND was.filled) AS converted
        FROM slot_offers f LEFT JOIN messages m ON m.org_id = f.org_id AND m.id = f.message_id
        WHERE f.org_id = s.org_id AND f.slot_id = s.id AND f.source = 'list'
    ) o
    WHERE s.org_id = :org AND s.id = ANY(:slots) AND s.round > 0
    ON CONFLICT (org_id, slot_id) DO UPDATE SET
        staff_member_id = excluded.staff_member_id, starts_at = excluded.starts_at, outcome = excluded.outcome,
        no_show = excluded.no_show, cents = excluded.cents, fill_seconds = excluded.fill_seconds,
        offered = excluded.offered, sent = excluded.sent, delivered = excluded.delivered, failed = excluded.failed,
        opened = excluded.opened, held = excluded.held, converted = excluded.converted, counted_at = now()
""")

FORGET_TEXTS = text("DELETE FROM slot_text_figures WHERE org_id = :org AND slot_id = ANY(:slots)")

COUNT_TEXTS = text("""
    INSERT INTO slot_text_figures (org_id, slot_id, purpose, template_id, staff_member_id, starts_at, sent, delivered,
        failed, opened, held, converted)
    SELECT s.org_id, s.id, m.purpose, m.template_id, s.staff_member_id, s.starts_at, count(m.sent_at),
        count(*) FILTER (WHERE m.status = 'delivered'), count(*) FILTER (WHERE m.status IN ('undelivered', 'failed')),
        count(f.opened_at), count(f.held_at),
        count(*) FILTER (WHERE f.id = s.booked_offer_id AND s.status IN ('booked', 'completed', 'no_show'))
    FROM slots s
    JOIN slot_offers f ON f.org_id = s.org_id AND f.slot_id = s.id AND f.source = 'list'
    JOIN messages m ON m.org_id = f.org_id AND m.id = f.message_id
    WHERE s.org_id = :org AND s.id = ANY(:slots) AND s.round > 0
    GROUP BY s.org_id, s.id, m.purpose, m.template_id
""")

WAITING = text("SELECT DISTINCT org_id FROM figures_due")

# Every business whose clock has passed two and whose night isn't done: in one statement, so that all of it stands or
# nothing. A night that was missed is made up for at any later hour of that day.
NIGHT = text("""
    WITH here AS (
        SELECT id, CAST(:at AS timestamptz) AT TIME ZONE time_zone AS wall FROM organizations
    ), begun AS (
        INSERT INTO figures_nights (org_id, night) SELECT id, wall::date FROM here WHERE wall::time >= '02:00'
        ON CONFLICT DO NOTHING RETURNING org_id
    ), cleared AS (
        DELETE FROM figures_nights WHERE night < CAST(:at AS timestamptz)::date - 7
    )
    INSERT INTO figures_due (org_id, slot_id)
    SELECT s.org_id, s.id FROM slots s JOIN begun ON begun.org_id = s.org_id
    WHERE s.round > 0 AND s.starts_at > CAST(:at AS timestamptz) - interval '35 days'
""")


def catch_up(org_id: UUID, batches: int = 1) -> int:
    """Count the slots of the business that changed, up to so many batches; how many. Where another count is under
    way, none: it will tell when it is done."""
    counted = 0
    for _batch in range(batches):
        slots = list(set(db.session.scalars(TAKE, {"org": org_id, "most": AT_ONCE})))
        if not slots:
            break
        count_slots(org_id, slots)
        counted += len(slots)
    return counted


def count_slots(org_id: UUID, slots: Sequence[UUID]) -> None:
    """Write the summary rows of these slots as they are now. The caller holds the business's lock."""
    values: dict[str, Any] = {"org": org_id, "slots": list(slots)}
    for statement in (COUNT, FORGET_TEXTS, COUNT_TEXTS):
        db.session.execute(statement, values)


def list_waiting() -> list[UUID]:
    """The businesses with slots to count. Runs as the system."""
    return sorted(db.session.scalars(WAITING))


def begin_nights(at: datetime) -> None:
    """Mark the last weeks' slots of every business whose night has come. A second run finds none.

    Runs as the system.
    """
    db.session.execute(NIGHT, {"at": at})
