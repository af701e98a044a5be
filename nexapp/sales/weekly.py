"""On Sunday at six in the evening: what somebody did this week, kept as a report and told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy import text

from nexapp.notifications.service import Recipient, notify
from nexapp.sales.rhythm import GIVEN, SUNDAY_EVENING, TEAM, given
from nexapp.spine.db import db
from nexapp.spine.local_jobs import Person, local_job

KEEP = text(f"""
    INSERT INTO weekly_reports (id, org_id, user_id, on_date, counts, streak)
    SELECT nexapp_uuid7(now()), g.org_id, g.user_id, g.on_date, a.counts,
        CASE WHEN s.alive_until >= g.on_date THEN s.current_days ELSE 0 END
    FROM ({GIVEN}) g
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(kind, number) AS counts FROM (
            SELECT kind, count(*) AS number FROM activities
            WHERE org_id = g.org_id AND user_id = g.user_id AND on_date BETWEEN g.on_date - 6 AND g.on_date
            GROUP BY kind
        ) kinds
    ) a
    LEFT JOIN streaks s ON s.org_id = g.org_id AND s.user_id = g.user_id
    WHERE a.counts IS NOT NULL
    ON CONFLICT (org_id, user_id, on_date) DO NOTHING
    RETURNING org_id, user_id, on_date, counts, streak
""")  # noqa: S608 - our own words


@local_job("weekly_summary", SUNDAY_EVENING, people=TEAM, label=lazy_gettext("Weekly summary"))
def summarise(people: Sequence[Person]) -> Mapping[str, int]:
    """Whoever did nothing all week gets no report."""
    reports = db.session.execute(KEEP, given(people)).all()
    told = notify([_recipient(report) for report in reports], "weekly_report")
    return {"reported": len(reports), "told": told.count, "unwanted": told.skipped}


def _recipient(report: Any) -> Recipient:
    return Recipient(
        report.user_id, values={"message": message_of(report.counts, report.streak)}, org_id=report.org_id,
        action_url=f"/reports/weekly/{report.on_date}", dedupe_key=f"weekly:{report.org_id}:{report.on_date}",
    )  # fmt: skip


def message_of(counts: Mapping[str, int], streak: int) -> str:
    """The week in a sentence or two; what is nought is not said."""
    sentences = [_("This week: %(done)s.", done=", ".join(_done(counts)))]
    if streak:
        sentences.append(ngettext("Current streak: %(num)s day.", "Current streak: %(num)s days.", streak))
    return " ".join([*sentences, _("Keep up the great work! 🚀")])


def _done(counts: Mapping[str, int]) -> list[str]:
    scans, messages, decks = (counts.get(kind, 0) for kind in ("scan", "ai_message", "pitch_deck"))
    parts = [
        (scans, ngettext("%(num)s prospect scanned", "%(num)s prospects scanned", scans)),
        (messages, ngettext("%(num)s message generated", "%(num)s messages generated", messages)),
        (decks, ngettext("%(num)s pitch deck created", "%(num)s pitch decks created", decks)),
    ]
    # Who did nothing of these three did something else: without that the sentence would be empty.
    actions = sum(counts.values())
    return [words for number, words in parts if number] or [
        ngettext("%(num)s action recorded", "%(num)s actions recorded", actions)
    ]
