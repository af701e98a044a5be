"""2,000 prospects in every stage, and what their owners did about them in 90 days. Set-based, and always the same."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from nexapp.sales.demo import cast
from nexapp.spine.db import db

# `r` scatters: the same number for the same row at every seeding.
PROSPECTS = text("""
    WITH people AS (
        SELECT row_number() OVER (ORDER BY l.o, f.o) AS n, f.name AS first, l.name AS last
        FROM unnest(CAST(:first AS text[])) WITH ORDINALITY AS f(name, o)
        CROSS JOIN unnest(CAST(:last AS text[])) WITH ORDINALITY AS l(name, o)
    ), scattered AS (
        SELECT p.*, (n * 7919 + n * n * 31) % 1000 AS r, now() - make_interval(hours => (2001 - n::int) * 2) AS since
        FROM people p
    ), stages AS (
        SELECT id, row_number() OVER (ORDER BY position, created_at) AS place FROM prospect_stages
        WHERE org_id = :org AND archived_at IS NULL
    )
    INSERT INTO prospects (id, org_id, owner_id, name, company, role, phone, email, location, source, stage_id,
        stage_changed_at, lost_reason, value_cents, created_at, updated_at)
    SELECT nexapp_uuid7(s.since), :org,
        CASE WHEN s.r % 23 = 7 THEN NULL
            ELSE (CAST(:owners AS uuid[]))[1 + (s.n % cardinality(CAST(:owners AS uuid[])))::int] END,
        s.first || ' ' || s.last, (CAST(:companies AS text[]))[1 + (s.n * 7 + s.n / 40) % 20],
        (CAST(:roles AS text[]))[1 + s.n % 8],
        CASE WHEN s.r % 9 <> 4
            THEN '+1' || (CAST(:areas AS text[]))[1 + (s.n - 1) / 100] || '55501'
                || lpad(((s.n - 1) % 100)::text, 2, '0') END,
        CASE WHEN s.r % 11 <> 5 THEN lower(s.first || '.' || s.last) || '@example.com' END,
        (CAST(:places AS text[]))[1 + s.r % 7], (CAST(:sources AS text[]))[1 + s.n % 6], t.id,
        s.since + (now() - s.since) * (s.r % 90) / 100.0, CASE WHEN t.place = 5 THEN 'Price' END,
        (5 + s.r % 240) * 10000, s.since, now()
    FROM scattered s
    JOIN stages t ON t.place = CASE WHEN s.r < 440 THEN 1 WHEN s.r < 690 THEN 2 WHEN s.r < 840 THEN 3
        WHEN s.r < 930 THEN 4 ELSE 5 END
""")

# Work by the day: weekdays more than weekends; each at the person's own hours, none in the future.
WORK = text("""
    WITH team AS (
        SELECT u.id AS user_id, u.time_zone AS zone, row_number() OVER (ORDER BY u.phone) AS m,
            (now() AT TIME ZONE u.time_zone)::date AS today
        FROM users u WHERE u.id = ANY(CAST(:owners AS uuid[]))
    ), own AS (
        SELECT id, owner_id, row_number() OVER (PARTITION BY owner_id ORDER BY id DESC) - 1 AS place,
            count(*) OVER (PARTITION BY owner_id) AS many
        FROM prospects WHERE org_id = :org
    ), slots AS (
        SELECT t.*, d AS days, i, (t.m * 131 + d * 37 + i * 53 + d * d * 7) % 100 AS r, t.today - d AS on_date
        FROM team t CROSS JOIN generate_series(0, 89) AS d CROSS JOIN generate_series(1, 9) AS i
    ), done AS (
        SELECT s.*,
            (s.on_date + time '08:30' + make_interval(mins => (s.i * 53 + s.r % 40)::int)) AT TIME ZONE s.zone AS at
        FROM slots s
        WHERE CASE
            -- The owner has not done anything yet today; a streak is at stake. The others have.
            WHEN s.m = 1 AND s.days = 0 THEN false
            WHEN s.days <= 6 + s.m * 2 THEN s.i = 1 OR s.r < 45
            WHEN s.days = 7 + s.m * 2 OR s.days = 8 + s.m * 2 OR s.days BETWEEN 40 AND 43 THEN false
            WHEN extract(isodow FROM s.on_date) >= 6 THEN s.r < 12
            ELSE s.r < 60 END
    )
    INSERT INTO activities (id, org_id, user_id, prospect_id, kind, on_date, at, source)
    SELECT nexapp_uuid7(d.at), :org, d.user_id, o.id,
        (ARRAY['scan', 'scan', 'follow_up_sent', 'ai_message', 'call', 'call', 'email', 'pitch_deck', 'pipeline_add',
            'follow_up_sent', 'meeting', 'reply', 'scan'])[1 + (d.r * 7 + d.i + d.days) % 13],
        d.on_date, d.at, 'demo'
    FROM done d JOIN own o ON o.owner_id = d.user_id AND o.place = (d.days * 17 + d.i * 29 + d.r) % o.many
    WHERE d.at <= now()
