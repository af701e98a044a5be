"""Scores: the sum of their parts, with a reason for each change, told once for each crossing into hot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexapp.local.stack import Stack
from nexapp.sales import scoring
from nexapp.sales.activities import record_activity
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM
from tests.sales.progress_world import Team

Acting = Callable[..., Any]
POINTS = """
    SELECT recency, replied, met, fit, worth FROM nexapp_score(
        %s, make_interval(days => %s), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
OF_NOW = "SELECT p.org_id, p.id FROM prospects p WHERE p.org_id = :org"


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> Team:
    return Team(app, owner_sql)


@pytest.fixture(scope="module")
def database(services: Stack) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(services.owner_url, autocommit=True) as connection:
        yield connection


@st.composite
def weights(draw: Any) -> list[int]:
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=4, max_size=4)))
    return [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]


@given(
    weights(), st.none() | st.integers(-2, 4000), st.integers(0, 50), st.integers(0, 50),
    st.tuples(*[st.sampled_from(["", "Owner", "Ana"])] * 5), st.integers(0, 10**9), st.integers(1, 10**8),
    st.sampled_from([None, r"\m(owner)\M"]),
)  # fmt: skip
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_part_is_within_its_weight_and_the_sum_within_a_hundred(
    database: psycopg.Connection[Any], given_weights: list[int], silent: int | None, replies: int, meetings: int,
    known: tuple[str, ...], value: int, full: int, pattern: str | None,
) -> None:  # fmt: skip
    role, company, email, phone, location = known
    facts = (True, silent, replies, meetings, role, company, email or None, phone or None, location, value)
    points = database.execute(POINTS, (*facts, *given_weights, full, pattern)).fetchone()
    assert points is not None
    assert all(0 <= point <= weight for point, weight in zip(points, given_weights, strict=True))
    assert 0 <= sum(points) <= 100


def test_all_there_is_makes_a_hundred_and_nothing_makes_zero(database: psycopg.Connection[Any]) -> None:
    usual = (30, 25, 20, 15, 10, 1_000_000, r"\m(owner)\M")
    best = (True, 0, 3, 2, "Owner", "Acme", "a@b.c", "+1", "Oslo", 1_000_000)
    assert database.execute(POINTS, (*best, *usual)).fetchone() == (30, 25, 20, 15, 10)
    assert database.execute(POINTS, (False, *best[1:], *usual)).fetchone() == (0, 0, 0, 0, 0)
    worst = (True, None, 0, 0, "", "", None, None, "", 0)
    assert database.execute(POINTS, (*worst, *usual)).fetchone() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("days", "points"),
    [(0, 30), (1, 30), (2, 24), (3, 24), (4, 18), (7, 18), (8, 11), (14, 11), (15, 5), (30, 5), (31, 0)],
)
def test_recency_falls_in_steps(database: psycopg.Connection[Any], days: int, points: int) -> None:
    row = database.execute(
        POINTS, (True, days, 0, 0, "", "", None, None, "", 0, 30, 25, 20, 15, 10, 1_000_000, None)
    ).fetchone()
    assert row is not None
    assert row[0] == points


@pytest.mark.parametrize(("role", "fits"), [("Co-owner", True), ("OWNER", True), ("Homeowner", False), ("", False)])
def test_a_role_fits_by_whole_words(team: Team, acting: Acting, role: str, fits: bool) -> None:
    prospect = team.prospect(role=role)
    with acting(team.member()):
        scoring.rescore_prospects([prospect], "edited")
    assert (team.row("prospects", id=prospect)["score_parts"]["fit"] > 0) == fits


def test_a_change_keeps_its_reasons(team: Team, acting: Acting) -> None:
    me, prospect = team.member(), team.prospect()
    with acting(me):
        record_activity(me.user_id, "call", prospect)
    row = team.row("prospects", id=prospect)
    assert (row["score"], row["score_parts"]["recency"], sum(row["score_parts"].values())) == (30, 30, 30)
    change = team.row("score_changes", prospect_id=prospect)
    assert (change["before"], change["after"], change["cause"]) == (0, 30, "call")
    assert (change["parts_before"], change["parts"]) == ({}, row["score_parts"])


def test_scoring_twice_changes_nothing(team: Team, acting: Acting) -> None:
    me, prospect = team.member(), team.prospect(company="Acme")
    with acting(me):
        assert scoring.rescore_prospects([prospect], "edited").changed == 1
        assert scoring.rescore_prospects([prospect], "edited").changed == 0
    assert len(team.rows("score_changes")) == 1


