"""Missions that the demo's people completed, their coins and achievements, and this week's insights."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from nexapp.sales import insights
from nexapp.sales.achievements import KNOWN
from nexapp.sales.missions import MISSIONS
from nexapp.spine.db import db

COMPLETE = text("""
    INSERT INTO mission_completions (org_id, user_id, mission, starts_on, coins, created_at)
    SELECT a.org_id, a.user_id, m.name, s.starts_on, m.coins, (array_agg(a.at ORDER BY a.at))[m.target]
    FROM unnest(CAST(:names AS text[]), CAST(:kinds AS text[]), CAST(:targets AS integer[]), CAST(:coins AS integer[]),
        CAST(:days AS integer[])) AS m (name, kind, target, coins, days)
    JOIN activities a ON a.org_id = :org AND a.kind = m.kind
    CROSS JOIN LATERAL (
        SELECT CASE WHEN m.days = 1 THEN a.on_date ELSE date_trunc('week', a.on_date)::date END AS starts_on
    ) s
    GROUP BY a.org_id, a.user_id, m.name, s.starts_on, m.coins, m.target HAVING count(*) >= m.target
    ON CONFLICT (org_id, user_id, mission, starts_on) DO NOTHING
""")
ACHIEVE = text("""
    INSERT INTO achievements (org_id, user_id, name, created_at)
    SELECT s.org_id, s.user_id, k.name, now() - interval '1 day'
    FROM streaks s
    JOIN unnest(CAST(:names AS text[]), CAST(:days AS integer[])) AS k (name, days) ON s.longest_days >= k.days
    WHERE s.org_id = :org
    ON CONFLICT (org_id, user_id, name) DO NOTHING
""")
# Much of it was earned at one instant. Each line is a millisecond after the one before it, so that the ids, by which a
# ledger is read, are in the order of the balances.
EARN = text("""
    INSERT INTO coin_entries (id, org_id, user_id, amount, balance, reason, entry_key, on_date, created_at)
    SELECT nexapp_uuid7(e.at), :org, e.user_id, e.coins,
        sum(e.coins) OVER (PARTITION BY e.user_id ORDER BY e.at), e.reason, e.entry_key, e.on_date, e.at
    FROM (
      SELECT x.user_id, x.coins, x.reason, x.entry_key, x.on_date, date_trunc('milliseconds', x.at) + interval '1 ms'
        * row_number() OVER (PARTITION BY x.user_id ORDER BY x.at, x.entry_key) AS at
      FROM (
        SELECT c.user_id, c.coins, 'mission' AS reason, 'mission:' || c.mission || ':' || c.starts_on AS entry_key,
            c.starts_on AS on_date, c.created_at AS at
        FROM mission_completions c WHERE c.org_id = :org
        UNION ALL
        SELECT a.user_id, k.coins, 'achievement', 'achievement:' || a.name, a.created_at::date, a.created_at
        FROM achievements a
        JOIN unnest(CAST(:names AS text[]), CAST(:coins AS integer[])) AS k (name, coins) ON k.name = a.name
        WHERE a.org_id = :org
      ) x
    ) e
    WHERE NOT EXISTS (SELECT FROM coin_entries x WHERE x.org_id = :org)
""")
BALANCE = text("""
    INSERT INTO coin_balances (org_id, user_id, balance)
    SELECT org_id, user_id, sum(amount) FROM coin_entries WHERE org_id = :org GROUP BY org_id, user_id
    ON CONFLICT (org_id, user_id) DO UPDATE SET balance = EXCLUDED.balance
""")


def seed_momentum(org_id: UUID) -> None:
    """After activities, scores and streaks; a second time it changes nothing."""
    db.session.execute(COMPLETE, {
        "org": org_id, "names": [one.name for one in MISSIONS], "kinds": [one.kinds[0] for one in MISSIONS],
        "targets": [one.target for one in MISSIONS], "coins": [one.coins for one in MISSIONS],
        "days": [one.days for one in MISSIONS],
    })  # fmt: skip
    streaks = [one for one in KNOWN if one.days]
    db.session.execute(
        ACHIEVE, {"org": org_id, "names": [one.name for one in streaks], "days": [one.days for one in streaks]}
    )
    db.session.execute(
        EARN, {"org": org_id, "names": [one.name for one in KNOWN], "coins": [one.coins for one in KNOWN]}
    )
    db.session.execute(BALANCE, {"org": org_id})
    insights.generate_insights(org_id)
