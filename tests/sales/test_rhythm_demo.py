"""The demo's sales team: enough on every page, quick, and nobody real gets anything."""

from __future__ import annotations

from flask import Flask

from tests.sales.rhythm_world import Sql


def test_every_page_of_the_team_has_something(app: Flask, owner_sql: Sql, statements: list[str]) -> None:
    done = app.test_cli_runner().invoke(args=["seed-demo"])
    assert done.exit_code == 0, done.output or repr(done.exception)
    assert len(statements) < 900, "one for each row would be thousands"
    [(org,)] = owner_sql("SELECT id FROM organizations WHERE slug = 'summit-sales'")
    counts = {
        table: owner_sql(f"SELECT count(*) FROM {table} WHERE org_id = %s", org)[0][0]
        for table in ("prospects", "activities", "follow_ups", "weekly_reports", "daily_top_prospects", "streaks")
    }
    assert counts["prospects"] == 2000
    assert counts["activities"] > 1500
    assert counts["follow_ups"] > 30
    assert counts["weekly_reports"] >= 28
    assert (counts["daily_top_prospects"], counts["streaks"]) == (4, 4)
    # A streak grows by seven days in a week at most, and by no more than there were days.
    told = owner_sql("SELECT streak - lag(streak) OVER (PARTITION BY user_id ORDER BY on_date) FROM weekly_reports")
    assert max(more for (more,) in told if more is not None) <= 7
    assert owner_sql("SELECT count(DISTINCT streak) > 3 FROM weekly_reports") == [(True,)]
    assert owner_sql("SELECT count(*) FROM streaks WHERE last_on >= (now() - interval '3 days')::date") == [(4,)]
    assert owner_sql("SELECT count(DISTINCT time_zone) FROM users WHERE time_zone IS NOT NULL")[0][0] >= 3
    assert owner_sql("SELECT max(on_date) - min(on_date) >= 85 FROM activities") == [(True,)]
    assert owner_sql("SELECT count(*) FROM activities WHERE at > now()") == [(0,)]
    assert owner_sql("SELECT count(*) FROM follow_ups WHERE due_at <= now() AND status = 'pending'")[0][0] >= 1
    stages = owner_sql("SELECT count(*) FROM prospects GROUP BY stage_id")
    assert len(stages) == 5
    assert min(count for (count,) in stages) > 50
    hot = owner_sql("SELECT owner_id, count(*) FROM prospects WHERE score >= 80 GROUP BY 1")
    assert len([owner for owner, _ in hot if owner]) == 4
    assert all(1 <= count <= 40 for _, count in hot)
    types = {row[0] for row in owner_sql("SELECT DISTINCT type FROM notifications WHERE org_id = %s", org)}
    assert types >= {"weekly_report", "lead_cooling", "daily_top", "hot_lead"}
    assert owner_sql("SELECT count(DISTINCT user_id) FROM unread_counts WHERE unread > 0")[0][0] >= 4
    assert owner_sql("SELECT count(*) FROM messages WHERE status IN ('queued', 'sending')") == [(0,)]
    assert owner_sql("SELECT kind, message FROM system_errors") == []
