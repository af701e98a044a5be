"""Recording what was done: once, on the day by the person's clock, and everything that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from nexapp.sales.activities import record_activity
from nexapp.sales.activity_kinds import KINDS
from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM
from tests.sales.progress_world import Team

Acting = Callable[..., Any]
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> Team:
    return Team(app, owner_sql)


def test_the_same_external_id_again_changes_nothing(team: Team, acting: Acting) -> None:
    me, prospect = team.member(), team.prospect()
    ids = []
    for _ in range(2):
        with acting(me):
            ids.append(record_activity(me.user_id, "scan", prospect, external_id="crm-1", source="api"))
    assert ids[0] == ids[1]
    assert len(team.rows("activities")) == 1
    assert team.row("active_days")["actions"] == 1


def test_two_teams_may_use_the_same_external_id(team: Team, acting: Acting, owner_sql: Any) -> None:
    other = Team(team.app, owner_sql)
    for one in (team, other):
        me = one.member()
        with acting(me):
            record_activity(me.user_id, "scan", external_id="crm-1")
        assert len(one.rows("activities")) == 1


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Pacific/Kiritimati", datetime(2026, 3, 4, 10, tzinfo=UTC), "2026-03-05"),
        ("Pacific/Pago_Pago", datetime(2026, 3, 4, 10, tzinfo=UTC), "2026-03-03"),
        ("America/New_York", datetime(2026, 3, 8, 4, 59, tzinfo=UTC), "2026-03-07"),
        ("America/New_York", datetime(2026, 3, 9, 3, 59, tzinfo=UTC), "2026-03-08"),
        (None, datetime(2026, 3, 4, 5, 30, tzinfo=UTC), "2026-03-03"),
    ],
)
def test_the_day_is_by_the_persons_own_clock(
    team: Team, acting: Acting, zone: str | None, at: datetime, day: str
) -> None:
    me = team.member(zone=zone)
    with acting(me):
        record_activity(me.user_id, "scan", at=at)
    assert team.row("activities")["on_date"] == day
    assert team.row("active_days")["on_date"] == day


def test_who_travels_keeps_the_streak(team: Team, acting: Acting) -> None:
    """East over the date line and back: one of the days comes twice, and a day is never counted twice."""
    me = team.member()
    for zone, at in [
        ("Pacific/Auckland", NOON), ("Pacific/Honolulu", NOON + timedelta(hours=3)),
        ("Pacific/Honolulu", NOON + timedelta(hours=27)), ("Pacific/Auckland", NOON + timedelta(hours=30)),
    ]:  # fmt: skip
        team.sql("UPDATE users SET time_zone = %s WHERE id = %s", zone, me.user_id)
        with acting(me):
            record_activity(me.user_id, "scan", at=at)
    days = sorted(row["on_date"] for row in team.rows("active_days"))
    assert days == ["2026-03-04", "2026-03-05", "2026-03-06"]
    assert team.row("streaks")["current_days"] == 3


def test_out_of_order_days_give_the_same_streak(team: Team, acting: Acting) -> None:
    me = team.member()
    for days in (5, 1, 3, 2, 4, 2):
        with acting(me):
            record_activity(me.user_id, "scan", at=NOON + timedelta(days=days))
    streak = team.row("streaks")
    assert (streak["current_days"], streak["longest_days"], streak["total_days"]) == (5, 5, 5)
    assert (streak["started_on"], streak["last_on"]) == ("2026-03-05", "2026-03-09")


@pytest.mark.parametrize("kind", KINDS)
def test_which_kinds_count_is_data(team: Team, acting: Acting, kind: str) -> None:
    me = team.member()
    with acting(me):
        record_activity(me.user_id, kind)
    assert bool(team.rows("active_days")) == KINDS[kind].counts


@pytest.mark.parametrize("kind", KINDS)
def test_being_in_touch_moves_the_last_activity(team: Team, acting: Acting, kind: str) -> None:
    me, prospect = team.member(), team.prospect()
    with acting(me):
        record_activity(me.user_id, kind, prospect)
    assert (team.row("prospects", id=prospect)["last_activity_at"] is not None) == KINDS[kind].touches


def test_what_is_recorded_late_does_not_move_it_back(team: Team, acting: Acting) -> None:
    me, prospect = team.member(), team.prospect()
    with acting(me):
        record_activity(me.user_id, "call", prospect, at=NOON)
        record_activity(me.user_id, "call", prospect, at=NOON - timedelta(days=3))
    assert team.row("prospects", id=prospect)["last_activity_at"].startswith("2026-03-04T12")


def test_what_can_not_be_recorded(team: Team, acting: Acting, owner_sql: Any) -> None:
    me, stranger = team.member(), Team(team.app, owner_sql)
    cases: list[tuple[type[Exception], dict[str, Any]]] = [
        (BadInput, {"kind": "dancing"}), (BadInput, {"user_id": new_id()}),
        (BadInput, {"user_id": stranger.member().user_id}), (BadInput, {"at": now() + timedelta(hours=1)}),
        (BadInput, {"at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))}),
        (BadInput, {"at": datetime(2026, 1, 1)}), (NotFound, {"prospect_id": new_id()}),
        (NotFound, {"prospect_id": stranger.prospect()}), (NotFound, {"prospect_id": team.prospect(deleted_at=now())}),
    ]  # fmt: skip
    for error, changed in cases:
        with pytest.raises(error), acting(me):
            record_activity(**{"user_id": me.user_id, "kind": "call", **changed})
    assert team.rows("activities") == []


def test_the_system_records_for_a_team(team: Team, acting: Acting) -> None:
    me = team.member()
    with acting(SYSTEM):
        record_activity(me.user_id, "scan", org_id=team.org_id)
    assert team.row("streaks")["current_days"] == 1


def test_several_at_once_all_count(team: Team, acting: Acting) -> None:
    """Each would miss the others if it counted beside them: the mission of three would never be completed."""
    me, prospect = team.member(), team.prospect()
    barrier, failed = Barrier(3), []

    def record() -> None:
        try:
            with acting(me):
                barrier.wait(30)
                record_activity(me.user_id, "follow_up_sent", prospect)
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=record) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    (done,) = team.rows("mission_completions")
    assert done["mission"] == "follow_ups"
    assert team.row("active_days")["actions"] == 4
    assert team.row("prospects", id=prospect)["score"] == 30


def test_one_external_id_at_once_is_recorded_once(team: Team, acting: Acting) -> None:
    one, two = team.member(), team.member()
    barrier, ids = Barrier(2), []

    def record(me: Any) -> None:
        with acting(me):
            barrier.wait(30)
            ids.append(record_activity(me.user_id, "scan", external_id="crm-1"))

    threads = [Thread(target=record, args=(me,)) for me in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(ids)) == 1
    assert len(ids) == 2
    assert len(team.rows("activities")) == 1
