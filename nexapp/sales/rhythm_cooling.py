"""At eight in the morning: hot and warm prospects that nobody was in touch with for a week, once per quiet spell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext
from sqlalchemy import text

from nexapp.notifications.service import notify_selected
from nexapp.sales.rhythm import FORENOON, GIVEN, TEAM, given
from nexapp.sales.scoring import WARM
from nexapp.spine.clock import now
from nexapp.spine.columns import join, joined
from nexapp.spine.db import db
from nexapp.spine.local_jobs import Person, local_job

QUIET_DAYS = 7

# A spell begins with the last time somebody was in touch; who never was, is quiet from the start.
NOTE = text(f"""
    INSERT INTO quiet_spells AS q (org_id, prospect_id, since)
    SELECT p.org_id, p.id, coalesce(p.last_activity_at, p.created_at)
    FROM ({GIVEN}) g
    JOIN prospects p ON p.org_id = g.org_id AND p.owner_id = g.user_id AND p.deleted_at IS NULL
    JOIN prospect_stages s ON s.org_id = p.org_id AND s.id = p.stage_id AND s.outcome = 'open'
    WHERE p.is_unlocked AND p.score >= {WARM}
      AND coalesce(p.last_activity_at, p.created_at) <= CAST(:at AS timestamptz) - interval '{QUIET_DAYS} days'
    ORDER BY p.org_id, p.id
    ON CONFLICT (org_id, prospect_id) DO UPDATE SET since = excluded.since, told_at = now()
    WHERE q.since < excluded.since
    RETURNING q.prospect_id
""")  # noqa: S608 - our own words

TELL = f"""
    SELECT p.owner_id AS user_id, p.org_id, p.id AS subject_id, p.name, '/prospects/' || p.id AS action_url,
        'cooling:' || p.id || ':' || extract(epoch FROM q.since)::bigint AS dedupe_key,
        jsonb_build_object('actions', CASE WHEN p.phone IS NULL THEN '[]' ELSE jsonb_build_array(
            jsonb_build_object('kind', 'call', 'phone', p.phone), jsonb_build_object('kind', 'text', 'phone', p.phone)
        ) END) AS details
    FROM quiet_spells q JOIN prospects p ON p.org_id = q.org_id AND p.id = q.prospect_id
    WHERE p.id = ANY ({joined("prospect_ids", "uuid")})
    ORDER BY p.score DESC, p.id
"""  # noqa: S608 - our own words


@local_job("inactivity_check", FORENOON, people=TEAM, label=lazy_gettext("Cooling leads"))
def tell_of_cooling(people: Sequence[Person]) -> Mapping[str, int]:
    quiet = db.session.scalars(NOTE, given(people) | {"at": now()}).all()
    if not quiet:
        return {}
    told = notify_selected("lead_cooling", TELL, {"prospect_ids": join(quiet)}, subject_kind="prospect")
    return {"told": told.count, "unwanted": told.skipped}
