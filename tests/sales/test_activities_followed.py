"""What follows when prospects are added, changed, moved and imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from nexapp.sales.events import ProspectsAdded
from nexapp.spine.events import emit
from nexapp.spine.tenancy import Role
from tests.sales.progress_world import Team

Acting = Callable[..., Any]


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> Team:
    return Team(app, owner_sql)


def test_an_import_counts_once_for_each_part(team: Team, acting: Acting, run_jobs: Callable[[], None]) -> None:
    me = team.member()
    added = tuple(team.prospect(f"Person {number}", company="Acme") for number in range(5))
    with acting(me):
        emit(ProspectsAdded(team.org_id, added, me.user_id, "import"))
    run_jobs()
    assert [row["details"] for row in team.rows("activities")] == [{"count": 5}]
    assert all(row["score"] > 0 for row in team.rows("prospects"))
    assert team.rows("score_changes") == [], "the first score is explained by its parts"


def test_an_import_of_somebody_who_left_meanwhile_counts_for_nobody(
    team: Team, acting: Acting, run_jobs: Callable[[], None]
) -> None:
    me = team.member()
    with acting(me):
        emit(ProspectsAdded(team.org_id, (team.prospect(),), me.user_id, "import"))
    team.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", me.user_id)
    run_jobs()
    assert team.rows("activities") == []
    assert {row[0] for row in team.sql("SELECT status FROM background_jobs")} == {"succeeded"}


def test_who_is_hot_from_the_start_is_told_of(team: Team, acting: Acting) -> None:
    me = team.browser(Role.OWNER)
    team.insert(
        "score_weights", org_id=team.org_id, recency=0, replies=0, meetings=0, fit=100, value=0,
        full_value_cents=100, fit_words=["owner"],
    )  # fmt: skip
    me.post("/prospects", name="Ana Ruiz", company="Acme", role="Owner", email="ana@acme.example", location="Oslo",
            phone="(312) 555-0142", stage_id=str(team.stage()), owner_id=str(me.actor.user_id))  # fmt: skip
    (told,) = team.rows("notifications", type="hot_lead")
    assert {one["kind"] for one in told["metadata"]["actions"]} == {"call", "text"}


def test_adding_by_hand_counts_for_each(team: Team) -> None:
    me = team.browser()
    me.post("/prospects", name="Ana Ruiz", company="Acme", stage_id=str(team.stage()), owner_id=str(me.actor.user_id))
    (done,) = team.rows("activities")
    assert (done["kind"], done["user_id"]) == ("pipeline_add", str(me.actor.user_id))
    assert team.row("prospects")["score_parts"]["fit"] > 0


def test_the_first_win_is_an_achievement(team: Team) -> None:
    me = team.browser(Role.MANAGER)
    for name in ("Ana", "Ben"):
        prospect = team.prospect(name, company="Acme", owner_id=me.actor.user_id)
        answer = me.post(f"/prospects/{prospect}/stage", stage_id=str(team.stage("Won")))
        assert answer.status_code == 303
    assert [row["name"] for row in team.rows("achievements")] == ["first_won"]
    assert team.row("coin_balances")["balance"] == 100
    (told,) = team.rows("notifications", type="achievement")
    assert told["title"] == "🏆 First win"


def test_moving_out_of_an_open_stage_takes_the_score(team: Team) -> None:
    me = team.browser(Role.MANAGER)
    prospect = team.prospect(company="Acme", email="a@acme.example")
    me.post(f"/prospects/{prospect}", name="Ana", company="Acme", email="a@acme.example", location="Oslo")
    assert team.row("prospects", id=prospect)["score"] > 0, "details that change count at once"
    me.post(f"/prospects/{prospect}/stage", stage_id=str(team.stage("Lost")), lost_reason="Price")
    assert team.row("prospects", id=prospect)["score"] == 0
    move = team.value("SELECT id FROM prospect_events WHERE kind = 'stage'")
    me.post(f"/prospects/{prospect}/moves/{move}/return")
    assert team.row("prospects", id=prospect)["score"] > 0