""")

# Who answered and met lately: the hot ones and the warm ones.
WARMTH = text("""
    WITH own AS (
        SELECT p.id, p.owner_id, u.time_zone AS zone,
            row_number() OVER (PARTITION BY p.owner_id ORDER BY p.value_cents DESC, p.id) AS place
        FROM prospects p JOIN users u ON u.id = p.owner_id
        JOIN prospect_stages s ON s.org_id = p.org_id AND s.id = p.stage_id AND s.outcome = 'open'
        WHERE p.org_id = :org AND p.role IN ('Owner', 'Founder', 'Director', 'Head of sales')
    ), answers AS (
        SELECT o.*, k.kind, now() - make_interval(hours => (k.hours + o.place * 7 % 24)::int) AS at
        FROM own o CROSS JOIN (VALUES
            ('reply', 20, 40), ('meeting', 90, 9), ('reply', 120, 26), ('reply', 200, 12), ('meeting', 300, 14)
        ) AS k(kind, hours, up_to)
        WHERE o.place <= k.up_to
    )
    INSERT INTO activities (id, org_id, user_id, prospect_id, kind, on_date, at, source)
    SELECT nexapp_uuid7(at), :org, owner_id, id, kind, (at AT TIME ZONE zone)::date, at, 'demo' FROM answers
""")

# Good prospects that were left alone for more than a week.
FORGET = text("""
    DELETE FROM activities a USING (
        SELECT id FROM prospects WHERE org_id = :org AND owner_id IS NOT NULL ORDER BY value_cents DESC, id LIMIT 3
    ) p
    WHERE a.org_id = :org AND a.prospect_id = p.id AND a.at > now() - interval '9 days'
""")

TOUCH = text("""
    UPDATE prospects p SET last_activity_at = a.at
    FROM (SELECT prospect_id, max(at) AS at FROM activities WHERE org_id = :org AND kind = ANY(CAST(:kinds AS text[]))
        GROUP BY prospect_id) a
    WHERE p.org_id = :org AND p.id = a.prospect_id
""")


def seed_prospects(org_id: UUID, owners: list[UUID], touching: list[str]) -> None:
    """`owners` in the order of their numbers; `touching`: kinds of activity that are a contact."""
    about: dict[str, Any] = {"org": org_id, "owners": owners}
    names = {
        "first": list(cast.FIRST), "last": list(cast.LAST), "companies": list(cast.COMPANIES),
        "roles": list(cast.ROLES), "areas": list(cast.AREAS), "places": list(cast.PLACES),
        "sources": list(cast.SOURCES),
    }  # fmt: skip
    db.session.execute(PROSPECTS, about | names)
    db.session.execute(WORK, about)
    db.session.execute(WARMTH, {"org": org_id})
    db.session.execute(FORGET, {"org": org_id})
    db.session.execute(TOUCH, {"org": org_id, "kinds": touching})
