"""Goal 8: the 06:00 rescan of 100,000 people: scores, ranking, notices by everybody's settings, digests.

Against the bare statement (the rows of the ranking and of the notices, without rules, scores and row-level security),
and against the same work one person after the other: a sample of people, each in a transaction of their own as a worker
without sets would do it, times the number of such samples. The worker's own code runs it in this process, so that its
memory is seen at 10,000 people and at 100,000.
"""

from __future__ import annotations

import resource
import time
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from bench.product import Product, product
from bench.rounds import Contestant, Line, interleaved
from nexapp.sales import daily, scoring
from nexapp.spine.clock import now
from nexapp.spine.job_runs import start_run
from nexapp.spine.jobs.runner import drain_ledger, system_unit
from nexapp.spine.local_jobs import Person

PEOPLE = 100_000
FEW = 10_000
SINGLE = 200
"""One at a time takes five hundred times as long for five hundred times as many."""
PROSPECTS = 2
ROUNDS = 2
AT_MOST_SECONDS = 45
"""No second round after so long: the whole bench has ten minutes."""
MOST_GROWTH_MB = 80
JOB, ZONE = "daily_rescan", "America/New_York"

ORGANISATIONS = """
    INSERT INTO organizations (id, name, slug, kind, tier, time_zone)
    SELECT gen_random_uuid(), 'Team ' || n, 'team-' || n, 'sales', 'pro', 'America/New_York'
    FROM generate_series(1, %s) n
"""
USERS = """
    INSERT INTO users (id, phone, email, name)
    SELECT gen_random_uuid(), '+1555' || lpad(n::text, 7, '0'), 'rep' || n || '@example.com', 'Rep ' || n
    FROM generate_series(1, %s) n
"""
MEMBERS = """
    INSERT INTO memberships (id, org_id, user_id, role, created_at)
    SELECT gen_random_uuid(), o.id, u.id, 'staff', now() - interval '90 days'
    FROM (SELECT id, row_number() OVER () AS n FROM users) u
    JOIN (SELECT id, row_number() OVER () AS n, count(*) OVER () AS many FROM organizations) o
        ON o.n = 1 + u.n %% o.many
"""
OWNED = """
    INSERT INTO prospects (id, org_id, owner_id, name, role, company, email, phone, stage_id, value_cents,
        last_activity_at)
    SELECT gen_random_uuid(), m.org_id, m.user_id, 'Prospect ' || n, 'Founder', 'Company', 'a@example.com',
        '+12125550101', s.id, 100000000, now() - CASE n WHEN 2 THEN interval '3 days' ELSE interval '1 day' END
    FROM memberships m CROSS JOIN generate_series(1, %s) n
    JOIN LATERAL (SELECT id FROM prospect_stages WHERE org_id = m.org_id ORDER BY position LIMIT 1) s ON true
"""
# One of them is hot, the other is not.
ACTIVE = """
    INSERT INTO activities (id, org_id, user_id, prospect_id, kind, on_date, at)
    SELECT gen_random_uuid(), p.org_id, p.owner_id, p.id, k, (now() - interval '1 day')::date, now() - interval '1 day'
    FROM prospects p CROSS JOIN unnest(ARRAY['reply', 'reply', 'reply', 'meeting']) k WHERE p.name = 'Prospect 1'
"""
CHOICES = """
    INSERT INTO notification_settings (user_id, digest_enabled, quiet_enabled)
    SELECT id, phone LIKE '%%1', phone LIKE '%%2' FROM users WHERE phone LIKE '%%1' OR phone LIKE '%%2'
"""
WRITTEN = (
    "local_runs", "daily_top_prospects", "score_changes", "notifications", "notification_skips", "unread_counts",
    "messages",
)  # fmt: skip
"""Every table that a rescan writes to, beside the scores in their own rows."""

EMPTY = f"TRUNCATE {', '.join(WRITTEN)}, background_jobs CASCADE"
# Half of the prospects have aged since they were scored last.
AGED = """
    UPDATE prospects SET score = score + 6, score_parts = jsonb_set(score_parts, '{recency}', '30')
    WHERE name = 'Prospect 2'
"""
SAMPLE = "SELECT org_id, user_id FROM memberships ORDER BY org_id, user_id LIMIT %s"
EVERYTHING = "SELECT org_id, id FROM prospects"
SCORES = (
    "UPDATE prospects SET score = score - 6, score_parts = jsonb_set(score_parts, '{recency}', '24'), scored_at = now()"
)


