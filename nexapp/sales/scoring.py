"""Scores of many prospects in one statement, each change with its reasons, and who has become hot.

The arithmetic is the database's `nexapp_score`; what counts how much is data (`nexapp_score_weights`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from nexapp.notifications.service import Recipient, notify
from nexapp.sales.prospect_words import HOT as HOT
from nexapp.sales.prospect_words import WARM as WARM
from nexapp.spine.clock import now
from nexapp.spine.columns import join, joined
from nexapp.spine.db import db

PARTS = ("recency", "replies", "meetings", "fit", "value")
THESE = f"SELECT p.org_id, p.id FROM prospects p WHERE p.id = ANY ({joined('prospect_ids', 'uuid')})"  # noqa: S608

LOCK = text(f"""
    SELECT 1 FROM prospects WHERE (org_id, id) IN ({THESE}) ORDER BY id FOR NO KEY UPDATE
""")  # noqa: S608 - constants of this file

# Each prospect's signals are looked up by themselves, and a step's results are kept before the next one reads them: no
# guess of the planner's at how many are chosen can make it compare all with all, and nothing is worked out twice.
FRESH = """
    WITH chosen (org_id, id) AS MATERIALIZED (/* chosen */),
    points AS MATERIALIZED (
        SELECT p.org_id, p.id, p.score AS before, p.score_parts AS parts_before, s.*
        FROM chosen c
        JOIN prospects p ON p.org_id = c.org_id AND p.id = c.id
        JOIN prospect_stages t ON t.org_id = p.org_id AND t.id = p.stage_id
        CROSS JOIN LATERAL nexapp_score_weights(p.org_id) w
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (
                    WHERE a.kind = 'reply' AND a.at > CAST(:at AS timestamptz) - interval '60 days') AS replies,
                count(*) FILTER (WHERE a.kind = 'meeting') AS meetings
            FROM activities a
            WHERE a.org_id = p.org_id AND a.prospect_id = p.id AND a.kind IN ('reply', 'meeting')
              AND a.at > CAST(:at AS timestamptz) - interval '90 days' AND a.at <= CAST(:at AS timestamptz)
        ) g
        CROSS JOIN LATERAL nexapp_score(
            t.outcome = 'open', CAST(:at AS timestamptz) - p.last_activity_at, g.replies, g.meetings, p.role, p.company,
            p.email, p.phone, p.location, p.value_cents, w.recency, w.replies, w.meetings, w.fit, w.value,
            w.full_value_cents, w.fit_pattern) s
        WHERE p.deleted_at IS NULL
    ),
    fresh AS MATERIALIZED (
        SELECT org_id, id, before, parts_before, recency + replied + met + fit + worth AS after,
            jsonb_build_object('recency', recency, 'replies', replied, 'meetings', met, 'fit', fit, 'value', worth)
                AS parts
        FROM points
    )
"""
"""For each prospect of `chosen` (organisation, id): score and parts before and after, at the instant `:at`."""

RESCORE = f"""{FRESH},
    moved AS MATERIALIZED (
        SELECT f.*, :cause <> 'added' AND (after <> before OR parts_before <> '{{}}') AS is_noted,
            gen_random_uuid() AS change_id
        FROM fresh f WHERE f.parts <> f.parts_before
    ),
    changed AS (
        UPDATE prospects p SET score = f.after, score_parts = f.parts, scored_at = :at
        FROM moved f
        -- Whoever scored it in between knew more than this statement's snapshot does.
        WHERE p.org_id = f.org_id AND p.id = f.id AND p.score = f.before AND p.score_parts = f.parts_before
        RETURNING p.org_id, p.id, p.owner_id, p.name, p.phone, p.is_unlocked, f.before, f.after, f.parts_before,
            f.parts, f.is_noted, f.change_id
    ),
    noted AS (
        INSERT INTO score_changes (id, org_id, prospect_id, before, after, parts_before, parts, cause, changed_at)
        SELECT change_id, org_id, id, before, after, parts_before, parts, :cause, :at FROM changed WHERE is_noted
    )
    SELECT count(*) AS changed, coalesce(
        jsonb_agg(jsonb_build_object('org_id', org_id, 'id', id, 'owner_id', owner_id, 'name', name, 'phone', phone,
            'change_id', CASE WHEN is_noted THEN change_id ELSE id END))
            FILTER (WHERE before < :hot AND after >= :hot AND is_unlocked),
        '[]') AS crossings
    FROM changed
"""  # noqa: S608 - constants of this file


@dataclass(frozen=True, slots=True)
class Rescored:
    changed: int
    crossings: list[dict[str, Any]]
    """Who has become hot: org_id, id, owner_id, name, phone and change_id of each prospect, as texts. A locked one
    reminds nobody."""


def rescore(chosen: str, *, cause: str, at: datetime | None = None, **parameters: Any) -> Rescored:
    """Score again what the SELECT `chosen` gives (organisation and id of prospects) in one statement.

    Rows whose points stay the same aren't written. The first score of what was just added needs no reasons beside its
    parts. Tells nobody: see `tell_hot`.
    """
    statement = text(RESCORE.replace("/* chosen */", chosen))
    values = {"at": at or now(), "cause": cause, "hot": HOT, **parameters}
    row = db.session.execute(statement, values).one()
    return Rescored(row.changed, row.crossings)


def rescore_prospects(prospect_ids: Iterable[UUID], cause: str, at: datetime | None = None) -> Rescored:
    """After something about these prospects changed; their owners are told of those that became hot.

    Locks the rows first: what another transaction is about to add to them must be seen by one of the two.
    """
    chosen = join(sorted(set(prospect_ids)))
    if not chosen:
        return Rescored(0, [])
    db.session.flush()
    db.session.execute(LOCK, {"prospect_ids": chosen})
    done = rescore(THESE, cause=cause, at=at, prospect_ids=chosen)
    tell_hot(done.crossings)
    return done


def tell_hot(crossings: Iterable[dict[str, Any]]) -> None:
    """One notice for each crossing upwards, to the prospect's owner; crossing again later is another one."""
    by_org: dict[str, list[Recipient]] = {}
    for one in crossings:
        if one["owner_id"]:
            by_org.setdefault(one["org_id"], []).append(_recipient(one))
    for org_id, recipients in by_org.items():
        notify(recipients, "hot_lead", subject_kind="prospect", group_key="hot_lead", org_id=UUID(org_id))


def _recipient(one: dict[str, Any]) -> Recipient:
    ways = [{"kind": kind, "phone": one["phone"]} for kind in ("call", "text") if one["phone"]]
    return Recipient(
        UUID(one["owner_id"]), values={"name": one["name"]}, subject_id=UUID(one["id"]),
        action_url=f"/prospects/{one['id']}", dedupe_key=f"hot:{one['change_id']}", details={"actions": ways},
    )  # fmt: skip
