"""Telling people: what is written, whom it reaches, what is recorded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from nexapp.notifications.service import notify, notify_selected
from nexapp.spine.tenancy import SYSTEM, Actor, Role

from .engine_world import Sql, Team, make_team

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    return make_team(owner_sql)


def owner_of(team: Team) -> Actor:
    return Actor(Role.OWNER, team.org_id, team.people[0])


def test_a_notice_is_written_as_its_type_says(team: Team, acting: Acting) -> None:
    with acting(owner_of(team)):
        told = notify(team.people, "hot_lead", values={"name": "Maria Garcia"}, action_url="/prospects/1",
                      details={"score": 84})  # fmt: skip
    assert (told.count, told.skipped, len(told.made)) == (1, 0, 1)
    [row] = team.items(columns="id, type, title, message, icon, priority, action_url, metadata, org_id, read_at")
    assert row == (
        told.made[0], "hot_lead", "🔥 New Hot Lead", "Maria Garcia just became a hot lead.", "🔥", "high",
        "/prospects/1", {"score": 84}, team.org_id, None,
    )  # fmt: skip
    assert team.messages() == [("email", "🔥 New Hot Lead")]


def test_a_select_tells_whom_it_finds(team: Team, acting: Acting) -> None:
    with acting(SYSTEM):
        told = notify_selected(
            "streak_reminder",
            "SELECT user_id, org_id, 7 AS days, 12 AS longest, 'streak:' || user_id AS dedupe_key FROM memberships"
            " WHERE org_id = :org",
            {"org": team.org_id},
        )
    assert (told.count, told.skipped, len(told.made)) == (1, 0, 1)
    assert team.titles() == ["⭐ Don't Break Your 7-Day Streak!"]
