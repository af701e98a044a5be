"""Those that are due: one notice each, whatever is killed or run twice, and to whom it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.sales import follow_ups, follow_ups_due
from nexapp.sales import when as times
from nexapp.sales.follow_ups import NewFollowUp
from nexapp.spine.clock import now
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.schedule import fire
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.sales.follow_ups_world import SalesTeam, check_follow_ups
from tests.sales.progress_world import CHICAGO

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> SalesTeam:
    return SalesTeam(app, owner_sql)


def test_one_notice_each_linked_to_its_follow_up(app: Flask, team: SalesTeam) -> None:
    rep, ana = team.member(), team.prospect(phone="+13125550142")
    called, bare = team.due(rep, ana, message="Ask about the offer"), team.due(rep, ana)
    ahead = team.due(rep, ana, at=now() + timedelta(hours=1))
    check_follow_ups(app)
    check_follow_ups(app)
    made = {UUID(row["subject_id"]): row for row in team.notices(rep)}
    assert set(made) == {called, bare}
    assert made[called]["message"] == "Ana Ruiz: Ask about the offer"
    assert made[bare]["message"] == "Follow up with Ana Ruiz."
    assert made[called]["title"] == "🕒 Follow-Up Reminder"
    assert made[called]["action_url"] == f"/prospects/{ana}"
    kinds = [action["kind"] for action in made[called]["metadata"]["actions"]]
    assert kinds == ["followup_done", "call", "text"]
    for one in (called, bare):
        row = team.row("follow_ups", id=one)
        assert (row["status"], row["notification_id"]) == ("sent", made[one]["id"])
        assert row["sent_at"]
    assert team.row("follow_ups", id=ahead)["status"] == "pending"


def test_two_schedulers_run_it_once(app: Flask, team: SalesTeam) -> None:
    """Both fire the same minute; the ledger has one run of it, and a second run finds nothing."""
    rep = team.member()
    team.due(rep, team.prospect())
    with app.app_context():
        for _scheduler in range(2):
            fire("followup_check")
        drain_ledger("default", lambda: False)
        assert team.value("SELECT count(*) FROM background_jobs WHERE name = 'followup_check'") == 1
        team.sql("UPDATE background_jobs SET status = 'queued' WHERE name = 'followup_check'")
        drain_ledger("default", lambda: False)
    assert len(team.notices(rep)) == 1


def test_two_workers_at_once(app: Flask, team: SalesTeam) -> None:
    """On two connections at the same instant, over many."""
    rep, ana = team.member(), team.prospect()
    ids = [team.due(rep, ana) for _ in range(40)]
    gate, failed = threading.Barrier(2), []

    def work() -> None:
        gate.wait(30)
        try:
            check_follow_ups(app)
        except Exception as error:
            failed.append(error)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert failed == []
    made = [UUID(row["subject_id"]) for row in team.notices(rep) if row["subject_id"]]
    assert sorted(made, key=str) == sorted(ids, key=str)
    assert {row["status"] for row in team.rows("follow_ups")} == {"sent"}


class Killed(BaseException):
    pass


def check_and_die(app: Flask) -> None:
    with app.app_context(), unit_of_work(SYSTEM):
        follow_ups_due.followup_check()
        raise Killed


def test_killed_before_the_end_nothing_is_lost_or_doubled(app: Flask, team: SalesTeam) -> None:
    rep = team.member()
    follow_up = team.due(rep, team.prospect())
    with pytest.raises(Killed):
        check_and_die(app)
    assert team.notices(rep) == []
    assert team.row("follow_ups", id=follow_up)["status"] == "pending"
    check_follow_ups(app)
    assert len(team.notices(rep)) == 1


def test_put_back_by_hand_it_still_tells_once(app: Flask, team: SalesTeam) -> None:
    """A state that was lost, say by a restored backup: the notice's own key keeps it from coming twice."""
    rep = team.member()
    follow_up = team.due(rep, team.prospect())
    check_follow_ups(app)
    team.sql("UPDATE follow_ups SET status = 'pending' WHERE id = %s", follow_up)
    check_follow_ups(app)
    assert len(team.notices(rep)) == 1


def test_snoozed_it_reminds_again_at_its_new_time(app: Flask, team: SalesTeam, acting: Acting) -> None:
    rep = team.member()
    follow_up = team.due(rep, team.prospect())
    check_follow_ups(app)
    with acting(rep):
        follow_ups.snooze_follow_up(follow_up, times.in_an_hour(CHICAGO))
    check_follow_ups(app)
    assert len(team.notices(rep)) == 1
    team.sql("UPDATE follow_ups SET due_at = now() - interval '1 second' WHERE id = %s", follow_up)
    check_follow_ups(app)
    assert len(team.notices(rep)) == 2


def test_started_by_hand_for_one_team(app: Flask, owner_sql: Any, team: SalesTeam, acting: Acting) -> None:
    """As a key of the team starts it: its own alone, and each is linked to its notice all the same."""
    rep, other = team.member(), SalesTeam(app, owner_sql)
    follow_up, theirs = team.due(rep, team.prospect()), other.due(other.member(), other.prospect())
    with acting(team.member(Role.OWNER)):
        follow_ups_due.followup_check()
    [notice] = team.notices(rep)
    assert team.row("follow_ups", id=follow_up)["notification_id"] == notice["id"]
    assert other.row("follow_ups", id=theirs)["status"] == "pending"


