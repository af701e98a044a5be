"""At six in the morning: scores age over night, and everybody's best prospects of the day are ranked and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext, ngettext
from sqlalchemy import text

from nexapp.notifications.service import notify_selected
from nexapp.sales import scoring
from nexapp.sales.rhythm import GIVEN, MORNING, TEAM, given
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.local_jobs import Person, local_job

KEPT = 10
NAMED = 3

# Whoever signed in or did something in the last thirty days. Looked up for each by themselves: as a condition of
# existence it would be answered by reading what everybody did, at each step anew.
ACTIVE = f"""
    {TEAM} AND coalesce(
        (SELECT true FROM activities a WHERE a.org_id = m.org_id AND a.user_id = m.user_id
            AND a.on_date >= (CAST(:at AS timestamptz) - interval '30 days')::date LIMIT 1),
        (SELECT true FROM user_sessions s WHERE s.user_id = m.user_id AND s.revoked_at IS NULL
            AND s.last_seen_at >= CAST(:at AS timestamptz) - interval '30 days' LIMIT 1),
        false)
"""  # noqa: S608 - our own words

OWN = f"""
    SELECT p.org_id, p.id FROM ({GIVEN}) g JOIN prospects p ON p.org_id = g.org_id AND p.owner_id = g.user_id
    WHERE p.deleted_at IS NULL
"""  # noqa: S608 - our own words

RANK = text(f"""
    INSERT INTO daily_top_prospects (id, org_id, user_id, on_date, prospect_ids, hot, warm, total)
    SELECT nexapp_uuid7(now()), g.org_id, g.user_id, g.on_date,
        (array_agg(p.id ORDER BY p.score DESC, p.last_activity_at DESC NULLS LAST, p.id))[1\\:{KEPT}],
        count(*) FILTER (WHERE p.score >= {scoring.HOT}),
        count(*) FILTER (WHERE p.score >= {scoring.WARM} AND p.score < {scoring.HOT}), count(*)
    FROM ({GIVEN}) g
    JOIN prospects p ON p.org_id = g.org_id AND p.owner_id = g.user_id AND p.deleted_at IS NULL
    JOIN prospect_stages s ON s.org_id = p.org_id AND s.id = p.stage_id AND s.outcome = 'open'
    GROUP BY g.org_id, g.user_id, g.on_date
    ON CONFLICT (org_id, user_id, on_date) DO NOTHING
""")  # noqa: S608 - our own words

TELL = f"""
    SELECT t.user_id, t.org_id, 'top:' || t.org_id || ':' || t.on_date AS dedupe_key, g.ends_at AS expires_at,
        replace(CASE WHEN t.hot = 1 THEN :one ELSE :many END, '{{count}}', t.hot::text) AS title,
        replace(CASE WHEN t.hot = 1 THEN :one_named ELSE :many_named END, '{{names}}', n.names) AS message
    FROM ({GIVEN}) g
    JOIN daily_top_prospects t ON t.org_id = g.org_id AND t.user_id = g.user_id AND t.on_date = g.on_date
    CROSS JOIN LATERAL (
        SELECT string_agg(p.name, ', ' ORDER BY r.place) AS names
        FROM unnest(t.prospect_ids[1\\:least(t.hot, {NAMED})]) WITH ORDINALITY AS r(id, place)
        JOIN prospects p ON p.org_id = t.org_id AND p.id = r.id
    ) n
    WHERE t.hot > 0 AND g.ends_at > CAST(:at AS timestamptz)
"""  # noqa: S608 - our own words


@local_job("daily_rescan", MORNING, people=ACTIVE, label=lazy_gettext("Daily rescan"))
def rescan(people: Sequence[Person]) -> Mapping[str, int]:
    """Score everything of theirs afresh, rank it, and name the hot ones: three statements for all of them."""
    about = given(people)
    scored = scoring.rescore(OWN, cause="daily_rescan", **about)
    scoring.tell_hot(scored.crossings)
    ranked = db.session.execute(RANK, about)
    told = notify_selected("daily_top", TELL, about | _words() | {"at": now()}, action_url="/sales")
    return {
        "scored": scored.changed, "ranked": ranked.rowcount,  # type: ignore[attr-defined]
        "told": told.count, "unwanted": told.skipped,
    }  # fmt: skip


def _words() -> dict[str, str]:
    """Both forms, with places that the statement fills."""

    def title(count: int) -> str:
        return ngettext("🔥 %(count)s Hot Prospect Ready", "🔥 %(count)s Hot Prospects Ready", count, count="{count}")

    def named(count: int) -> str:
        return ngettext(
            "Your top prospect today: %(names)s", "Your top prospects today: %(names)s", count, names="{names}"
        )

    return {"one": title(1), "many": title(2), "one_named": named(1), "many_named": named(2)}
