"""Insights: what stated rules find in a team's own figures, each with the evidence it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select, text

from nexapp.identity.models import Organization
from nexapp.notifications.service import Recipient, notify
from nexapp.sales.progress_models import Insight
from nexapp.sales.prospect_words import HOT
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue_many, job
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import current_actor

SHOWN_FOR = timedelta(days=35)
WEEK = "date_trunc('week', timezone(coalesce(u.time_zone, o.time_zone), CAST(:at AS timestamptz)))::date"
PEOPLE = f"""
    people AS (
        SELECT m.org_id, m.user_id, {WEEK} AS week_on
        FROM memberships m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.org_id
        WHERE m.org_id = :org AND m.deactivated_at IS NULL AND m.role <> 'viewer'
    )
"""  # noqa: S608 - constants of this file

# Each rule: org_id, user_id, week_on, prospect_id, evidence; at most one line for a person.
RULES = {
    # Hot, and nothing planned: the one with the highest score.
    "hot_alone": """
        SELECT DISTINCT ON (p.owner_id) w.org_id, w.user_id, w.week_on, p.id AS prospect_id,
            jsonb_build_object('name', p.name, 'score', p.score,
                'count', count(*) OVER (PARTITION BY p.owner_id)) AS evidence
        FROM people w JOIN prospects p ON p.org_id = w.org_id AND p.owner_id = w.user_id
        WHERE p.score >= :hot AND p.next_follow_up_at IS NULL AND p.deleted_at IS NULL AND p.is_unlocked
        ORDER BY p.owner_id, p.score DESC, p.id
    """,
    # Wrote twice within 14 days, and waits for us since: likely to answer now.
    "likely_answer": """
        SELECT DISTINCT ON (p.owner_id) w.org_id, w.user_id, w.week_on, p.id AS prospect_id,
            jsonb_build_object('name', p.name, 'replies', r.replies,
                'days', extract(day FROM CAST(:at AS timestamptz) - r.last)::integer) AS evidence
        FROM people w JOIN prospects p ON p.org_id = w.org_id AND p.owner_id = w.user_id
        JOIN prospect_stages t ON t.org_id = p.org_id AND t.id = p.stage_id AND t.outcome = 'open'
        JOIN LATERAL (
            SELECT count(*) AS replies, max(a.at) AS last FROM activities a
            WHERE a.org_id = p.org_id AND a.prospect_id = p.id AND a.kind = 'reply'
                AND a.at > CAST(:at AS timestamptz) - interval '14 days'
        ) r ON r.replies >= 2 AND r.last >= p.last_activity_at AND r.last < CAST(:at AS timestamptz) - interval '1 day'
        WHERE p.deleted_at IS NULL AND p.is_unlocked
        ORDER BY p.owner_id, r.replies DESC, r.last DESC, p.id
    """,
    # The weekday on which most replies came, of ten or more in 60 days, where it has at least a third of them.
    "best_weekday": """
        SELECT DISTINCT ON (d.user_id) d.org_id, d.user_id, d.week_on, NULL::uuid AS prospect_id,
            jsonb_build_object('weekday', d.weekday, 'replies', d.replies, 'total', d.total) AS evidence
        FROM (
            SELECT w.org_id, w.user_id, w.week_on, extract(isodow FROM a.on_date)::integer AS weekday,
                count(*) AS replies, sum(count(*)) OVER (PARTITION BY w.user_id)::integer AS total
            FROM people w JOIN activities a ON a.org_id = w.org_id AND a.user_id = w.user_id AND a.kind = 'reply'
                AND a.at > CAST(:at AS timestamptz) - interval '60 days'
            GROUP BY 1, 2, 3, 4
        ) d
        WHERE d.total >= 10 AND d.replies * 3 >= d.total
        ORDER BY d.user_id, d.replies DESC, d.weekday
    """,
    # Where most open prospects have stood still for 21 days or more, of five or more there.
    "stalled_stage": """
        SELECT DISTINCT ON (s.owner_id) w.org_id, w.user_id, w.week_on, NULL::uuid AS prospect_id,
            jsonb_build_object('stage', s.name, 'count', s.stalled, 'total', s.total) AS evidence
        FROM people w JOIN (
            SELECT p.org_id, p.owner_id, t.name, count(*) AS total, count(*) FILTER (
                WHERE p.stage_changed_at < CAST(:at AS timestamptz) - interval '21 days') AS stalled
            FROM prospects p
            JOIN prospect_stages t ON t.org_id = p.org_id AND t.id = p.stage_id AND t.outcome = 'open'
            WHERE p.org_id = :org AND p.deleted_at IS NULL AND p.owner_id IS NOT NULL
            GROUP BY 1, 2, t.id, 3
        ) s ON s.org_id = w.org_id AND s.owner_id = w.user_id
        WHERE s.stalled >= 5 AND s.stalled * 2 >= s.total
        ORDER BY s.owner_id, s.stalled DESC, s.name
    """,
}
KEEP = """
    WITH {people}
    INSERT INTO insights (id, org_id, user_id, rule, week_on, prospect_id, evidence)
    SELECT gen_random_uuid(), f.org_id, f.user_id, :rule, f.week_on, f.prospect_id, f.evidence FROM ({rule}) f
    ON CONFLICT (org_id, user_id, rule, week_on) DO NOTHING
    RETURNING id, user_id, rule, prospect_id, evidence
