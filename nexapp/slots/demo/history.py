"""Ninety days in which slots were offered, opened and taken: a handful of set-based statements."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from nexapp.slots.demo.seeding import Seeded
from nexapp.slots.times import text_time, today_in
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.db import db

DAYS = 90

SLOTS = """
    INSERT INTO slots (id, org_id, staff_member_id, service_id, starts_at, ends_at, status, round, public_token,
        opened_at, created_at, updated_at)
    SELECT gen_random_uuid(), :org, (CAST(:staff AS uuid[]))[1 + n % cardinality(CAST(:staff AS uuid[]))],
        (CAST(:services AS uuid[]))[1 + n % cardinality(CAST(:services AS uuid[]))],
        at, at + interval '30 minutes', 'expired', 1, replace(gen_random_uuid()::text, '-', ''),
        at - lead, at - lead - interval '1 minute', at
    FROM (
        SELECT n, (day + time '11:00' + n * interval '100 minutes') AT TIME ZONE :zone AS at,
            interval '1 hour' + random() * interval '2 hours' AS lead
        FROM generate_series(CAST(:first AS timestamp), CAST(:last AS timestamp), interval '1 day') AS day,
            generate_series(0, 3) AS n
        WHERE extract(isodow FROM day) < 6 AND random() < 0.75
    ) made
"""

OFFERS = """
    INSERT INTO slot_offers (id, org_id, slot_id, round, consumer_id, notify_request_id, message_id, token_hash,
        opened_at, created_at)
    SELECT gen_random_uuid(), s.org_id, s.id, 1, r.consumer_id, r.id, gen_random_uuid(),
        sha256(gen_random_uuid()::text::bytea),
        CASE WHEN random() < 0.35 THEN s.opened_at + interval '20 seconds' + random() * interval '14 minutes' END,
        s.opened_at
    FROM slots s JOIN notify_requests r ON r.org_id = s.org_id
    WHERE s.org_id = :org AND random() < 0.35
"""

MATCHES = """
    INSERT INTO slot_matches (org_id, slot_id, round, notify_request_id, consumer_id, outcome, reason, send_at,
        created_at)
    SELECT s.org_id, s.id, 1, r.id, r.consumer_id, CASE WHEN f.id IS NULL THEN 'skipped' ELSE 'offered' END,
        CASE WHEN f.id IS NULL THEN CASE WHEN EXISTS (SELECT FROM notify_windows w WHERE w.notify_request_id = r.id)
            THEN 'outside_window' ELSE 'limits' END END, CASE WHEN f.id IS NOT NULL THEN s.opened_at END, s.opened_at
    FROM slots s JOIN notify_requests r ON r.org_id = s.org_id
    LEFT JOIN slot_offers f
        ON f.org_id = s.org_id AND f.slot_id = s.id AND f.round = 1 AND f.consumer_id = r.consumer_id
    WHERE s.org_id = :org
"""

MESSAGES = """
    INSERT INTO messages (id, org_id, consumer_id, lane, purpose, subject_kind, subject_id, to_phone, body, segments,
        status, send_at, expires_at, attempts, attempted_at, provider_sid, sent_at, delivered_at, error_code, error,
        created_at)
    SELECT f.message_id, f.org_id, f.consumer_id, 3, 'slot_available', 'slot_offer', f.id, c.phone,
        o.name || ' has a cancellation! ' || to_char(s.starts_at AT TIME ZONE o.time_zone, 'Dy FMDD Mon, FMHH12:MI AM')
            || ' ' || :letters || ' available. Claim now: ' || :base || '/c/'
            || left(replace(f.message_id::text, '-', ''), 22),
        1, CASE WHEN m.fails THEN 'undelivered' ELSE 'delivered' END, f.created_at, s.starts_at, 1,
        f.created_at + m.wait, 'SM' || replace(f.message_id::text, '-', ''), f.created_at + m.wait,
        CASE WHEN NOT m.fails THEN f.created_at + m.wait + interval '2 seconds' END,
        CASE WHEN m.fails THEN 30003 END, CASE WHEN m.fails THEN 'The phone could not be reached.' END, f.created_at
    FROM slot_offers f
    JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id
    JOIN organizations o ON o.id = f.org_id
    JOIN consumers c ON c.id = f.consumer_id
    CROSS JOIN LATERAL (
        SELECT f.opened_at IS NULL AND random() < 0.03 AS fails, random() * interval '4 seconds' AS wait
    ) m
    WHERE f.org_id = :org
