"""On Monday morning: which missions the week brings. One notice for all of them, to whoever did something lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from nexapp.notifications.service import notify_selected
from nexapp.sales.missions import MISSIONS, WEEK
from nexapp.sales.rhythm import GIVEN, TEAM, given
from nexapp.spine.local_days import LocalHour
from nexapp.spine.local_jobs import Person, local_job

MONDAY_MORNING = LocalHour(8, timedelta(hours=12), 0)

# Who did nothing for two weeks is not chased with games.
PLAYING = f"""
    {TEAM} AND m.role <> 'viewer' AND EXISTS (
        SELECT FROM activities a WHERE a.org_id = m.org_id AND a.user_id = m.user_id
          AND a.on_date >= (CAST(:at AS timestamptz) - interval '14 days')::date
    )
"""

TELL = f"""
    SELECT g.user_id, g.org_id, g.ends_at AS expires_at, 'missions:' || g.org_id || ':' || g.on_date AS dedupe_key,
        CAST(:title AS text) AS title, CAST(:message AS text) AS message
    FROM ({GIVEN}) g
"""  # noqa: S608 - our own words


@local_job("new_missions", MONDAY_MORNING, people=PLAYING, label=lazy_gettext("New missions"))
def tell_of_missions(people: Sequence[Person]) -> Mapping[str, int]:
    told = notify_selected("mission_alert", TELL, given(people) | _words(), action_url="/progress")
    return {"told": told.count, "unwanted": told.skipped}


def _words() -> dict[str, str]:
    weekly = [one for one in MISSIONS if one.days == WEEK]
    named = [
        ngettext("%(title)s: %(num)s coin.", "%(title)s: %(num)s coins.", one.coins, title=str(one.title))
        for one in weekly
    ]
    title = ngettext("%(num)s new mission this week", "%(num)s new missions this week", len(weekly))
    return {"title": title, "message": " ".join([*named, _("Smaller ones come every day.")])}