"""


@dataclass(frozen=True, slots=True)
class Said:
    title: str
    message: str
    evidence: str
    prospect_id: UUID | None


def generate_insights(org_id: UUID) -> int:
    """One statement for each rule finds what is new this week for everybody of the team, and tells them; how many.

    Run again it finds nothing new. The plan decides how many of them reach somebody as notices.
    """
    made: list[Any] = []
    for rule, select_of in RULES.items():
        statement = text(KEEP.format(people=PEOPLE, rule=select_of))
        made += db.session.execute(statement, {"org": org_id, "rule": rule, "at": now(), "hot": HOT}).all()
    notify([_recipient(row) for row in made], "ai_insight", subject_kind="insight", org_id=org_id)
    return len(made)


def list_insights() -> list[Said]:
    """The acting member's of the last weeks, the latest first."""
    actor = current_actor()
    rows: Sequence[Insight] = db.session.scalars(
        select(Insight)
        .where(Insight.org_id == actor.tenant, Insight.user_id == actor.user_id, Insight.created_at > now() - SHOWN_FOR)
        .order_by(Insight.created_at.desc(), Insight.id)
        .limit(8)
    ).all()
    return [say(row) for row in rows]


def say(row: Any) -> Said:
    title, message, evidence = _WORDS[row.rule](row.evidence)
    return Said(title, message, evidence, row.prospect_id)


def _recipient(row: Any) -> Recipient:
    said = say(row)
    return Recipient(
        row.user_id, values={"title": said.title, "message": f"{said.message} {said.evidence}"}, subject_id=row.id,
        action_url=f"/prospects/{row.prospect_id}" if row.prospect_id else "/progress", dedupe_key=f"insight:{row.id}",
    )  # fmt: skip


def _hot_alone(found: dict[str, Any]) -> tuple[str, str, str]:
    return (
        _("%(name)s is hot, and nothing is planned", name=found["name"]),
        _("Plan the next step while they remember you."),
        ngettext("Evidence: a score of %(score)s; %(num)s hot prospect of yours without a follow-up.",
                 "Evidence: a score of %(score)s; %(num)s hot prospects of yours without a follow-up.",
                 found["count"], score=found["score"]),
    )  # fmt: skip


def _likely_answer(found: dict[str, Any]) -> tuple[str, str, str]:
    days = ngettext("%(num)s day ago", "%(num)s days ago", found["days"])
    return (
        _("%(name)s is likely to answer now", name=found["name"]),
        _("They wrote last. Answer them today."),
        _("Evidence: %(replies)s replies within 14 days, the last one %(when)s, and nothing from you since.",
          replies=found["replies"], when=days),
    )  # fmt: skip


def _best_weekday(found: dict[str, Any]) -> tuple[str, str, str]:
    days = [_("Mondays"), _("Tuesdays"), _("Wednesdays"), _("Thursdays"), _("Fridays"), _("Saturdays"), _("Sundays")]
    day = days[found["weekday"] - 1]
    return (
        _("Your prospects answer most on %(day)s", day=day),
        _("Send what matters the evening before, or early that day."),
        _("Evidence: %(replies)s of your %(total)s replies within 60 days.", **_of(found, "replies", "total")),
    )


def _stalled_stage(found: dict[str, Any]) -> tuple[str, str, str]:
    return (
        _("“%(stage)s” is where your prospects stand still", stage=found["stage"]),
        _("Decide for each of them: the next step, or an honest no."),
        _("Evidence: %(count)s of %(total)s have been there for 21 days or more.", **_of(found, "count", "total")),
    )


def _of(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: found[name] for name in names}


_WORDS = {
    "hot_alone": _hot_alone, "likely_answer": _likely_answer, "best_weekday": _best_weekday,
    "stalled_stage": _stalled_stage,
}  # fmt: skip


@job("start_insights", queue="slow")
def start_insights() -> None:
    """A job for each sales team, so that one that fails stops no other."""
    teams = db.session.scalars(select(Organization.id).where(Organization.kind == "sales")).all()
    enqueue_many("team_insights", [{"org_id": str(org_id)} for org_id in teams])


@job("team_insights", queue="slow")
def team_insights(org_id: str) -> None:
    generate_insights(UUID(org_id))


def register_jobs() -> None:
    schedule("insights", cron="20 */6 * * *", job="start_insights")
