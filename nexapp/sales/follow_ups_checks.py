"""Pipeline checks: who stands still gets a follow-up by itself, where the plan brings it."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import text

from nexapp.sales.follow_ups import tell_follow_ups
from nexapp.sales.prospect_words import WARM
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule

STILL_DAYS = 14
"""In the same stage, and nobody in touch, for so long."""

AT_MOST = 5
"""A day for each person, the best first: a list of a hundred helps nobody."""

# For tomorrow at nine by the owner's own clock. Whoever had a check lately is left alone, whatever became of it.
PLAN = text("""
    INSERT INTO follow_ups (id, org_id, owner_id, prospect_id, kind, due_at, due_on, due_time, time_zone, message)
    SELECT gen_random_uuid(), x.org_id, x.owner_id, x.id, 'pipeline_check', (x.day + time '09:00') AT TIME ZONE x.zone,
        x.day, '09:00', x.zone, :message
    FROM (
        SELECT p.id, p.org_id, p.owner_id, z.zone, (now() AT TIME ZONE z.zone)::date + 1 AS day,
            row_number() OVER (PARTITION BY p.org_id, p.owner_id ORDER BY p.score DESC, p.id) AS place
        FROM prospects p
        JOIN prospect_stages s ON s.org_id = p.org_id AND s.id = p.stage_id AND s.outcome = 'open'
        JOIN organizations o ON o.id = p.org_id AND o.tier IN ('pro', 'elite') AND o.suspended_at IS NULL
        JOIN memberships m ON m.org_id = p.org_id AND m.user_id = p.owner_id AND m.deactivated_at IS NULL
        JOIN users u ON u.id = p.owner_id AND u.deactivated_at IS NULL
        CROSS JOIN LATERAL (SELECT coalesce(u.time_zone, o.time_zone) AS zone) z
        WHERE p.deleted_at IS NULL AND p.is_unlocked AND p.score >= :warm AND p.next_follow_up_at IS NULL
          AND p.stage_changed_at < now() - make_interval(days => :days)
          AND coalesce(p.last_activity_at, p.created_at) < now() - make_interval(days => :days)
          AND NOT EXISTS (
              SELECT FROM follow_ups f WHERE f.org_id = p.org_id AND f.prospect_id = p.id
                AND f.kind = 'pipeline_check' AND f.created_at > now() - make_interval(days => :days))
    ) x
    WHERE x.place <= :most
    RETURNING org_id
""")


@job("pipeline_check")
def pipeline_check() -> None:
    """Runs as the system, once a day. Run twice, the second finds their follow-ups there."""
    # One at a time: two at once would each see nobody planned for.
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('pipeline_check', 0))"))
    given = {"message": _("Standing still: what is the next step?"), "warm": WARM, "days": STILL_DAYS, "most": AT_MOST}
    for org_id in set(db.session.scalars(PLAN, given)):
        tell_follow_ups(org_id)


def register() -> None:
    schedule("pipeline_check", cron="20 4 * * *", job="pipeline_check")
