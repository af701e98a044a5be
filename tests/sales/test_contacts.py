"""What happened away from here, told on a prospect's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from nexapp.sales.activity_kinds import BY_HAND
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.people import words
from tests.sales.prospects_team import Team


@pytest.fixture
def team(app: Flask, owner_sql: Any) -> Team:
    return Team(app, owner_sql)


@pytest.mark.parametrize("kind", BY_HAND)
def test_it_is_told_in_the_story_and_scored(team: Team, kind: str) -> None:
    rep = team.browser(Role.STAFF)
    prospect_id = team.prospect(owner_id=rep.user_id)
    answer = rep.post(f"/prospects/{prospect_id}/contacts", kind=kind, words="Wants <b>two</b>")
    assert (answer.status_code, answer.location) == (303, f"/prospects/{prospect_id}")
    page = rep.page(f"/prospects/{prospect_id}")
    assert "Wants <b>two</b>" in page
    assert "The staff" in page
    score, parts, last = team.row(prospect_id, "score", "score_parts", "last_activity_at")
    assert (score, parts["recency"], last is not None) == (sum(parts.values()), 30, True)


def test_the_same_form_twice_is_one(team: Team) -> None:
    rep, key = team.browser(Role.STAFF), str(new_id())
    prospect_id = team.prospect()
    for _turn in range(2):
        assert rep.post(f"/prospects/{prospect_id}/contacts", kind="meeting", key=key).status_code == 303
    assert team.value("SELECT count(*) FROM activities") == 1


def test_a_reply_stops_the_sequence_that_waits_for_one(team: Team, run_jobs: Callable[[], None]) -> None:
    rep = team.browser(Role.STAFF)
    prospect_id, sequence_id, enrolment_id = team.prospect(), new_id(), new_id()
    team.insert("sequences", id=sequence_id, org_id=team.org_id, name="Welcome")
    team.insert(
        "sequence_enrolments", id=enrolment_id, org_id=team.org_id, sequence_id=sequence_id, prospect_id=prospect_id,
        owner_id=rep.user_id,
    )  # fmt: skip
    rep.post(f"/prospects/{prospect_id}/contacts", kind="call")
    run_jobs()
    assert team.value("SELECT status FROM sequence_enrolments") == "active"
    rep.post(f"/prospects/{prospect_id}/contacts", kind="reply")
    run_jobs()
    assert team.sql("SELECT status, ended_by FROM sequence_enrolments") == [("stopped", "reply")]


@pytest.mark.parametrize(
    ("role", "whose", "fields", "status"),
    [
        (Role.VIEWER, "nobody", {"kind": "call"}, 403), (Role.STAFF, "other", {"kind": "call"}, 403),
        (Role.MANAGER, "other", {"kind": "call"}, 303), (Role.STAFF, "nobody", {"kind": "scan"}, 422),
        (Role.STAFF, "nobody", {"kind": "call", "words": "x" * 501}, 422),
    ],
)  # fmt: skip
def test_who_may_tell_what(team: Team, role: Role, whose: str, fields: dict[str, str], status: int) -> None:
    browser = team.browser(role)
    prospect_id = team.prospect(owner_id=team.member() if whose == "other" else None)
    answer = browser.post(f"/prospects/{prospect_id}/contacts", **fields)
    assert answer.status_code == status
    if status == 422:
        assert 'id="contact" open' in words(answer)
    assert team.value("SELECT count(*) FROM activities") == (1 if status == 303 else 0)