def test_old_replies_and_meetings_count_no_more(team: Team, acting: Acting) -> None:
    me, prospect = team.member(), team.prospect()
    for days, kind in [(59, "reply"), (61, "reply"), (89, "meeting"), (91, "meeting")]:
        team.activity(me.user_id, kind, now() - timedelta(days=days), prospect)
    with acting(me):
        scoring.rescore_prospects([prospect], "daily_rescan")
    parts = team.row("prospects", id=prospect)["score_parts"]
    assert (parts["replies"], parts["meetings"]) == (8, 10)


def make_hot(team: Team, acting: Acting, me: Any, prospect: UUID) -> None:
    for _ in range(3):
        team.activity(me.user_id, "reply", now(), prospect)
        team.activity(me.user_id, "meeting", now(), prospect)
    with acting(me):
        record_activity(me.user_id, "call", prospect)


def hot_prospect(team: Team, owner: Any) -> UUID:
    return team.prospect("Maria Garcia", owner_id=owner, role="Owner", company="Acme", email="m@acme.example")


def test_becoming_hot_is_told_once_for_each_crossing(team: Team, acting: Acting) -> None:
    me = team.member()
    prospect = hot_prospect(team, me.user_id)
    make_hot(team, acting, me, prospect)
    assert team.row("prospects", id=prospect)["score"] >= scoring.HOT
    (told,) = team.rows("notifications", type="hot_lead")
    assert (told["user_id"], told["subject_id"]) == (str(me.user_id), str(prospect))
    assert "Maria Garcia" in told["message"]
    with acting(me):
        record_activity(me.user_id, "reply", prospect)
    assert len(team.rows("notifications", type="hot_lead")) == 1
    with acting(SYSTEM):
        scoring.rescore(OF_NOW, cause="daily_rescan", at=now() + timedelta(days=100), org=team.org_id)
    assert team.row("prospects", id=prospect)["score"] < scoring.HOT
    with acting(me):
        scoring.rescore_prospects([prospect], "daily_rescan")
    told_of = {row["dedupe_key"] for row in team.rows("notifications", type="hot_lead") if row["dedupe_key"]}
    assert len(told_of) == 2, "each crossing is told"


def test_nobody_is_told_of_a_locked_prospect(team: Team, acting: Acting) -> None:
    me = team.member()
    prospect = hot_prospect(team, me.user_id)
    team.sql("UPDATE prospects SET is_unlocked = false WHERE id = %s", prospect)
    make_hot(team, acting, me, prospect)
    assert team.row("prospects", id=prospect)["score"] >= scoring.HOT
    assert team.rows("notifications", type="hot_lead") == []


def test_nobody_is_told_of_a_prospect_without_an_owner(team: Team, acting: Acting) -> None:
    me = team.member()
    make_hot(team, acting, me, hot_prospect(team, None))
    assert team.rows("notifications", type="hot_lead") == []


def test_won_and_lost_have_no_score(team: Team, acting: Acting) -> None:
    me, prospect = team.member(), team.prospect(stage="Won", company="Acme")
    with acting(me):
        record_activity(me.user_id, "call", prospect)
    assert team.row("prospects", id=prospect)["score"] == 0


def test_everybody_is_scored_in_one_statement(team: Team, acting: Acting, statements: list[str]) -> None:
    for number in range(30):
        team.prospect(f"Person {number}", company="Acme", last_activity_at=now())
    statements.clear()
    with acting(SYSTEM):
        done = scoring.rescore(OF_NOW, cause="daily_rescan", org=team.org_id)
    assert done.changed == 30
    assert len([one for one in statements if "set_config" not in one]) == 1


def test_the_arithmetic_is_written_into_the_statement(database: psycopg.Connection[Any]) -> None:
    plan = database.execute("EXPLAIN (VERBOSE) " + _scored()).fetchall()
    assert "nexapp_score" not in str(plan), "a call per row is slow"


def _scored() -> str:
    return """
        SELECT p.id, s.* FROM prospects p CROSS JOIN LATERAL nexapp_score(true, now() - p.last_activity_at, 0, 0,
            p.role, p.company, p.email, p.phone, p.location, p.value_cents, 30, 25, 20, 15, 10, 1000000, 'x') s
    """


def test_the_others_prospects_are_not_scored(team: Team, acting: Acting, owner_sql: Any) -> None:
    other = Team(team.app, owner_sql)
    foreign = other.prospect(company="Acme")
    with acting(team.member()):
        assert scoring.rescore_prospects([foreign], "edited").changed == 0
    assert other.row("prospects", id=foreign)["score"] == 0