def test_many_rounds(app: Flask, team: SalesTeam, monkeypatch: pytest.MonkeyPatch) -> None:
    rep = team.member()
    for number in range(7):
        team.due(rep, team.prospect(f"Person {number}"))
    monkeypatch.setattr(follow_ups_due, "AT_ONCE", 3)
    check_follow_ups(app)
    assert {row["status"] for row in team.rows("follow_ups")} == {"sent"}


def test_nothing_of_prospects_in_the_trash_nor_of_suspended_teams(app: Flask, owner_sql: Any, team: SalesTeam) -> None:
    rep, suspended = team.member(), SalesTeam(app, owner_sql)
    quiet = team.due(rep, team.prospect(deleted_at=now()))
    other = suspended.member()
    suspended.due(other, suspended.prospect())
    suspended.sql("UPDATE organizations SET suspended_at = now() WHERE id = %s", suspended.org_id)
    check_follow_ups(app)
    assert team.notices(rep) == suspended.notices(other) == []
    team.sql("UPDATE prospects SET deleted_at = NULL")
    check_follow_ups(app)
    assert [row["subject_id"] for row in team.notices(rep)] == [str(quiet)]


def leave(team: SalesTeam, who: Actor) -> None:
    team.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", who.user_id)


@pytest.mark.parametrize("others", [(Role.STAFF, Role.OWNER), (Role.OWNER, Role.MANAGER), (Role.ADMIN, Role.OWNER)])
def test_the_owner_left_and_it_goes_to_a_manager(app: Flask, team: SalesTeam, others: tuple[Role, ...]) -> None:
    gone, people = team.member(), {role: team.member(role) for role in others}
    heir = people.get(Role.MANAGER) or people[Role.OWNER]
    follow_up = team.due(gone, team.prospect(owner_id=gone.user_id))
    leave(team, gone)
    check_follow_ups(app)
    row = team.row("follow_ups", id=follow_up)
    assert (row["owner_id"], row["handed_from"]) == (str(heir.user_id), str(gone.user_id))
    assert [notice["subject_id"] for notice in team.notices(heir)] == [str(follow_up)]
    assert team.notices(gone) == []


def test_whose_prospect_it_is_by_now_gets_it(app: Flask, team: SalesTeam) -> None:
    gone, heir, _manager = team.member(), team.member(), team.member(Role.MANAGER)
    team.due(gone, team.prospect(owner_id=heir.user_id))
    leave(team, gone)
    check_follow_ups(app)
    assert len(team.notices(heir)) == 1


def test_nobody_left_to_take_it(app: Flask, team: SalesTeam) -> None:
    gone, _rep = team.member(), team.member()
    follow_up = team.due(gone, team.prospect())
    leave(team, gone)
    check_follow_ups(app)
    assert team.row("follow_ups", id=follow_up)["owner_id"] == str(gone.user_id)


def test_nobody_to_take_one_leaves_the_others_linked(app: Flask, team: SalesTeam, statements: list[str]) -> None:
    gone, rep = team.member(), team.member()
    team.due(gone, team.prospect())
    mine = [team.due(rep, team.prospect(f"Person {number}")) for number in range(5)]
    leave(team, gone)
    check_follow_ups(app)
    notices = {UUID(row["subject_id"]): row["id"] for row in team.notices(rep)}
    assert {one: team.row("follow_ups", id=one)["notification_id"] for one in mine} == notices
    assert len([one for one in statements if "nexapp_notify" in one]) == 1


def test_everything_is_handed_over_when_somebody_is_let_go(app: Flask, team: SalesTeam, acting: Acting) -> None:
    """Through the team's page: what is planned for later shows in the manager's agenda at once."""
    owner, manager, gone = team.member(Role.OWNER), team.member(Role.MANAGER), team.member()
    ana = team.prospect(owner_id=gone.user_id)
    with acting(gone):
        later = follow_ups.add_follow_up(NewFollowUp(ana, times.one_tap("in_3_days", CHICAGO)))
    browser = team.browser(actor=owner)
    membership = team.value("SELECT id FROM memberships WHERE user_id = %s", gone.user_id)
    answer = browser.post(f"/settings/team/{membership}/deactivation")
    assert answer.status_code == 303, answer.get_data(as_text=True)[:500]
    assert team.row("follow_ups", id=later)["owner_id"] == str(manager.user_id)
    page = team.browser(actor=manager).get("/follow-ups").get_data(as_text=True)
    assert "who left" in page
    assert "Ana Ruiz" in page


def test_a_switched_off_type_is_marked_as_sent_all_the_same(app: Flask, team: SalesTeam) -> None:
    rep = team.member()
    team.insert("notification_preferences", user_id=rep.user_id, name="followup_due", channel="any", is_on=False)
    follow_up = team.due(rep, team.prospect())
    check_follow_ups(app)
    row = team.row("follow_ups", id=follow_up)
    assert (row["status"], row["notification_id"]) == ("sent", None)
    assert team.rows("notification_skips", user_id=rep.user_id)


def test_done_in_the_bell(app: Flask, team: SalesTeam) -> None:
    rep = team.member()
    follow_up = team.due(rep, team.prospect())
    check_follow_ups(app)
    [notice] = team.notices(rep)
    answer = team.browser(actor=rep).post(f"/notifications/{notice['id']}/actions/followup_done")
    assert answer.status_code in (200, 303), answer.get_data(as_text=True)[:500]
    assert team.row("follow_ups", id=follow_up)["status"] == "done"
