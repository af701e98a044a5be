"""Follow-ups: planned, changed, done, snoozed, cancelled, undone; by whom; and what stands on the prospect."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.sales import follow_ups as cases
from nexapp.sales import when
from nexapp.sales.follow_ups import FollowUpChanged, NewFollowUp, NotYourFollowUp
from nexapp.sales.follow_ups_undoing import undo_change
from nexapp.sales.tiers import TierNeeded
from nexapp.sales.when import Due
from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput, Forbidden, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.sales.progress_world import CHICAGO, Team

Acting = Callable[[Actor], AbstractContextManager[None]]
A_DAY = timedelta(days=1)


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> Team:
    return Team(app, owner_sql)


def in_days(days: int) -> Due:
    return when.whole_day((now() + days * A_DAY).date(), CHICAGO, now())


def add(acting: Acting, actor: Actor, prospect_id: UUID | None, due: Due | None = None, **given: Any) -> UUID:
    with acting(actor):
        return cases.add_follow_up(NewFollowUp(prospect_id, due or in_days(2), **given))


def test_the_next_one_stands_on_the_prospect(team: Team, acting: Acting) -> None:
    rep, ana = team.member(), team.prospect()
    later = add(acting, rep, ana, in_days(5))
    sooner = add(acting, rep, ana, in_days(2))

    def stands() -> datetime | None:
        return team.value("SELECT next_follow_up_at FROM prospects WHERE id = %s", ana)  # type: ignore[no-any-return]

    def due(follow_up_id: UUID) -> datetime:
        return team.value("SELECT due_at FROM follow_ups WHERE id = %s", follow_up_id)  # type: ignore[no-any-return]

    assert stands() == due(sooner)
    with acting(rep):
        cases.complete_follow_up(sooner)
    assert stands() == due(later)
    put_off = in_days(9)
    with acting(rep):
        cases.snooze_follow_up(later, put_off)
    assert stands() == due(later) == put_off.at
    with acting(rep):
        cases.cancel_follow_up(later)
    assert stands() is None


def test_the_next_one_is_kept_for_many_at_once(team: Team) -> None:
    """Whoever writes follow-ups, in whatever statement: the database itself keeps what stands on the prospects."""
    rep, people = team.member(), [team.prospect(f"Person {number}") for number in range(5)]
    team.sql(
        "INSERT INTO follow_ups (id, org_id, owner_id, prospect_id, due_at, due_on, time_zone)"
        " SELECT gen_random_uuid(), p.org_id, %s, p.id, at, at::date, 'UTC' FROM prospects p,"
        " generate_series(timestamptz '2100-01-01', timestamptz '2100-01-03', interval '1 day') AS at",
        rep.user_id,
    )
    wrong = (
        "SELECT count(*) FROM prospects p WHERE next_follow_up_at IS DISTINCT FROM (SELECT min(due_at)"
        " FROM follow_ups f WHERE f.prospect_id = p.id AND f.status IN ('pending', 'sent', 'snoozed'))"
    )
    assert team.value(wrong) == 0
    team.sql("UPDATE follow_ups SET prospect_id = %s WHERE prospect_id = %s", people[0], people[1])
    assert team.value(wrong) == 0
    assert team.value("SELECT next_follow_up_at FROM prospects WHERE id = %s", people[1]) is None
    team.sql("DELETE FROM follow_ups WHERE due_at < '2100-01-02'")
    assert team.value(wrong) == 0
    assert team.value("SELECT next_follow_up_at FROM prospects WHERE id = %s", people[2]) == datetime(
        2100, 1, 2, tzinfo=UTC
    )


def test_done_counts_once_and_can_be_taken_back(team: Team, acting: Acting) -> None:
    rep, ana = team.member(), team.prospect()
    follow_up = add(acting, rep, ana)
    with acting(rep):
        change = cases.complete_follow_up(follow_up)
        assert change is not None
    with acting(rep):
        assert cases.complete_follow_up(follow_up) is None, "the button pressed twice"
    assert len(team.rows("activities", kind="follow_up_sent")) == 1
    with acting(rep):
        undo_change(change)
    assert team.row("follow_ups", id=follow_up)["status"] == "pending"
    with acting(rep):
        cases.complete_follow_up(follow_up)
    assert len(team.rows("activities", kind="follow_up_sent")) == 1
    with acting(rep), pytest.raises(FollowUpChanged):
        undo_change(change)


def test_a_repeated_one_leaves_the_next_behind(team: Team, acting: Acting) -> None:
    rep, ana = team.member(), team.prospect()
    first = add(acting, rep, ana, in_days(1), repeats="weekly", message="Call Ana")
    with acting(rep):
        change = cases.complete_follow_up(first)
    [following] = team.rows("follow_ups", repeated_from=first)
    assert (following["status"], following["message"], following["repeats"]) == ("pending", "Call Ana", "weekly")
    first_on = datetime.fromisoformat(team.row("follow_ups", id=first)["due_on"])
    assert datetime.fromisoformat(following["due_on"]) == first_on + 7 * A_DAY
    with acting(rep):
        assert change is not None
        undo_change(change)
    assert team.row("follow_ups", id=following["id"])["status"] == "cancelled"
    with acting(rep):
        cases.complete_follow_up(first)
    assert len([row for row in team.rows("follow_ups", repeated_from=first) if row["status"] == "pending"]) == 1


def test_an_undo_keeps_what_was_done_since(team: Team, acting: Acting) -> None:
    rep = team.member()
    first = add(acting, rep, team.prospect(), repeats="daily")
    with acting(rep):
        change = cases.complete_follow_up(first)
        assert change is not None
    with acting(rep):
        cases.complete_follow_up(UUID(team.rows("follow_ups", repeated_from=first)[0]["id"]))
    with acting(rep), pytest.raises(FollowUpChanged):
        undo_change(change)


def test_snoozing_keeps_what_was_meant(team: Team, acting: Acting) -> None:
    rep = team.member()
    follow_up = add(acting, rep, team.prospect(), in_days(1), repeats="weekly")
    before = team.row("follow_ups", id=follow_up)
    until = in_days(3)
    with acting(rep):
        change = cases.snooze_follow_up(follow_up, until)
    snoozed = team.row("follow_ups", id=follow_up)
    assert (snoozed["status"], snoozed["due_on"]) == ("snoozed", before["due_on"])
    assert datetime.fromisoformat(snoozed["due_at"]) == until.at
    with acting(rep):
        undo_change(change)
    assert team.row("follow_ups", id=follow_up)["due_at"] == before["due_at"]
    with acting(rep), pytest.raises(BadInput):
        cases.snooze_follow_up(follow_up, Due(now() - A_DAY, now().date(), None, CHICAGO))


@pytest.mark.parametrize("tier", ["free", "pro"])
def test_snoozing_and_repeating_come_with_pro(app: Flask, owner_sql: Any, acting: Acting, tier: str) -> None:
    team = Team(app, owner_sql, tier=tier)
    rep, ana = team.member(), team.prospect()
    follow_up = add(acting, rep, ana)

    def snooze() -> None:
        with acting(rep):
            cases.snooze_follow_up(follow_up, in_days(3))

    def repeat() -> None:
        add(acting, rep, ana, repeats="daily")

    for use in (snooze, repeat):
        if tier == "pro":
            use()
        else:
            with pytest.raises(TierNeeded, match="Pro"):
                use()


def test_repeats_end_with_the_plan(team: Team, acting: Acting) -> None:
    rep = team.member()
    follow_up = add(acting, rep, team.prospect(), repeats="daily")
    team.sql("UPDATE organizations SET tier = 'free' WHERE id = %s", team.org_id)
    with acting(rep):
        cases.complete_follow_up(follow_up)
    assert team.rows("follow_ups", repeated_from=follow_up) == []


def test_the_same_form_twice_is_one(team: Team, acting: Acting) -> None:
    rep, ana, key = team.member(), team.prospect(), new_id()
    assert add(acting, rep, ana, key=key) == add(acting, rep, ana, key=key)
    assert len(team.rows("follow_ups")) == 1


def test_foreign_prospects_are_refused(app: Flask, owner_sql: Any, team: Team, acting: Acting) -> None:
    other, rep = Team(app, owner_sql), team.member()
    theirs, gone = other.prospect(), team.prospect(deleted_at=now())
    for strange in (theirs, gone, new_id()):
        with pytest.raises(BadInput) as refused:
            add(acting, rep, strange)
        assert "prospect_id" in refused.value.fields
    follow_up = add(acting, other.member(), theirs)
    for act in (cases.complete_follow_up, cases.cancel_follow_up):
        with acting(rep), pytest.raises(NotFound):
            act(follow_up)
    assert team.rows("follow_ups") == []


def test_who_may_change_what(team: Team, acting: Acting) -> None:
    rep, colleague, manager, viewer = (
        team.member(role) for role in (Role.STAFF, Role.STAFF, Role.MANAGER, Role.VIEWER)
    )
    mine, theirs = team.prospect(owner_id=rep.user_id), team.prospect("Ben", owner_id=colleague.user_id)
    with pytest.raises(Forbidden):
        add(acting, rep, theirs)
    follow_up = add(acting, colleague, theirs)
    for stranger in (rep, viewer):
        with acting(stranger), pytest.raises(NotYourFollowUp):
            cases.cancel_follow_up(follow_up)
    with acting(manager):
        assert cases.cancel_follow_up(follow_up)
    # Planned by a manager for the rep: the rep's to do.
    planned = add(acting, manager, mine, owner_id=rep.user_id)
    assert team.row("follow_ups", id=planned)["owner_id"] == str(rep.user_id)
    with pytest.raises(NotYourFollowUp):
        add(acting, rep, mine, owner_id=colleague.user_id)
    with pytest.raises(BadInput):
        add(acting, manager, mine, owner_id=new_id())


def test_a_changed_time_reminds_again(team: Team, acting: Acting) -> None:
    rep = team.member()
    follow_up = add(acting, rep, team.prospect())
    team.sql("UPDATE follow_ups SET status = 'sent', sent_at = now() WHERE id = %s", follow_up)
    due = in_days(4)
    with acting(rep):
        cases.change_follow_up(follow_up, due, "Ask about the offer", None)
    row = team.row("follow_ups", id=follow_up)
    assert (row["status"], row["sent_at"], row["message"]) == ("pending", None, "Ask about the offer")
    with acting(rep):
        cases.cancel_follow_up(follow_up)
    with acting(rep), pytest.raises(FollowUpChanged):
        cases.change_follow_up(follow_up, due, "Too late", None)
