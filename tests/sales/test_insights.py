"""Insights: each rule finds its case and nothing else, says what it rests on, and is told once a week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.sales.insights import RULES, generate_insights, start_insights
from nexapp.spine.clock import now
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.tenancy import SYSTEM, Role
from tests.sales.progress_world import Team

Acting = Callable[..., Any]


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> Team:
    return Team(app, owner_sql)


def found(team: Team, acting: Acting) -> dict[str, Any]:
    with acting(SYSTEM):
        generate_insights(team.org_id)
    return {row["rule"]: row for row in team.rows("insights")}


def hot_alone(team: Team, user_id: Any, *, is_case: bool) -> None:
    for number, score in enumerate((85, 91)):
        team.prospect(f"Hot {number}", owner_id=user_id, score=score if is_case else 79)
    team.prospect("Planned", owner_id=user_id, score=99, next_follow_up_at=now())
    team.prospect("Gone", owner_id=user_id, score=99, deleted_at=now())
    team.prospect("Locked", owner_id=user_id, score=99, is_unlocked=False)


def likely_answer(team: Team, user_id: Any, *, is_case: bool) -> None:
    at = now() - timedelta(days=3)
    prospect = team.prospect("Ana", owner_id=user_id, last_activity_at=at if is_case else now())
    locked = team.prospect("Locked", owner_id=user_id, last_activity_at=at, is_unlocked=False)
    for hours in (0, 5):
        team.activity(user_id, "reply", at - timedelta(hours=hours), prospect)
        team.activity(user_id, "reply", at - timedelta(hours=hours), locked)


def best_weekday(team: Team, user_id: Any, *, is_case: bool) -> None:
    for number in range(14):
        team.activity(user_id, "reply", now() - timedelta(days=7 if is_case else number % 7 + 7))


def stalled_stage(team: Team, user_id: Any, *, is_case: bool) -> None:
    for number in range(6):
        team.prospect(
            f"Person {number}", owner_id=user_id, stage_changed_at=now() - timedelta(days=30 if is_case else 5)
        )


CASES = {
    "hot_alone": hot_alone,
    "likely_answer": likely_answer,
    "best_weekday": best_weekday,
    "stalled_stage": stalled_stage,
}


def test_every_rule_has_its_case() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_its_case_and_names_its_evidence(team: Team, acting: Acting, rule: str) -> None:
    me = team.browser()
    CASES[rule](team, me.actor.user_id, is_case=True)
    assert set(found(team, acting)) == {rule}
    page = me.get("/progress").get_data(as_text=True)
    assert "Evidence:" in page
    assert "%(" not in page


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_nothing_else(team: Team, acting: Acting, rule: str) -> None:
    CASES[rule](team, team.member().user_id, is_case=False)
    assert found(team, acting) == {}


def test_it_names_the_best_and_counts_the_rest(team: Team, acting: Acting) -> None:
    hot_alone(team, team.member().user_id, is_case=True)
    assert found(team, acting)["hot_alone"]["evidence"] == {"name": "Hot 1", "score": 91, "count": 2}


def test_each_is_told_once_a_week(team: Team, acting: Acting) -> None:
    hot_alone(team, team.member().user_id, is_case=True)
    for _ in range(2):
        found(team, acting)
    (told,) = team.rows("notifications", type="ai_insight")
    assert told["title"] == "🧠 Hot 1 is hot, and nothing is planned"
    assert "a score of 91; 2 hot prospects of yours without a follow-up" in told["message"]


def test_the_free_plan_gets_one_a_week(app: Flask, owner_sql: Any, acting: Acting) -> None:
    team = Team(app, owner_sql, tier="free")
    me = team.member()
    for rule in CASES.values():
        rule(team, me.user_id, is_case=True)
    assert len(found(team, acting)) >= 2
    assert len(team.rows("notifications", type="ai_insight")) == 1


def test_viewers_and_people_who_left_get_none(team: Team, acting: Acting) -> None:
    viewer, gone = team.member(Role.VIEWER), team.member()
    team.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", gone.user_id)
    for person in (viewer, gone):
        hot_alone(team, person.user_id, is_case=True)
    assert found(team, acting) == {}


def test_other_teams_are_left_alone(team: Team, acting: Acting, owner_sql: Any) -> None:
    other = Team(team.app, owner_sql)
    hot_alone(other, other.member().user_id, is_case=True)
    assert found(team, acting) == {}
    assert other.rows("insights") == []


def test_the_job_looks_at_every_sales_team(team: Team, acting: Acting, owner_sql: Any) -> None:
    other = Team(team.app, owner_sql)
    for one in (team, other):
        hot_alone(one, one.member().user_id, is_case=True)
    for _ in range(2):
        with acting(SYSTEM):
            start_insights()
        with team.app.app_context():
            drain_ledger("slow", lambda: False)
    assert len(team.rows("insights")) == len(other.rows("insights")) == 1


def test_a_few_statements_however_many_people(team: Team, acting: Acting, statements: list[str]) -> None:
    counts = []
    for _ in range(2):
        for _number in range(8):
            hot_alone(team, team.member().user_id, is_case=True)
        statements.clear()
        found(team, acting)
        counts.append(len(statements))
    assert counts[0] == counts[1]
