"""The pages of sequences: writing, the refused step, adding prospects, sending, who sees what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.people import Browser
from tests.sales.follow_ups_world import SalesTeam

FORM = {
    "name": "Welcome", "stops_on_reply": "y", "steps-0-wait_days": "0", "steps-0-at_time": "09:00",
    "steps-0-channel": "text", "steps-0-body": "Hi {{first_name}}", "steps-1-wait_days": "3",
    "steps-1-at_time": "14:30", "steps-1-channel": "email", "steps-1-subject": "Well?", "steps-1-body": "Still there?",
}  # fmt: skip


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> SalesTeam:
    return SalesTeam(app, owner_sql)


@pytest.fixture
def mine(team: SalesTeam) -> Browser:
    return team.browser()


def words(answer: TestResponse) -> str:
    bare = re.sub(r"(?s)<(script|style|template)\b.*?</\1>|<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(bare.split())


def write(browser: Browser, **changed: str) -> str:
    answer = browser.post("/sequences", **{**FORM, **changed})
    assert answer.status_code == 303, words(answer)[:800]
    return str(answer.headers["Location"])


def test_written_shown_and_changed(team: SalesTeam, mine: Browser) -> None:
    assert "Write the first one" in words(mine.get("/sequences"))
    assert mine.get("/sequences/new").status_code == 200
    address = write(mine)
    shown = words(mine.get(address))
    assert "Stops when they reply." in shown
    assert "3 days later" in shown
    assert "{{first_name}}" in mine.get(f"{address}/edit").get_data(as_text=True)
    assert mine.post(address, **{**FORM, "name": "Hello", "steps-1-body": "One more"}).status_code == 303
    assert [row["body"] for row in team.rows("sequence_steps", position=2)] == ["One more"]
    assert mine.post(f"{address}/archiving").status_code == 303
    assert "Hello" in words(mine.get("/sequences", view="archived"))
    assert mine.post(f"{address}/restoration").status_code == 303
    fragment = mine.get("/sequences", fragment=True).get_data(as_text=True)
    assert fragment.lstrip().startswith('<div id="sequences"')


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("steps-1-body", "", "Write what this step says."),
        ("steps-1-body", " \r\n ", "Write what this step says."),
        ("steps-0-body", "Hi {{nickname}}", "There is no {{nickname}} to fill in here."),
        ("steps-0-wait_days", "-1", "Type a whole number from 0 to 365."),
        ("steps-0-at_time", "25:00", "Not a valid time value."),
        ("name", " ", "Give the sequence a name."),
    ],
)
def test_what_is_refused_is_said_at_its_field(
    team: SalesTeam, mine: Browser, field: str, value: str, sentence: str
) -> None:
    for fragment in (False, True):
        answer = mine.post("/sequences", fragment=fragment, **{**FORM, field: value})
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        error = re.search(rf'id="{field}-error">(.*?)</div>', page, re.DOTALL)
        assert error, f"nothing beside {field}"
        assert sentence in error[1].replace("&#39;", "'")
        assert f'aria-describedby="{field}-error"' in page.replace("  ", " ") or f"{field}-error" in page
    assert team.rows("sequences") == []


def test_steps_more_and_less_keep_what_was_typed(team: SalesTeam, mine: Browser) -> None:
    more = mine.post("/sequences", reshape="add", **FORM)
    assert more.status_code == 200
    assert 'name="steps-2-body"' in more.get_data(as_text=True)
    assert "Still there?" in more.get_data(as_text=True)
    less = mine.post("/sequences", fragment=True, reshape="remove-0", **FORM).get_data(as_text=True)
    assert 'name="steps-1-body"' not in less
    assert "Still there?" in less
    for strange, status in (("remove-99", 200), ("remove-x", 303), ("remove-", 303)):
        given = {**FORM, "name": f"Named {strange}"}
        assert mine.post("/sequences", reshape=strange, **given).status_code == status
    assert mine.post("/sequences", **{**FORM, "name": "Odd", "steps-99999999999-body": "x"}).status_code == 303


def test_prospects_are_added_and_sent_to(team: SalesTeam) -> None:
    rep = team.member()
    browser = team.browser(actor=rep)
    ana = team.prospect("Ana Ruiz", phone="+13125550142", email="ana@example.com")
    theirs = team.prospect("Theirs", owner_id=team.member().user_id)
    address = write(browser)
    choose = words(browser.get(f"{address}/enrolments/new"))
    assert "Ana Ruiz" in choose
    assert "Theirs" not in choose
    assert "Nobody found" in words(browser.get(f"{address}/enrolments/new", q="zzz"))
    assert browser.post(f"{address}/enrolments", prospect=[str(ana), str(theirs), "x"]).status_code == 303
    assert len(team.rows("sequence_enrolments")) == 1
    assert browser.post(f"{address}/enrolments").status_code == 303, "nobody was ticked"
    assert "Ana Ruiz" in words(browser.get(address))
    [step] = team.rows("follow_ups")
    page = browser.get(f"/follow-ups/{step['id']}")
    assert "Sequence step 1/2" in words(page)
    assert "Hi Ana" in page.get_data(as_text=True)
    empty = browser.post(f"/follow-ups/{step['id']}/sends", how="text", body=" ")
    assert empty.status_code == 422
    assert "Write what you want to send." in words(empty)
    sent = browser.post(f"/follow-ups/{step['id']}/sends", how="text", body="Hi Ana!")
    assert sent.status_code == 303
    assert browser.post(f"/follow-ups/{step['id']}/sends", how="text", body="Hi Ana!").status_code == 409
    assert [row["body"] for row in team.rows("messages")] == ["Summit Sales: Hi Ana! Reply STOP to opt out."]


def test_noted_replies_pauses_and_stops(team: SalesTeam, run_jobs: Callable[[], None]) -> None:
    rep = team.member()
    browser = team.browser(actor=rep)
    ana, ben = team.prospect(), team.prospect("Ben")
    sequence_id = write(browser).rsplit("/", 1)[-1]
    for one in (ana, ben):
        assert browser.post(f"/prospects/{one}/enrolments", sequence_id=sequence_id).status_code == 303
    [step] = team.rows("follow_ups", prospect_id=ana)
    assert browser.post(f"/follow-ups/{step['id']}/reply").status_code == 303
    run_jobs()
    assert team.row("sequence_enrolments", prospect_id=ana)["ended_by"] == "reply"
    enrolment = team.row("sequence_enrolments", prospect_id=ben)["id"]
    for act, status in (("pausing", "paused"), ("resuming", "active"), ("stopping", "stopped")):
        assert browser.post(f"/enrolments/{enrolment}/{act}", next=f"/sequences/{sequence_id}").status_code == 303
        assert team.row("sequence_enrolments", prospect_id=ben)["status"] == status
    shown = words(browser.get(f"/sequences/{sequence_id}"))
    assert "They replied" in shown
    assert "Stopped" in shown


def test_the_lists_take_few_statements(team: SalesTeam, mine: Browser, statements: list[str]) -> None:
    address, asked = write(mine), []
    for many in (1, 45):
        people = [str(team.prospect(f"Person {many}-{number:02}")) for number in range(many)]
        mine.post(f"{address}/enrolments", prospect=people)
        for path in ("/sequences", address):
            mine.get(path)
            before = len(statements)
            page = mine.get(path)
            asked.append(len(statements) - before)
    assert asked[:2] == asked[2:]
    assert max(asked) <= 16
    assert 'rel="next"' in page.get_data(as_text=True)


def test_other_teams_and_readers(app: Flask, owner_sql: Any, team: SalesTeam, mine: Browser) -> None:
    other = SalesTeam(app, owner_sql)
    theirs = write(other.browser())
    for path in ("", "/edit", "/enrolments/new"):
        assert mine.get(f"{theirs}{path}").status_code == 404
    for path in ("", "/archiving", "/restoration", "/enrolments"):
        assert mine.post(f"{theirs}{path}", **FORM, prospect=str(new_id())).status_code == 404
    assert mine.post(f"/enrolments/{UUID(int=7)}/stopping").status_code == 404
    address, viewer = write(mine), team.browser(Role.VIEWER)
    assert "Add prospects" not in words(viewer.get(address))
    for path in ("/sequences/new", f"{address}/edit", f"{address}/enrolments/new"):
        assert viewer.get(path).status_code == 403
    assert team.browser().post(f"{address}/archiving").status_code == 403
