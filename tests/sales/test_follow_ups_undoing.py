"""Taking back a follow-up that was done: nothing of it stays, and nobody waits for each other for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import time
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.sales import coins, follow_ups, sequence_enrolling, sequences, streaks
from nexapp.sales.follow_ups import FollowUpChanged
from nexapp.sales.follow_ups_undoing import undo_change
from nexapp.sales.sequence_stepping import lock_enrolment
from nexapp.sales.sequences import SequenceDraft, StepDraft
from nexapp.spine.clock import now
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.blackbox import eventually
from tests.sales.follow_ups_world import SalesTeam

Acting = Callable[[Actor], AbstractContextManager[None]]
WAITING = """
    SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE NOT l.granted AND a.datname = current_database()
"""


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> SalesTeam:
    return SalesTeam(app, owner_sql, zone="UTC")


def do(acting: Acting, actor: Actor, follow_up_id: UUID) -> UUID:
    with acting(actor):
        change = follow_ups.complete_follow_up(follow_up_id)
    assert change is not None
    return change


def undo(acting: Acting, actor: Actor, change_id: UUID) -> None:
    with acting(actor):
        undo_change(change_id)


def ledger(team: SalesTeam) -> list[tuple[int, int]]:
    lines = sorted(team.rows("coin_entries"), key=lambda row: row["id"])
    return [(row["amount"], row["balance"]) for row in lines]


def test_nothing_of_it_stays(team: SalesTeam, acting: Acting) -> None:
    """Activity, mission, coins, the prospect's last contact: all as before. Done again, it all comes again."""
    browser = team.browser(Role.STAFF)
    rep, ana = browser.actor, team.prospect()
    *before, last = [team.due(rep, None), team.due(rep, None), team.due(rep, ana)]
    for follow_up in before:
        do(acting, rep, follow_up)
    score = team.row("prospects")["score"]
    change = do(acting, rep, last)
    assert ledger(team) == [(15, 15)]
    assert team.row("prospects")["last_activity_at"] is not None
    undo(acting, rep, change)
    assert len(team.rows("activities", kind="follow_up_sent")) == 2
    assert team.rows("activities", kind="mission_completed") == []
    assert team.rows("mission_completions") == []
    assert ledger(team) == [(15, 15), (-15, 0)]
    assert team.row("coin_balances")["balance"] == 0
    assert team.row("active_days")["actions"] == 2
    prospect = team.row("prospects")
    assert (prospect["last_activity_at"], prospect["score"]) == (None, score)
    assert "Taken back: Send 3 follow-ups today" in browser.get("/progress").text
    do(acting, rep, last)
    assert ledger(team) == [(15, 15), (-15, 0), (15, 15)]
    assert len(team.rows("mission_completions")) == 1
    assert len(team.rows("notifications", type="coin_earned")) == 1, "they were told of these coins"


def test_pressing_done_and_undo_again_and_again_earns_nothing(team: SalesTeam, acting: Acting) -> None:
    rep = team.member()
    for _ in range(2):
        do(acting, rep, team.due(rep, None))
    last = team.due(rep, None)
    for _ in range(3):
        undo(acting, rep, do(acting, rep, last))
    assert team.row("coin_balances")["balance"] == 0
    assert sum(amount for amount, _balance in ledger(team)) == 0


def test_coins_that_were_spent_stay_spent(team: SalesTeam, acting: Acting) -> None:
    """As much is taken back as there is, and as much comes back when it is done after all."""
    rep = team.member()
    for _ in range(2):
        do(acting, rep, team.due(rep, None))
    last = team.due(rep, None)
    change = do(acting, rep, last)
    with acting(rep):
        streaks.lock(team.org_id, rep.user_id)
        coins.spend(team.org_id, rep.user_id, 10, "test", "spent", now().date())
    undo(acting, rep, change)
    assert ledger(team) == [(15, 15), (-10, 5), (-5, 0)]
    change = do(acting, rep, last)
    assert ledger(team)[-1] == (5, 5)
    with acting(rep):
        streaks.lock(team.org_id, rep.user_id)
        coins.spend(team.org_id, rep.user_id, 5, "test", "spent again", now().date())
    undo(acting, rep, change)
    do(acting, rep, last)
    assert len(ledger(team)) == 5, "nothing was left to take back, and nothing comes back"
    assert team.row("coin_balances")["balance"] == 0


def test_the_only_action_of_a_day_ends_the_streak_with_it(team: SalesTeam, acting: Acting) -> None:
    rep = team.member()
    change = do(acting, rep, team.due(rep, None))
    assert team.row("streaks")["current_days"] == 1
    undo(acting, rep, change)
    assert team.rows("active_days") == []
    assert (team.row("streaks")["current_days"], team.row("streaks")["total_days"]) == (0, 0)


def test_what_a_manager_takes_back_was_never_the_managers(team: SalesTeam, acting: Acting) -> None:
    rep, manager = team.member(), team.member(Role.MANAGER)
    change = do(acting, rep, team.due(rep, None))
    do(acting, manager, team.due(manager, None))
    undo(acting, manager, change)
    [left] = team.rows("activities")
    assert left["user_id"] == str(manager.user_id)
    [day] = team.rows("active_days")
    assert day["user_id"] == str(manager.user_id)


def test_taking_a_step_back_while_the_next_one_is_done(app: Flask, team: SalesTeam, acting: Acting) -> None:
    """On two connections. While the enrolment is held, one waits with the first step, then the other with the second:
    whoever comes second must wait for the steps, not for the enrolment with a step in hand."""
    rep, ana = team.member(), team.prospect()
    steps = tuple(StepDraft(0, time(9), "call", f"Step {number}") for number in (1, 2, 3))
    with acting(rep):
        sequence_id = sequences.add_sequence(SequenceDraft("Welcome", steps))
    with acting(rep):
        sequence_enrolling.enrol(sequence_id, [ana])
    enrolment = UUID(team.row("sequence_enrolments")["id"])
    first = UUID(team.row("follow_ups", step=1)["id"])
    change = do(acting, rep, first)
    second = UUID(team.row("follow_ups", step=2)["id"])
    outcomes: dict[str, Any] = {}

    def run(name: str, work: Callable[[], object]) -> threading.Thread:
        def within() -> None:
            try:
                with app.app_context(), unit_of_work(rep):
                    outcomes[name] = work()
            except Exception as error:
                outcomes[name] = error

        thread = threading.Thread(target=within)
        thread.start()
        return thread

    with acting(rep):
        lock_enrolment(enrolment)
        undoing = run("undo", lambda: undo_change(change))
        eventually(lambda: team.value(WAITING) == 1, 60, "the undo to wait")
        doing = run("done", lambda: follow_ups.complete_follow_up(second))
        eventually(lambda: team.value(WAITING) == 2, 60, "the other to wait")
    for thread in (undoing, doing):
        thread.join(60)
    assert isinstance(outcomes["done"], FollowUpChanged), outcomes
    assert not isinstance(outcomes["undo"], Exception), outcomes
    states = {row["step"]: row["status"] for row in team.rows("follow_ups")}
    assert states == {1: "pending", 2: "cancelled"}
    assert team.row("sequence_enrolments")["step"] == 1
