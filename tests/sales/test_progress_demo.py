"""The demo's missions, coins and insights: as if they had been earned one by one, and no more the second time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate
from typing import Any

import pytest
from flask import Flask

from nexapp.sales import coins, streaks
from nexapp.sales.demo.momentum import seed_momentum
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM
from tests.sales.progress_world import Team


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> Team:
    return Team(app, owner_sql)


def test_it_adds_up_and_is_done_once(team: Team, acting: Callable[..., Any]) -> None:
    people = [team.member() for _ in range(2)]
    for me in people:
        for days in range(40):
            for kind in ("follow_up_sent", "follow_up_sent", "follow_up_sent", "call"):
                team.activity(me.user_id, kind, now() - timedelta(days=days))
        team.prospect("Ana", owner_id=me.user_id, score=90)
    for _ in range(2):
        with acting(SYSTEM):
            streaks.rebuild_all(team.org_id)
            seed_momentum(team.org_id)
    assert len(team.rows("mission_completions")) == 80
    assert {row["name"] for row in team.rows("achievements")} == {"streak_7", "streak_30"}
    assert {row["balance"] for row in team.rows("coin_balances")} == {40 * 15 + 250}
    for me in people:
        with acting(me):
            lines = coins.list_entries(team.org_id, me.user_id, most=1000)[::-1]
            read = [(line.amount, line.balance, line.created_at) for line in lines]
        assert [balance for _amount, balance, _at in read] == list(accumulate(amount for amount, _b, _at in read))
        assert [at for _amount, _balance, at in read] == sorted({at for _amount, _balance, at in read})
    assert len(team.rows("insights")) == 2