"""

RECEIPTS = """
    INSERT INTO message_events (id, org_id, message_id, at, kind)
    SELECT gen_random_uuid(), m.org_id, m.id, m.sent_at, 'sent' FROM messages m WHERE m.org_id = :org
    UNION ALL
    SELECT gen_random_uuid(), m.org_id, m.id, coalesce(m.delivered_at, m.sent_at + interval '2 seconds'), m.status
    FROM messages m WHERE m.org_id = :org
"""

WINNERS = """
    UPDATE slots s
    SET status = CASE WHEN random() < 0.04 THEN 'no_show' ELSE 'completed' END, booked_offer_id = w.id,
        booked_consumer_id = w.consumer_id, booked_name = w.name, booked_at = w.opened_at + interval '70 seconds'
    FROM (
        SELECT DISTINCT ON (f.slot_id) f.slot_id, f.id, f.consumer_id, f.opened_at, p.name
        FROM slot_offers f
        JOIN consumer_profiles p ON p.org_id = f.org_id AND p.consumer_id = f.consumer_id
        WHERE f.org_id = :org AND f.opened_at IS NOT NULL
        ORDER BY f.slot_id, f.opened_at
    ) w
    WHERE s.org_id = :org AND s.id = w.slot_id AND random() < 0.8
"""

HOLDS = """
    UPDATE slot_offers f SET held_at = f.opened_at + interval '15 seconds'
    FROM slots s WHERE s.org_id = f.org_id AND s.booked_offer_id = f.id AND f.org_id = :org
"""

EVENTS = """
    INSERT INTO slot_events (id, org_id, slot_id, round, kind, consumer_id, offer_id, details, created_at)
    SELECT gen_random_uuid(), s.org_id, s.id, 1, 'opened', NULL, NULL,
        jsonb_build_object('texted', (SELECT count(*) FROM slot_offers f
            WHERE f.org_id = s.org_id AND f.slot_id = s.id AND f.round = 1)), s.opened_at
    FROM slots s WHERE s.org_id = :org
    UNION ALL
    SELECT gen_random_uuid(), s.org_id, s.id, 1, 'held', s.booked_consumer_id, s.booked_offer_id, '{}', f.held_at
    FROM slots s JOIN slot_offers f ON f.org_id = s.org_id AND f.id = s.booked_offer_id WHERE s.org_id = :org
    UNION ALL
    SELECT gen_random_uuid(), s.org_id, s.id, 1, CASE WHEN s.booked_at IS NULL THEN 'expired' ELSE 'booked' END,
        s.booked_consumer_id, s.booked_offer_id, '{}', coalesce(s.booked_at, s.starts_at)
    FROM slots s WHERE s.org_id = :org
"""


def seed_history(seeded: Seeded) -> None:
    """Must come before this week's slots: it writes about every slot there is."""
    today = today_in(seeded.house.time_zone)
    values = {
        "org": seeded.org_id,
        "zone": seeded.house.time_zone,
        "staff": seeded.staff,
        "services": seeded.services,
        "first": today - timedelta(days=DAYS),
        "last": today - timedelta(days=1),
        "base": settings().base_url,
        "letters": text_time(now(), seeded.house.time_zone).rpartition(" ")[2],
    }
    db.session.execute(text("SELECT setseed(0.42)"))
    for statement in (SLOTS, OFFERS, MATCHES, MESSAGES, RECEIPTS, WINNERS, HOLDS, EVENTS):
        db.session.execute(text(statement), values)
