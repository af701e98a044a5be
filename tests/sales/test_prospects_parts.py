"""Notes, saved views, stages, the board and the story."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.sales import prospects as cases
from nexapp.sales import stages
from nexapp.spine.clock import now
from nexapp.spine.errors import NexError
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.tenancy import Role
from tests.people import Browser, words
from tests.sales.prospects_team import Team

MOST_STATEMENTS = 14


@pytest.fixture
def team(app: Flask, owner_sql: Any) -> Team:
    return Team(app, owner_sql)


@pytest.fixture
def owner(team: Team) -> Browser:
    return team.browser()


def note_of(team: Team) -> Any:
    return team.value("SELECT id FROM prospect_notes")


def test_notes_are_written_changed_deleted_and_brought_back(team: Team, owner: Browser) -> None:
    path = f"/prospects/{team.prospect()}"
    assert owner.post(f"{path}/notes", body="  First\nline  ").status_code == 303
    note = f"{path}/notes/{note_of(team)}"
    assert "First\nline" in owner.page(note)
    assert owner.post(note, body="Second").status_code == 303
    page = owner.page(path)
    assert "Second" in page
    assert "edited" in page
    assert owner.post(f"{note}/removal").status_code == 303
    assert f"{note}/restoration" in (page := owner.page(path))
    assert "Second" not in page
    assert owner.get(note).status_code == 404
    assert owner.post(f"{note}/restoration").status_code == 303
    assert "Second" in owner.page(path)


@pytest.mark.parametrize("body", ["", "  \n", "\u200b", "x" * 4001])
def test_what_is_no_note_is_refused(team: Team, owner: Browser, body: str) -> None:
    path = f"/prospects/{team.prospect()}"
    answer = owner.post(f"{path}/notes", body=body)
    assert answer.status_code == 422
    assert "Check what you entered" in words(answer)
    assert team.value("SELECT count(*) FROM prospect_notes") == 0


def test_a_note_belongs_to_its_author(team: Team) -> None:
    author, colleague = team.browser(Role.STAFF), team.browser(Role.STAFF)
    manager, viewer = team.browser(Role.MANAGER), team.browser(Role.VIEWER)
    path = f"/prospects/{team.prospect(owner_id=colleague.user_id)}"
    assert author.post(f"{path}/notes", body="Mine").status_code == 303
    note = f"{path}/notes/{note_of(team)}"
    assert viewer.post(f"{path}/notes", body="No").status_code == 403
    for other in (colleague, manager):
        assert other.post(note, body="Changed").status_code == 403
        assert other.get(note).status_code == 403
    assert colleague.post(f"{note}/removal").status_code == 403
    assert manager.post(f"{note}/removal").status_code == 303
    assert team.value("SELECT body FROM prospect_notes") == "Mine"


def test_a_note_stands_below_its_own_prospect_only(team: Team, owner: Browser) -> None:
    first, second = team.prospect(), team.prospect("Ben")
    owner.post(f"/prospects/{first}/notes", body="Mine")
    assert owner.post(f"/prospects/{second}/notes/{note_of(team)}", body="Moved").status_code == 404


def test_a_view_keeps_filters_and_is_shared_or_not(team: Team) -> None:
    rep, colleague, viewer = team.browser(Role.STAFF), team.browser(Role.STAFF), team.browser(Role.VIEWER)
    assert "Save as a view" in rep.page("/prospects", temperature="hot")
    assert "Name of the view" in rep.page("/prospects/views/new", temperature="hot")
    for name, shared in (("Own", {}), ("Ours", {"is_shared": "y"})):
        answer = rep.post("/prospects/views", name=name, temperature="hot", sort="next", **shared)
        assert answer.location == "/prospects?temperature=hot&sort=next"
    assert (">Own<" in (page := rep.page("/prospects")), "Ours" in page) == (True, True)
    assert (">Own<" in (page := colleague.page("/prospects")), "Ours" in page) == (False, True)
    assert viewer.post("/prospects/views", name="Looked", is_shared="y", owner="nobody").status_code == 303
    assert "Looked" not in colleague.page("/prospects")
    assert "Looked" in viewer.page("/prospects")


def test_saving_under_a_known_name_replaces(team: Team, owner: Browser) -> None:
    owner.post("/prospects/views", name="Hot", temperature="hot")
    owner.post("/prospects/views", name="hot", temperature="warm")
    assert team.sql("SELECT name, filters FROM prospect_views") == [("hot", {"temperature": "warm"})]
    assert owner.post("/prospects/views", name=" ", temperature="warm").status_code == 422


def test_views_are_deleted_by_their_owner_and_shared_ones_by_managers(team: Team) -> None:
    rep, colleague, manager = team.browser(Role.STAFF), team.browser(Role.STAFF), team.browser(Role.MANAGER)
    rep.post("/prospects/views", name="Own", temperature="hot")
    rep.post("/prospects/views", name="Ours", temperature="warm", is_shared="y")
    ids = dict(team.sql("SELECT name, id FROM prospect_views"))
    assert colleague.post(f"/prospects/views/{ids['Own']}/removal").status_code == 404
    assert manager.post(f"/prospects/views/{ids['Own']}/removal").status_code == 404
    assert colleague.post(f"/prospects/views/{ids['Ours']}/removal").status_code == 403
    assert manager.post(f"/prospects/views/{ids['Ours']}/removal").status_code == 303
    assert rep.post(f"/prospects/views/{ids['Own']}/removal").status_code == 303
    assert team.sql("SELECT 1 FROM prospect_views") == []


def test_stages_are_added_renamed_ordered_and_taken_away(team: Team, owner: Browser) -> None:
    assert owner.post("/settings/stages", name="Demo", outcome="open").status_code == 303
    assert _stages(team) == ["New", "Qualified", "Proposal", "Demo", "Won", "Lost"]
    demo = f"/settings/stages/{team.stages['Demo']}"
    owner.post(f"{demo}/place", to="up")
    assert _stages(team)[2] == "Demo"
    prefix = f"s{team.stages['Demo'].hex[-8:]}"
    assert owner.post(demo, **{f"{prefix}-name": "Trial", f"{prefix}-outcome": "open"}).status_code == 303
    trial = f"/settings/stages/{team.stages['Trial']}"
    prospect_id = team.prospect(stage="Trial")
    assert owner.post(f"{trial}/removal").status_code == 409
    team.sql("UPDATE prospects SET deleted_at = now() WHERE id = %s", prospect_id)
    assert owner.post(f"{trial}/removal").status_code == 303
    assert "Trial" not in team.stages
    assert owner.post(f"{trial}/restoration").status_code == 303
    assert "Trial" in team.stages


@pytest.mark.parametrize("name", ["New", "Won", "Lost"])
def test_every_pipeline_keeps_a_way_in_and_both_ends(team: Team, owner: Browser, name: str) -> None:
    for spare in ("Qualified", "Proposal"):
        assert owner.post(f"/settings/stages/{team.stages[spare]}/removal").status_code == 303
    stage = team.stages[name]
    assert owner.post(f"/settings/stages/{stage}/removal").status_code == 409
    other = "won" if name != "Won" else "open"
    prefix = f"s{stage.hex[-8:]}"
    assert (
        owner.post(f"/settings/stages/{stage}", **{f"{prefix}-name": name, f"{prefix}-outcome": other}).status_code
        == 409
    )


def test_the_last_two_of_a_kind_do_not_go_at_once(team: Team, owner: Browser, acting: Any) -> None:
    owner.post("/settings/stages", name="Signed", outcome="won")
    gate, ends = threading.Barrier(2), []

    def attempt(stage_id: Any) -> None:
        try:
            with acting(owner.actor):
                gate.wait(30)
                stages.archive_stage(stage_id)
            ends.append("done")
        except NexError as error:
            ends.append(error.code)

    threads = [threading.Thread(target=attempt, args=(team.stages[name],)) for name in ("Won", "Signed")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ends) == ["done", "last_stage_of_its_kind"]


def test_a_stage_that_means_something_else_scores_its_prospects_again(team: Team, owner: Browser, app: Flask) -> None:
    prospect_id = team.prospect(stage="Proposal", company="Acme", score=9, score_parts='{"fit": 9}')
    stage = team.stages["Proposal"]
    prefix = f"s{stage.hex[-8:]}"
    owner.post(f"/settings/stages/{stage}", **{f"{prefix}-name": "Proposal", f"{prefix}-outcome": "won"})
    with app.app_context():
        drain_ledger("slow", lambda: False)
    assert team.row(prospect_id, "score") == 0


def test_a_stage_has_a_name_of_its_own(team: Team, owner: Browser) -> None:
    answer = owner.post("/settings/stages", name="NEW", outcome="open")
    assert answer.status_code == 422
    assert "There is a stage called NEW already." in words(answer)
    assert owner.post("/settings/stages", name="x" * 61, outcome="open").status_code == 422
    assert owner.post("/settings/stages", name="Odd", outcome="odd").status_code == 422


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STAFF, Role.MANAGER, Role.ADMIN])
def test_stages_are_the_owners(team: Team, role: Role) -> None:
    browser = team.browser(role)
    assert browser.get("/settings/stages").status_code == 403
    assert browser.post("/settings/stages", name="Demo", outcome="open").status_code == 403


def test_moving_into_a_stage_that_is_being_taken_away_leaves_nobody_behind(
    team: Team, owner: Browser, acting: Any
) -> None:
    """Whichever comes first, no live prospect ends in an archived stage."""
    prospect_id, stage = team.prospect(), team.stages["Proposal"]
    gate, ends = threading.Barrier(2), []

    def attempt(act: Any) -> None:
        with acting(owner.actor):
            gate.wait(30)
            act()

    def guarded(act: Any) -> None:
        try:
            attempt(act)
            ends.append("done")
        except NexError as error:
            ends.append(error.code)

    acts = (lambda: cases.move_prospect(prospect_id, stage), lambda: stages.archive_stage(stage))
    threads = [threading.Thread(target=guarded, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ends) == 2
    left_behind = team.sql(
        "SELECT 1 FROM prospects p JOIN prospect_stages s ON s.id = p.stage_id WHERE s.archived_at IS NOT NULL"
    )
    assert left_behind == []
    assert "done" in ends


def test_the_board_sums_each_stage_and_shows_its_hottest(team: Team, owner: Browser, statements: list[str]) -> None:
    counts = []
    for people in (3, 60):
        team.sql(
            "INSERT INTO prospects (id, org_id, name, stage_id, score, value_cents) SELECT gen_random_uuid(), %s,"
            " 'Person ' || n, %s, n %% 100, 100000 FROM generate_series(1, %s) n",
            team.org_id, team.stages["New"], people,
        )  # fmt: skip
        statements.clear()
        page = owner.page("/prospects/board")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= MOST_STATEMENTS
    assert "<strong>63</strong> · $63,000" in page
    assert page.count('class="board-card"') == 20
    assert "43 more in the list" in page
    assert ">Person 60<" in page
    assert ">Person 1<" not in page


def test_the_board_of_ones_own(team: Team, owner: Browser) -> None:
    team.prospect("Mine", owner_id=owner.user_id)
    team.prospect("Others")
    page = owner.page("/prospects/board", owner="me")
    assert ("Mine" in page, ">Others<" in page) == (True, False)
    fragment = words(owner.get("/prospects/board", fragment=True))
    assert fragment.count("<section") == 5
    assert "<html" not in fragment


def test_the_story_tells_everything_in_one_line_of_time_and_pages(
    team: Team, owner: Browser, statements: list[str]
) -> None:
    prospect_id = team.prospect(phone="+13125550123")
    path, at = f"/prospects/{prospect_id}", now()
    common = {"org_id": team.org_id, "prospect_id": prospect_id}
    for number in range(70):
        team.insert(
            "prospect_notes", id=new_id(), author_id=owner.user_id, body=f"Note {number:02}",
            created_at=at - timedelta(hours=number), **common,
        )  # fmt: skip
    team.insert(
        "activities", id=new_id(), user_id=owner.user_id, kind="call", on_date=at.date(), at=at + timedelta(hours=1),
        details='{"words": "Spoke for an hour"}', **common,
    )  # fmt: skip
    team.insert(
        "follow_ups", id=new_id(), owner_id=owner.user_id, due_at=at + timedelta(days=1), due_on=at.date(),
        time_zone="UTC", message="Send the offer", created_at=at + timedelta(hours=2), **common,
    )  # fmt: skip
    team.insert(
        "messages", id=new_id(), org_id=team.org_id, subject_kind="prospect", subject_id=prospect_id, lane=1,
        purpose="reply", to_phone="+13125550123", body="Hello Ana", segments=1, status="delivered",
        created_at=at + timedelta(hours=3), send_at=at,
    )  # fmt: skip
    team.insert(
        "inbound_messages", id=new_id(), org_id=team.org_id, provider_sid="IN1", from_phone="+13125550123",
        to_phone="+15005550006", body="Call me", handled_as="other", created_at=at + timedelta(hours=4),
    )  # fmt: skip
    statements.clear()
    page = owner.page(path).partition('id="prospect-story"')[2]
    assert len(statements) <= 25
    places = [page.index(piece) for piece in ("Call me", "Hello Ana", "Send the offer", "Spoke for an hour", "Note 00")]
    assert places == sorted(places)
    seen = _notes(page)
    while "Show earlier ones" in page:
        page = owner.page(_earlier(page))
        seen += _notes(page)
    assert seen == [f"Note {number:02}" for number in range(70)]


@pytest.mark.parametrize(
    "before", ["x", "_", "2026-01-01_x", "2026-01-01T00:00_01a1fa0d-53cc-7681-97e0-5d2599fd66ed", "9" * 50]
)
def test_a_broken_place_in_the_story_is_its_beginning(team: Team, owner: Browser, before: str) -> None:
    assert owner.get(f"/prospects/{team.prospect()}", before=before).status_code == 200


def test_changes_are_signalled_to_the_open_pages(team: Team, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str]] = []
    emitter = team.app.extensions["signal_emitter"]
    monkeypatch.setattr(emitter, "emit", lambda name, payload, room=None, **_: sent.append((name, room)))
    prospect_id = team.prospect()
    owner.post(f"/prospects/{prospect_id}/stage", stage_id=str(team.stages["Won"]))
    assert ("prospects-changed", f"org:{team.org_id}:prospects") in sent
    assert ("prospect-changed", f"org:{team.org_id}:prospect:{prospect_id}") in sent


def _stages(team: Team) -> list[str]:
    found = team.sql(
        "SELECT name FROM prospect_stages WHERE org_id = %s AND archived_at IS NULL ORDER BY position", team.org_id
    )
    return [name for (name,) in found]


def _notes(page: str) -> list[str]:
    return re.findall(r"Note \d{2}", page)


def _earlier(page: str) -> str:
    found = re.search(r'rel="next" href="([^"]+)"', page)
    assert found
    return found[1]
