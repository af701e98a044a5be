"""At nine in the evening: who would lose a streak of three days or more with this day, and still has three hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext

from nexapp.notifications.service import notify_selected
from nexapp.sales.rhythm import GIVEN, NIGHT, TEAM, given
from nexapp.spine.clock import now
from nexapp.spine.local_jobs import Person, local_job

LEAST = 3

WITH_STREAKS = f"""
    {TEAM} AND EXISTS (
        SELECT FROM streaks s WHERE s.org_id = m.org_id AND s.user_id = m.user_id AND s.current_days >= {LEAST}
          AND s.alive_until >= (CAST(:at AS timestamptz) - interval '2 days')::date
    )
"""

TELL = f"""
    SELECT s.user_id, s.org_id, s.current_days AS days, s.longest_days AS longest, g.ends_at AS expires_at,
        'streak:' || s.org_id || ':' || g.on_date AS dedupe_key
    FROM ({GIVEN}) g JOIN streaks s ON s.org_id = g.org_id AND s.user_id = g.user_id
    WHERE s.current_days >= {LEAST} AND s.last_on < g.on_date AND s.alive_until >= g.on_date
      AND g.ends_at > CAST(:at AS timestamptz)
"""  # noqa: S608 - our own words


@local_job("streak_reminder", NIGHT, people=WITH_STREAKS, label=lazy_gettext("Streak reminders"))
def remind(people: Sequence[Person]) -> Mapping[str, int]:
    told = notify_selected("streak_reminder", TELL, given(people) | {"at": now()}, action_url="/progress")
    return {"told": told.count, "unwanted": told.skipped}
