"""The list and one prospect's page, as each role sees and changes them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.people import Browser, words
from tests.sales.prospects_team import Team

MANY = """
    INSERT INTO prospects (id, org_id, name, company, email, phone, stage_id, owner_id, score, value_cents,
        next_follow_up_at, last_activity_at)
    SELECT gen_random_uuid(), %(org)s, 'Person ' || lpad(n::text, 5, '0'), 'Company ' || n % 50,
        'p' || n || '@example.com', '+1312' || lpad(n::text, 7, '0'), %(stage)s, %(owner)s, n % 101, n * 100,
        CASE WHEN n % 3 = 0 THEN now() + n * interval '1 minute' END,
        CASE WHEN n % 4 = 0 THEN now() - n * interval '1 minute' END
    FROM generate_series(1, %(people)s) n
"""
MOST_STATEMENTS = 12


@pytest.fixture
def team(app: Flask, owner_sql: Any) -> Team:
    return Team(app, owner_sql)


@pytest.fixture
def owner(team: Team) -> Browser:
    return team.browser()


def many(team: Team, people: int, owner_id: Any = None) -> None:
    stage = team.stages["New"]
    statement = MANY
    for name, value in {"org": team.org_id, "stage": stage, "people": people}.items():
        statement = statement.replace(f"%({name})s", f"'{value}'" if name != "people" else str(value))
    team.sql(statement.replace("%(owner)s", f"'{owner_id}'" if owner_id else "NULL").replace("%", "%%"))


def test_a_sales_organisation_begins_with_five_stages(team: Team, owner: Browser) -> None:
    rows = team.sql("SELECT name, outcome FROM prospect_stages WHERE org_id = %s ORDER BY position", team.org_id)
    assert rows == [("New", "open"), ("Qualified", "open"), ("Proposal", "open"), ("Won", "won"), ("Lost", "lost")]


def test_an_organisation_that_becomes_a_sales_team_gets_stages_once(app: Flask, owner_sql: Any) -> None:
    team = Team(app, owner_sql, kind="business")
    assert team.stages == {}
    for _turn in range(2):
        owner_sql("UPDATE organizations SET kind = 'sales' WHERE id = %s", team.org_id)
        assert len(team.stages) == 5


@pytest.mark.parametrize(
    "path", ["/prospects", "/prospects/board", "/prospects/new", "/prospects/trash", "/settings/stages"]
)
def test_a_business_has_no_prospects(app: Flask, owner_sql: Any, path: str) -> None:
    assert Team(app, owner_sql, kind="business").browser().get(path).status_code == 404


def test_adding_a_prospect_leads_to_its_page(team: Team, owner: Browser) -> None:
    assert "Add a prospect" in owner.page("/prospects/new")
    typed = {
        "name": "Ana Ruiz", "company": "Ruiz & Daughters", "role": "Head of buying", "email": "Ana@Example.com",
        "phone": "(312) 555-0123", "location": "Austin", "source": "Fair", "value": "1,200.50",
        "stage_id": str(team.stages["Qualified"]), "owner_id": str(owner.user_id),
    }  # fmt: skip
    answer = owner.post("/prospects", **typed)
    assert answer.status_code == 303
    page = owner.page(answer.location)
    for piece in (
        "Ana Ruiz",
        "Ruiz & Daughters",
        "Ana@example.com",
        "(312) 555-0123",
        "Qualified",
        "$1,200.50",
        "Added",
    ):
        assert piece in page, piece
    prospect_id = answer.location.rpartition("/")[2]
    assert team.row(prospect_id, "value_cents", "email", "owner_id") == (120050, "Ana@example.com", owner.user_id)
    assert team.value("SELECT count(*) FROM audit_entries WHERE action = 'prospect.added'") == 1


def test_a_form_sent_twice_adds_once(team: Team, owner: Browser) -> None:
    key = re.search(r'name="key"[^>]* value="([^"]+)"', owner.page("/prospects/new"))
    assert key
    typed = {"name": "Ada Able", "stage_id": str(team.stages["New"]), "owner_id": "", "key": key[1]}
    places = {owner.post("/prospects", **typed).headers["Location"] for _ in range(2)}
    assert owner.post("/prospects", **typed | {"key": str(new_id())}).headers["Location"] not in places
    (address,) = places
    assert team.events(UUID(address.rpartition("/")[2])) == ["added"]
    for _ in range(2):
        assert owner.post(f"{address}/notes", body="Call in May", key=key[1]).status_code == 303
    assert team.value("SELECT count(*) FROM prospect_notes WHERE org_id = %s", team.org_id) == 1


def test_a_key_of_another_teams_prospect_shows_nothing(team: Team, owner: Browser, app: Flask, owner_sql: Any) -> None:
    key = str(Team(app, owner_sql, name="Elsewhere").prospect("Secret"))
    typed = {"name": "Ada Able", "stage_id": str(team.stages["New"]), "owner_id": "", "key": key}
    assert owner.post("/prospects", **typed).status_code == 404


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": " "}, "Type a name."),
        ({"email": "ana@"}, "not an e-mail address"),
        ({"phone": "12"}, "too short"),
        ({"value": "lots"}, "Type an amount"),
        ({"owner_id": str(new_id())}, "Not a valid choice"),
        ({"stage_id": str(new_id())}, "Not a valid choice"),
        ({"company": "x" * 121}, "At most 120 characters"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(
    team: Team, owner: Browser, typed: dict[str, str], sentence: str
) -> None:
    usual = {"name": "Ana", "stage_id": str(team.stages["New"]), "owner_id": ""}
    answer = owner.post("/prospects", **(usual | typed))
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert team.value("SELECT count(*) FROM prospects") == 0


def test_changing_details_is_told_in_the_story(team: Team, owner: Browser) -> None:
    prospect_id = team.prospect(company="Old")
    answer = owner.post(f"/prospects/{prospect_id}", name="Ana Ruiz", company="New", value="")
    assert answer.status_code == 303
    assert team.row(prospect_id, "company") == "New"
    assert team.events(prospect_id) == ["changed"]
    assert "Details changed" in owner.page(f"/prospects/{prospect_id}")
    refused = owner.post(f"/prospects/{prospect_id}", name="", company="Newer")
    assert refused.status_code == 422
    assert team.row(prospect_id, "company") == "New"


def test_moving_to_lost_asks_why_and_can_be_undone(team: Team, owner: Browser) -> None:
    prospect_id = team.prospect(stage="Proposal")
    path = f"/prospects/{prospect_id}"
    refused = owner.post(f"{path}/stage", stage_id=str(team.stages["Lost"]))
    assert refused.status_code == 422
    assert "Say why it was lost." in words(refused)
    assert team.row(prospect_id, "stage_id") == team.stages["Proposal"]
    assert owner.post(f"{path}/stage", stage_id=str(team.stages["Lost"]), lost_reason="Price").status_code == 303
    assert team.row(prospect_id, "stage_id", "lost_reason") == (team.stages["Lost"], "Price")
    page = owner.page(path)
    assert "Proposal → Lost" in page
    assert "Because: Price" in page
    back = f"{path}/moves/{_last_move(team)}/return"
    for _turn in range(2):
        assert owner.post(back).status_code == 303
        assert team.row(prospect_id, "stage_id", "lost_reason") == (team.stages["Proposal"], None)
    assert team.events(prospect_id) == ["stage", "stage"], "pressed twice it is undone once"


def test_an_undo_is_of_its_own_move(team: Team, owner: Browser) -> None:
    prospect_id = team.prospect()
    path = f"/prospects/{prospect_id}"
    owner.post(f"{path}/stage", stage_id=str(team.stages["Qualified"]))
    first = _last_move(team)
    owner.post(f"{path}/stage", stage_id=str(team.stages["Won"]))
    assert owner.post(f"{path}/moves/{first}/return").status_code == 409
    assert team.row(prospect_id, "stage_id") == team.stages["Won"]


def test_a_move_that_is_none_says_nothing(team: Team, owner: Browser) -> None:
    prospect_id = team.prospect()
    owner.post(f"/prospects/{prospect_id}/stage", stage_id=str(team.stages["New"]))
    assert team.events(prospect_id) == []
    assert owner.post(f"/prospects/{prospect_id}/moves/{new_id()}/return").status_code == 409


def test_the_board_moves_without_leaving_it(team: Team, owner: Browser) -> None:
    prospect_id = team.prospect()
    answer = owner.post(f"/prospects/{prospect_id}/stage", fragment=True, stage_id=str(team.stages["Won"]))
    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert f"/prospects/{prospect_id}/moves/{_last_move(team)}/return" in answer.headers["HX-Trigger"]
    back = owner.post(
        f"/prospects/{prospect_id}/stage", stage_id=str(team.stages["New"]), next="/prospects/board"
    )  # fmt: skip
    assert (back.status_code, back.location) == (303, "/prospects/board")
    away = owner.post(
        f"/prospects/{prospect_id}/stage", stage_id=str(team.stages["Won"]), next="//evil.example"
    )  # fmt: skip
    assert away.location == f"/prospects/{prospect_id}"


@pytest.mark.parametrize(
    ("role", "whose", "status"),
    [
        (Role.VIEWER, "nobody", 403), (Role.STAFF, "nobody", 303), (Role.STAFF, "own", 303), (Role.STAFF, "other", 403),
        (Role.STAFF, "left", 303), (Role.MANAGER, "other", 303), (Role.OWNER, "left", 303),
    ],
)  # fmt: skip
def test_a_rep_changes_their_own_and_nobodys(team: Team, role: Role, whose: str, status: int) -> None:
    browser = team.browser(role)
    colleague = team.member(Role.STAFF, "Ray")
    owners = {"nobody": None, "own": browser.user_id, "other": colleague, "left": colleague}
    prospect_id = team.prospect(owner_id=owners[whose])
    if whose == "left":
        team.leave(colleague)
    path = f"/prospects/{prospect_id}"
    assert browser.get(path).status_code == 200
    assert browser.post(f"{path}/stage", stage_id=str(team.stages["Won"])).status_code == status
    assert browser.post(path, name="Changed").status_code == status
    assert browser.post(f"{path}/owner", owner_id="").status_code == status
    assert browser.post(f"{path}/removal").status_code == status
    assert (team.row(prospect_id, "name") == "Changed") == (status == 303)


def test_prospects_of_somebody_who_left_are_shown_as_theirs_and_given_on(team: Team, owner: Browser) -> None:
    gone, heir = team.member(Role.STAFF, "Ray Cole"), team.member(Role.STAFF, "Mia Fox")
    ids = [team.prospect(f"Person {n}", owner_id=gone) for n in range(3)]
    team.leave(gone)
    page = owner.page("/prospects", owner="left")
    assert page.count("Ray Cole, who left") == 3
    answer = owner.post("/prospects/owner", prospect=[str(one) for one in ids], owner_id=str(heir), owner="left")
    assert answer.status_code == 303
    assert "3 prospects changed hands." in owner.page(answer.location)
    assert {team.row(one, "owner_id") for one in ids} == {heir}
    assert [team.events(one) for one in ids] == [["owner"]] * 3
    assert "Now Mia Fox's." in owner.page(f"/prospects/{ids[0]}")


def test_nobody_gives_prospects_to_a_stranger(team: Team, owner: Browser, app: Flask, owner_sql: Any) -> None:
    stranger = Team(app, owner_sql, name="Elsewhere").member()
    viewer, prospect_id = team.member(Role.VIEWER), team.prospect()
    for one in (stranger, viewer, new_id()):
        assert owner.post(f"/prospects/{prospect_id}/owner", owner_id=str(one)).status_code == 422
        owner.post("/prospects/owner", prospect=str(prospect_id), owner_id=str(one))
        assert team.row(prospect_id, "owner_id") is None


def test_a_rep_gives_none_away_where_one_is_a_colleagues(team: Team) -> None:
    rep, colleague = team.browser(Role.STAFF), team.member()
    own, others = team.prospect(owner_id=rep.user_id), team.prospect(owner_id=colleague)
    answer = rep.post("/prospects/owner", prospect=[str(own), str(others)], owner_id="")
    assert answer.status_code == 403
    assert (team.row(own, "owner_id"), team.row(others, "owner_id")) == (rep.user_id, colleague)


def test_the_trash_keeps_and_gives_back(team: Team, owner: Browser) -> None:
    prospect_id = team.prospect("Ana Ruiz")
    answer = owner.post(f"/prospects/{prospect_id}/removal")
    assert answer.location == "/prospects"
    assert f"/prospects/{prospect_id}/restoration" in owner.page("/prospects")  # the toast's undo
    assert "Ana Ruiz" not in owner.page("/prospects")
    assert "Ana Ruiz" in owner.page("/prospects/trash")
    assert "in the trash" in owner.page(f"/prospects/{prospect_id}")
    assert owner.post(f"/prospects/{prospect_id}/stage", stage_id=str(team.stages["Won"])).status_code == 404
    assert owner.post(f"/prospects/{prospect_id}/restoration").status_code == 303
    assert "Ana Ruiz" in owner.page("/prospects")
    assert team.events(prospect_id) == ["deleted", "restored"]


def test_the_trash_costs_the_same_for_few_and_for_many(team: Team, statements: list[str]) -> None:
    rep, counts = team.browser(Role.STAFF), []
    for people in (1, 30):
        for number in range(people):
            team.prospect(f"Person {number}", owner_id=team.member(name=f"Ray {number}"), deleted_at=now())
        statements.clear()
        rep.page("/prospects/trash")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= MOST_STATEMENTS


def test_a_rep_ticks_what_they_may_give(team: Team) -> None:
    rep = team.browser(Role.STAFF)
    own, others = team.prospect(owner_id=rep.user_id), team.prospect(owner_id=team.member())
    page = rep.page("/prospects")
    assert f'name="prospect" value="{own}"' in page
    assert f'name="prospect" value="{others}"' not in page
    card = rep.page("/prospects/board")
    assert card.count("data-movable") == 1
    assert "Draft a message" in rep.page(f"/prospects/{own}")
    assert "Draft a message" not in rep.page(f"/prospects/{others}") + rep.page(f"/prospects/{others}/score")


@pytest.mark.parametrize("value", ["2500000.00", "99999999999"])
def test_a_deal_may_be_large(team: Team, owner: Browser, value: str) -> None:
    prospect_id = team.prospect()
    assert owner.post(f"/prospects/{prospect_id}", name="Ana", value=value).status_code == 303
    assert owner.post(f"/prospects/{prospect_id}", name="Ana", value="100000000001").status_code == 422
    assert team.row(prospect_id, "value_cents") == int(float(value) * 100)


def test_a_choice_that_always_has_an_answer_is_not_called_optional(team: Team, owner: Browser) -> None:
    page = owner.page("/prospects/new")
    assert not re.search(r"(Whose it is|Stage) <span class=\"form-label-optional", page)
    assert re.search(r"Company <span class=\"form-label-optional", page)


def test_locking_and_unlocking(team: Team, owner: Browser) -> None:
    prospect_id = team.prospect()
    owner.post(f"/prospects/{prospect_id}/lock")
    assert team.row(prospect_id, "is_unlocked") is False
    assert "Locked" in owner.page(f"/prospects/{prospect_id}")
    owner.post(f"/prospects/{prospect_id}/unlocking")
    assert team.row(prospect_id, "is_unlocked") is True
    assert team.events(prospect_id) == ["locked", "unlocked"]


def test_filters_show_what_they_say(team: Team, owner: Browser) -> None:
    at = now()
    mine = team.prospect("Mine Hot", owner_id=owner.user_id, score=80, next_follow_up_at=at - timedelta(hours=1))
    team.prospect("Warm One", stage="Proposal", score=79, source="Fair", next_follow_up_at=at + timedelta(days=3))
    team.prospect("Cold One", stage="Won", score=49, company="50% off_Ltd", phone="+13125550177")
    shown = {
        ("owner", "me"): {"Mine Hot"},
        ("owner", "nobody"): {"Warm One", "Cold One"},
        ("owner", str(owner.user_id)): {"Mine Hot"},
        ("temperature", "hot"): {"Mine Hot"},
        ("temperature", "warm"): {"Warm One"},
        ("temperature", "cold"): {"Cold One"},
        ("stage", str(team.stages["Proposal"])): {"Warm One"},
        ("source", "fair"): {"Warm One"},
        ("due", "overdue"): {"Mine Hot"},
        ("due", "week"): {"Mine Hot", "Warm One"},
        ("due", "none"): {"Cold One"},
        ("q", "warm"): {"Warm One"},
        ("q", "50% off_"): {"Cold One"},
        ("q", "5%off"): set(),
        ("q", "555-0177"): {"Cold One"},
        ("q", "zz"): set(),
        ("owner", "nonsense"): {"Mine Hot", "Warm One", "Cold One"},
        ("stage", "nonsense"): {"Mine Hot", "Warm One", "Cold One"},
    }
    for (name, value), wanted in shown.items():
        page = owner.page("/prospects", **{name: value})
        assert {one for one in ("Mine Hot", "Warm One", "Cold One") if one in page} == wanted, (name, value)
    assert mine


@pytest.mark.parametrize("sort", ["score", "next", "active", "newest"])
def test_every_order_pages_through_everybody_once(team: Team, owner: Browser, sort: str) -> None:
    many(team, 120)
    columns = {
        "score": "score DESC, id DESC", "next": "next_follow_up_at ASC NULLS LAST, id",
        "active": "last_activity_at DESC NULLS LAST, id DESC", "newest": "id DESC",
    }  # fmt: skip
    wanted = [name for (name,) in team.sql(f"SELECT name FROM prospects ORDER BY {columns[sort]}")]
    seen: list[str] = []
    path: str | None = f"/prospects?sort={sort}"
    while path:
        page = owner.page(path)
        seen += _names(page)
        path = _next(page)
    assert seen == wanted


def test_a_broken_cursor_starts_anew(team: Team, owner: Browser) -> None:
    team.prospect("Ana Ruiz")
    for after in (
        "x",
        "_",
        "999999999999999999999_x",
        f"nan_{new_id()}",
        f"2026-01-01_{new_id()}",
        f"{'9' * 40}_{new_id()}",
        f"2026-W05-1T00:00:00+00:00_{new_id()}",
        f"0001-01-01T00:00:00+14:00_{new_id()}",
    ):
        for sort in ("score", "next", "active", "newest"):
            assert owner.get("/prospects", after=after, sort=sort).status_code == 200


def test_the_list_costs_the_same_for_hundreds_and_for_ten_thousand(
    team: Team, owner: Browser, statements: list[str]
) -> None:  # fmt: skip
    counts = []
    for people in (200, 10_000):
        many(team, people, owner.user_id)
        for query in ({}, {"q": "Person 0000"}, {"sort": "next"}, {"owner": "me", "temperature": "hot"}):
            statements.clear()
            owner.page("/prospects", **query)
            counts.append(len(statements))
    assert counts[:4] == counts[4:]
    assert max(counts) <= MOST_STATEMENTS


def test_the_fragment_is_the_list_alone(team: Team, owner: Browser) -> None:
    prospect_id = team.prospect("Ana Ruiz")
    fragment = words(owner.get("/prospects", fragment=True))
    assert fragment.lstrip().startswith("<div")
    assert "Ana Ruiz" in fragment
    one = words(owner.get(f"/prospects/{prospect_id}", fragment=True))
    assert "<html" not in one
    assert 'id="prospect-story"' in one


def test_a_viewer_sees_no_button_that_would_refuse(team: Team) -> None:
    viewer, prospect_id = team.browser(Role.VIEWER), team.prospect()
    page = viewer.page("/prospects") + viewer.page(f"/prospects/{prospect_id}") + viewer.page("/prospects/board")
    for button in ("Add a prospect", "Write a note", "Move to…", "Put into the trash", "Give those"):
        assert button not in page


def test_another_teams_prospect_is_not_found(team: Team, owner: Browser, app: Flask, owner_sql: Any) -> None:
    other = Team(app, owner_sql, name="Elsewhere")
    prospect_id = other.prospect("Foreign")
    assert owner.get(f"/prospects/{prospect_id}").status_code == 404
    assert owner.post(f"/prospects/{prospect_id}/removal").status_code == 404
    assert ">Foreign<" not in owner.page("/prospects") + owner.page("/prospects", q="Foreign")
    own = team.prospect()
    assert owner.post(f"/prospects/{own}/stage", stage_id=str(other.stages["Won"])).status_code == 422


def _last_move(team: Team) -> Any:
    return team.value("SELECT id FROM prospect_events WHERE kind = 'stage' ORDER BY id DESC LIMIT 1")


def _names(page: str) -> list[str]:
    return re.findall(r">(Person \d{5})<", page)


def _next(page: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return found[1] if found else None