def measure() -> list[Line]:
    with product({}, services_only=True) as ours:
        _arrange(ours)
        growth = _growth(ours)
        _keep(ours)
        contestants: dict[str, Contestant] = {
            "ours": partial(_rescan, ours, PEOPLE), "bare": partial(_bare, ours), "single": partial(_single, ours),
        }  # fmt: skip
        found = interleaved(contestants, ROUNDS, AT_MOST_SECONDS)
    slower, bare = found.ratio("single", "ours"), found.ratio("ours", "bare")
    metric = f"06:00 rescan of {PEOPLE:,} people with {PROSPECTS} prospects each"
    single = f"one by one: {SINGLE} people in as many transactions, times {PEOPLE // SINGLE:,}"
    flat = f"from {FEW:,} to {PEOPLE:,} people the worker's peak grew by {growth} MB"
    is_met = bare <= 3 and growth < MOST_GROWTH_MB
    return [
        Line(8, f"{metric}, vs one by one", found.shown("ours"), found.shown("single"), slower, "≥ 100",
             slower >= 100, single),
        Line(8, f"{metric}, vs the bare rows", found.shown("ours"), found.shown("bare"), bare, "≤ 3", is_met, flat),
    ]  # fmt: skip


def _arrange(ours: Product) -> None:
    ours.sql(ORGANISATIONS, PEOPLE // 50)
    ours.sql(USERS, PEOPLE)
    for statement in (MEMBERS, CHOICES):
        ours.sql(statement)
    ours.sql(OWNED, PROSPECTS)
    ours.sql(ACTIVE)
    ours.sql("VACUUM ANALYZE")
    with ours.app.app_context(), system_unit():
        scoring.rescore(EVERYTHING, cause="import")
    ours.sql("VACUUM ANALYZE prospects")


def _growth(ours: Product) -> int:
    """The worker's peak at all of them against that at a tenth, in megabytes."""
    ours.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id NOT IN (SELECT id FROM users LIMIT %s)", FEW)
    _rescan(ours, FEW)
    few = _peak_mb()
    ours.sql("UPDATE memberships SET deactivated_at = NULL")
    _rescan(ours, PEOPLE)
    return _peak_mb() - few


def _rescan(ours: Product, people: int) -> float:
    _begin_anew(ours)
    began = time.perf_counter()
    with ours.app.app_context():
        with system_unit():
            # By hand, for it may be any hour now.
            start_run(JOB, _today())
        while drain_ledger("slow", lambda: False):
            pass
    seconds = time.perf_counter() - began
    told = ours.sql("SELECT count(*) FROM notifications WHERE type = 'daily_top'")[0][0]
    if told != people:
        raise RuntimeError(f"{told} of {people} people were told")
    return seconds


def _single(ours: Product) -> float:
    """The same work, each person in a transaction of their own."""
    _begin_anew(ours, SINGLE)
    rows = ours.sql(SAMPLE, SINGLE)
    began = time.perf_counter()
    with ours.app.app_context():
        for org_id, user_id in rows:
            with system_unit():
                daily.rescan([Person(org_id, user_id, _today(), ZONE)])
    return (time.perf_counter() - began) * PEOPLE / SINGLE


def _keep(ours: Product) -> None:
    ours.sql("CREATE SCHEMA IF NOT EXISTS bench")
    for table in WRITTEN:
        ours.sql(f"CREATE TABLE bench.kept_{table} AS SELECT * FROM {table}")  # noqa: S608 - names from above
        ours.sql(f"CREATE TABLE bench.bare_{table} (LIKE {table} INCLUDING ALL)")


def _bare(ours: Product) -> float:
    _begin_anew(ours)
    for table in WRITTEN:
        ours.sql(f"TRUNCATE bench.bare_{table}")
    began = time.perf_counter()
    ours.sql(f"{SCORES} WHERE name = 'Prospect 2'")
    for table in WRITTEN:
        ours.sql(f"INSERT INTO bench.bare_{table} SELECT * FROM bench.kept_{table}")  # noqa: S608 - names from above
    return time.perf_counter() - began


def _begin_anew(ours: Product, people: int = PEOPLE) -> None:
    ours.sql(EMPTY)
    ours.sql(f"{AGED} AND score_parts ->> 'recency' = '24' AND (org_id, owner_id) IN ({SAMPLE})", people)


def _today() -> date:
    return now().astimezone(ZoneInfo(ZONE)).date()


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
