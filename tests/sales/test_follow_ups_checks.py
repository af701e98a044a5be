"""Pipeline checks: who stands still, who doesn't, how many a day, and whose plan brings it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nexapp.sales.follow_ups_checks import AT_MOST, pipeline_check
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work
from tests.sales.follow_ups_world import SalesTeam

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
STILL = {"stage_changed_at": LONG_AGO, "last_activity_at": LONG_AGO, "created_at": LONG_AGO, "score": 70}


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> SalesTeam:
    return SalesTeam(app, owner_sql, tier="pro")


def check(app: Flask) -> None:
    with app.app_context(), unit_of_work(SYSTEM):
        pipeline_check()


def test_who_stands_still_is_planned_once(app: Flask, team: SalesTeam) -> None:
    rep = team.member(zone="Asia/Tokyo")
    still = team.prospect("Still", owner_id=rep.user_id, **STILL)
    for name, other in {
        "Cold": {"score": 20}, "Moved": {"stage_changed_at": now()}, "Busy": {"last_activity_at": now()},
        "Locked": {"is_unlocked": False}, "Gone": {"deleted_at": now()}, "Nobody's": {"owner_id": None},
    }.items():  # fmt: skip
        team.prospect(name, **{**STILL, "owner_id": rep.user_id, **other})
    team.prospect("Won", stage="Won", owner_id=rep.user_id, **STILL)
    team.due(rep, team.prospect("Planned", owner_id=rep.user_id, **STILL), now() + timedelta(days=3))
    check(app)
    check(app)
    [row] = team.rows("follow_ups", kind="pipeline_check")
    assert row["prospect_id"] == str(still)
    local = datetime.fromisoformat(row["due_at"]).astimezone(ZoneInfo("Asia/Tokyo"))
    assert local.time() == time(9)
    assert datetime.fromisoformat(row["due_at"]) > now()


def test_the_best_few_a_day(app: Flask, team: SalesTeam) -> None:
    rep = team.member()
    for score in range(60, 60 + AT_MOST + 3):
        team.prospect(f"Scored {score}", owner_id=rep.user_id, **{**STILL, "score": score})
    check(app)
    planned = {row["prospect_id"] for row in team.rows("follow_ups")}
    best = sorted(team.rows("prospects"), key=lambda row: -row["score"])[:AT_MOST]
    assert planned == {row["id"] for row in best}


def test_free_teams_and_those_who_left_get_none(app: Flask, owner_sql: Any, team: SalesTeam) -> None:
    free = SalesTeam(app, owner_sql, tier="free")
    free.prospect(owner_id=free.member().user_id, **STILL)
    gone = team.member()
    team.prospect(owner_id=gone.user_id, **STILL)
    team.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", gone.user_id)
    check(app)
    assert team.rows("follow_ups") == free.rows("follow_ups") == []
