"""A sales team's start page and weekly report, full and empty, and the console's jobs."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.blackbox import Merchant, sql

NAMES = ["sales_home", "sales_home_none", "weekly_report", "weekly_report_none", "jobs", "jobs_failed"]

PROSPECTS = """
    INSERT INTO prospects (id, org_id, owner_id, name, company, phone, stage_id, score, last_activity_at)
    SELECT gen_random_uuid(), %s, %s, 'Wilhelmina Featherstonehaugh ' || n, 'A Company With A Long Name',
        '+12125550101', (SELECT id FROM prospect_stages WHERE org_id = %s ORDER BY position LIMIT 1), 99 - n * 8, now()
    FROM generate_series(1, 5) n
"""
ACTIVITIES = """
    INSERT INTO activities (id, org_id, user_id, kind, on_date)
    SELECT gen_random_uuid(), %s, %s, (ARRAY['scan', 'ai_message', 'pitch_deck', 'call'])[1 + n %% 4],
        date '2026-11-15' - n %% 20
    FROM generate_series(1, 60) n
"""
REPORT = "INSERT INTO weekly_reports (id, org_id, user_id, on_date, streak) VALUES (%s, %s, %s, '2026-11-15', 7)"
JOBS = """
    INSERT INTO background_jobs (id, actor_role, queue, name, status, error, run_at, progress)
    VALUES (%s, 'system', 'slow', 'daily_rescan', %s, %s, '2100-01-01', %s)
"""


def arrange(places: Any, merchant: Any) -> None:
    stack = places.stack
    team, empty = (Merchant(stack).sign_up(name, kind="sales") for name in ("Rhythm Sales", "Silent Sales"))
    [(user,)] = sql(stack, "SELECT user_id FROM memberships WHERE org_id = %s", team.org_id)
    sql(stack, PROSPECTS, team.org_id, user, team.org_id)
    sql(stack, ACTIVITIES, team.org_id, user)
    sql(stack, REPORT, uuid4(), team.org_id, user)
    places.add(team, sales_home="/sales", weekly_report="/reports/weekly/2026-11-15")
    places.add(empty, sales_home_none="/sales", weekly_report_none="/reports/weekly")
    for status, error in (("queued", None), ("failed", "ValueError: a very long error " * 9)):
        sql(
            stack,
            JOBS,
            uuid4(),
            status,
            error,
            '{"done": 40000, "total": 100000, "counts": {"told": 39000, "late": 7}}',
        )
    who = places.paths["admin"][0]
    places.add(who, jobs="/admin/jobs", jobs_failed="/admin/jobs?state=failed")
