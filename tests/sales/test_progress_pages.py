"""The pages of scores, progress, scans, drafts and decks: who may, what they show, what they refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask

from nexapp.sales.activities import record_activity
from nexapp.spine.clock import now
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.tenancy import Role
from tests.sales.progress_world import Team

Acting = Callable[..., Any]
WEIGHTS = {
    "recency": "10", "replies": "10", "meetings": "10", "fit": "60", "value": "10", "full_value": "5,000.00",
    "fit_words": "owner, Chief Buyer",
}  # fmt: skip
SIGNATURE = "Maria Garcia\nHead of Operations | Acme Inc.\nmaria@acme.com\n+1 312 555 0142"


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> Team:
    return Team(app, owner_sql)


def words(answer: Any) -> str:
    return unescape(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/progress", Role.VIEWER), ("/progress/coins", Role.VIEWER), ("/settings/scores", Role.VIEWER),
        ("/prospects/{id}/score", Role.VIEWER), ("/prospects/{id}/decks", Role.VIEWER), ("/prospects/scan", Role.STAFF),
        ("/prospects/{id}/scan", Role.STAFF), ("/prospects/{id}/draft", Role.STAFF),
    ],
)  # fmt: skip
def test_who_may_open_what(team: Team, path: str, least: Role) -> None:
    path = path.format(id=team.prospect())
    assert team.browser(least).get(path).status_code == 200
    if least is not Role.VIEWER:
        assert team.browser(Role.VIEWER).get(path).status_code == 403


def test_a_business_without_a_sales_team_has_none_of_it(team: Team) -> None:
    owner = team.browser(Role.OWNER)
    team.sql("UPDATE organizations SET kind = 'business' WHERE id = %s", team.org_id)
    for path in ("/progress", "/settings/scores", "/prospects/scan"):
        assert owner.get(path).status_code == 404


def test_the_progress_page_begins_empty_and_fills(team: Team, acting: Acting) -> None:
    me = team.browser()
    page = words(me.get("/progress"))
    assert "Complete a mission to earn your first coins." in page
    for _ in range(3):
        with acting(me.actor):
            record_activity(me.actor.user_id, "follow_up_sent")
    page = words(me.get("/progress"))
    assert "+15 coins" in page
    assert "today counts" in page
    assert "Send 3 follow-ups today" in page
    fragment = words(me.get("/progress", fragment=True))
    assert "<html" not in fragment
    assert 'id="progress"' in fragment


def test_progress_is_ones_own(team: Team, acting: Acting) -> None:
    me, colleague = team.browser(), team.browser()
    with acting(colleague.actor):
        record_activity(colleague.actor.user_id, "ai_message")
    assert "Complete a mission" in words(me.get("/progress"))
    assert "Draft a message today" in words(colleague.get("/progress/coins"))
    assert "Draft a message today" not in words(me.get("/progress/coins"))


def test_the_page_takes_as_few_statements_for_much_as_for_little(
    team: Team, acting: Acting, statements: list[str]
) -> None:
    me, counts = team.browser(), []
    with acting(me.actor):
        record_activity(me.actor.user_id, "scan")
    for days in (1, 60):
        for back in range(1, days):
            team.insert(
                "active_days", org_id=team.org_id, user_id=me.actor.user_id, actions=back % 12 + 1,
                on_date=now().date() - timedelta(days=back),
            )  # fmt: skip
            team.activity(me.actor.user_id, "call", now() - timedelta(days=back))
        me.get("/progress")
        statements.clear()
        me.get("/progress")
        counts.append(len([one for one in statements if "set_config" not in one and "nexapp_session" not in one]))
    assert counts[0] == counts[1] <= 24


def earn(team: Team, user_id: Any, amount: int) -> None:
    team.insert("coin_balances", org_id=team.org_id, user_id=user_id, balance=amount)


def test_a_freeze_is_bought_with_coins(team: Team) -> None:
    me = team.browser()
    earn(team, me.actor.user_id, 120)
    assert "disabled" not in words(me.get("/progress")).partition("One more freeze")[0].rpartition("<form")[2]
    assert me.post("/progress/freezes").status_code == 303
    assert "one more freeze this month, and 20 coins left" in words(me.get("/progress"))
    assert team.row("coin_balances")["balance"] == 20
    assert me.post("/progress/freezes").status_code == 303
    assert "you don't have as many" in words(me.get("/progress"))
    assert team.row("coin_balances")["balance"] == 20
    assert [row["amount"] for row in team.rows("coin_entries")] == [-100]


def test_a_form_sent_twice_buys_one_freeze(team: Team) -> None:
    me = team.browser()
    earn(team, me.actor.user_id, 250)
    found = re.search(r'name="key" value="([^"]+)"', words(me.get("/progress")))
    assert found
    for _turn in range(2):
        assert me.post("/progress/freezes", key=found[1]).status_code == 303
    assert team.row("coin_balances")["balance"] == 150


def test_a_bought_freeze_bridges_a_third_day(team: Team, acting: Acting) -> None:
    me = team.browser()
    first = now().replace(day=3, hour=12) - timedelta(days=40)
    first = first.replace(day=3)
    for days in (0, 4):
        with acting(me.actor):
            record_activity(me.actor.user_id, "scan", at=first + timedelta(days=days))
    assert team.row("streaks")["current_days"] == 1
    team.insert(
        "coin_entries", id="01a00000-0000-7000-8000-000000000001", org_id=team.org_id, user_id=me.actor.user_id,
        amount=-100, balance=0, reason="freeze", entry_key="freeze:1", on_date=first.date(),
    )  # fmt: skip
    with acting(me.actor):
        record_activity(me.actor.user_id, "scan", at=first + timedelta(days=5))
    assert team.row("streaks")["current_days"] == 3


def test_the_ledger_goes_on(team: Team) -> None:
    me = team.browser()
    for number in range(70):
        team.insert(
            "coin_entries", id=f"01a00000-0000-7000-8000-{number:012d}", org_id=team.org_id, user_id=me.actor.user_id,
            amount=1, balance=number + 1, reason="test", entry_key=f"test:{number}", on_date=now().date(),
        )  # fmt: skip
    first = words(me.get("/progress/coins"))
    assert "(70 left)" in first
    assert "(21 left)" in first
    assert "(20 left)" not in first
    rest = words(me.get("/progress/coins", before="01a00000-0000-7000-8000-000000000020"))
    assert "(20 left)" in rest
    assert "Earlier lines" not in rest
    assert me.get("/progress/coins", before="nonsense").status_code == 200


def test_why_this_score(team: Team, acting: Acting) -> None:
    me, prospect = team.browser(), team.prospect(company="Acme", value_cents=500_000)
    assert "Not scored yet" in words(me.get(f"/prospects/{prospect}/score"))
    with acting(me.actor):
        record_activity(me.actor.user_id, "reply", prospect)
    page = words(me.get(f"/prospects/{prospect}/score"))
    for expected in ("30 of 30", "8 of 25", "0 of 20", "5 of 10", "1 reply within 60 days", "Not known: role, e-mail"):
        assert expected in page
    assert "0 → " in page
    assert "Last contact +30" in page
    fragment = words(me.get(f"/prospects/{prospect}/score", fragment=True))
    assert 'id="score"' in fragment
    assert "<html" not in fragment


def test_the_prospects_page_shows_score_and_ways(team: Team) -> None:
    prospect = team.prospect()
    page = words(team.browser().get(f"/prospects/{prospect}"))
    for path in ("score", "draft", "decks", "scan"):
        assert f"/prospects/{prospect}/{path}" in page


def run_slow(app: Flask) -> None:
    with app.app_context():
        drain_ledger("slow", lambda: False)


def test_the_owner_changes_the_weights_and_everybody_is_scored_again(team: Team, acting: Acting) -> None:
    owner, prospect = team.browser(Role.OWNER), team.prospect(role="Chief Buyer", company="Acme")
    with acting(owner.actor):
        record_activity(owner.actor.user_id, "call", prospect)
    before = team.row("prospects", id=prospect)["score"]
    shown = words(owner.post("/settings/scores", **WEIGHTS, then="preview"))
    assert "1 prospect would get another score." in shown
    assert team.rows("score_weights") == []
    assert owner.post("/settings/scores", **WEIGHTS, then="save").status_code == 303
    run_slow(team.app)
    row = team.row("prospects", id=prospect)
    assert row["score_parts"]["fit"] == 39
    assert row["score"] != before
    assert team.row("score_weights")["fit_words"] == ["owner", "chief buyer"]
    assert {change["cause"] for change in team.rows("score_changes")} == {"call", "weights"}
    assert 'value="60"' in words(owner.get("/settings/scores"))
    run_slow(team.app)
    assert len(team.rows("score_changes")) == 2


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"fit": "61"}, "Together the weights make 100; these make 101."),
        ({"fit": "-1"}, "Type a whole number from 0 to 100."),
        ({"fit": "many"}, "Type a whole number from 0 to 100."),
        ({"full_value": "0"}, "Type an amount above 0."),
        ({"fit_words": "own(er"}, "letters, digits, spaces and hyphens only"),
        ({"fit_words": "٣"}, "letters, digits, spaces and hyphens only"),
        ({"fit_words": ",".join(f"w{n}" for n in range(50))}, "At most 40 words."),
    ],
)
def test_weights_that_can_not_be(team: Team, changed: dict[str, str], sentence: str) -> None:
    owner = team.browser(Role.OWNER)
    for then in ("preview", "save"):
        answer = owner.post("/settings/scores", **{**WEIGHTS, **changed}, then=then)
        assert answer.status_code == 422
        assert sentence in words(answer)
    assert team.rows("score_weights") == []


def test_only_the_owner_changes_weights(team: Team) -> None:
    manager = team.browser(Role.ADMIN)
    assert manager.post("/settings/scores", **WEIGHTS).status_code == 403
    assert "The owner of the organisation changes these." in words(manager.get("/settings/scores"))


def test_a_scan_shows_what_was_found_before_it_saves(team: Team) -> None:
    me = team.browser()
    page = words(me.post("/prospects/scan", text=SIGNATURE))
    assert team.rows("prospects") == []
    for expected in (
        "5 details were found",
        'value="Maria Garcia"',
        'value="Acme Inc."',
        "maria@acme.com",
        "by its form",
    ):
        assert expected in page
    fields = {"name": "Maria Garcia", "company": "Acme Inc.", "role": "Head", "email": "maria@acme.com"}
    answer = me.post("/prospects/scan/prospects", **fields)
    assert answer.status_code == 303
    saved = team.row("prospects")
    assert (saved["name"], saved["owner_id"]) == ("Maria Garcia", str(me.actor.user_id))
    assert {row["kind"] for row in team.rows("activities")} == {"scan", "pipeline_add"}
    assert saved["score_parts"]["fit"] > 0


def test_a_scan_fills_gaps_and_tells_the_owner(team: Team) -> None:
    colleague, manager = team.member(), team.browser(Role.MANAGER)
    prospect = team.prospect("Mary G.", owner_id=colleague.user_id)
    page = words(manager.post(f"/prospects/{prospect}/scan", text=SIGNATURE))
    assert 'value="Mary G."' in page, "what stood there stays"
    assert "maria@acme.com" in page
    fields = {"name": "Mary G.", "email": "maria@acme.com"}
    assert manager.post(f"/prospects/{prospect}/scan/details", **fields).status_code == 303
    assert team.row("prospects", id=prospect)["email"] == "maria@acme.com"
    (told,) = team.rows("notifications", type="scan_complete")
    assert told["message"] == "1 detail of Mary G. is new."
    assert told["user_id"] == str(colleague.user_id)


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_001])
def test_a_scan_of_nothing_or_too_much(team: Team, text: str) -> None:
    assert team.browser().post("/prospects/scan", text=text).status_code == 422


def test_a_scan_that_finds_nothing_says_so(team: Team) -> None:
    page = words(team.browser().post("/prospects/scan", text="lorem ipsum dolor"))
    assert "Nothing was found" in page


def test_somebody_elses_prospect_is_not_filled(team: Team) -> None:
    prospect = team.prospect("Ana", owner_id=team.member().user_id)
    answer = team.browser().post(f"/prospects/{prospect}/scan/details", name="Eve")
    assert answer.status_code == 403
    assert team.row("prospects", id=prospect)["name"] == "Ana"


@pytest.mark.parametrize("tone", ["friendly", "formal", "short"])
def test_a_draft_is_shown_with_ways_to_send_it(team: Team, tone: str) -> None:
    me, prospect = team.browser(), team.prospect("Ana Ruiz", email="ana@acme.example", phone="+13125550142")
    page = words(me.post(f"/prospects/{prospect}/drafts", tone=tone))
    assert "Ana" in page
    assert "Send as an e-mail" in page
    assert "Send as a text" in page
    me.post(f"/prospects/{prospect}/drafts", tone=tone)
    assert len(team.rows("activities", kind="ai_message")) == 1, "it counts once a day"


def test_a_draft_leaves_as_it_was_edited(team: Team) -> None:
    me, prospect = team.browser(), team.prospect("Ana Ruiz", email="ana@acme.example", phone="+15552000142")
    path = f"/prospects/{prospect}/drafts/sending"
    assert me.post(path, how="email", subject="Hello", body="Our own words").status_code == 303
    assert me.post(path, how="text", subject="", body="Shorter words").status_code == 303
    sent = {row["channel"]: row for row in team.rows("messages", purpose="draft")}
    assert (sent["email"]["to_email"], sent["email"]["subject"], sent["email"]["body"]) == (
        "ana@acme.example", "Hello", "Our own words",
    )  # fmt: skip
    assert (sent["sms"]["to_phone"], sent["sms"]["subject_id"]) == ("+15552000142", str(prospect))
    assert "Summit Sales: Shorter words" in sent["sms"]["body"]
    assert {row["kind"] for row in team.rows("activities")} == {"email", "text"}
    assert team.row("prospects", id=prospect)["last_activity_at"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"how": "email", "subject": "", "body": "x"}, 422), ({"how": "email", "subject": "x", "body": " "}, 422),
        ({"how": "pigeon", "subject": "x", "body": "x"}, 422), ({"how": "text", "body": "x"}, 409),
    ],
)  # fmt: skip
def test_a_draft_that_can_not_leave(team: Team, fields: dict[str, str], status: int) -> None:
    me, prospect = team.browser(), team.prospect(email="ana@acme.example")
    assert me.post(f"/prospects/{prospect}/drafts/sending", **fields).status_code == status
    assert team.rows("messages") == []
    assert team.rows("activities") == []


def test_a_draft_sent_twice_leaves_once(team: Team) -> None:
    me, prospect = team.browser(), team.prospect("Ana Ruiz", email="ana@acme.example")
    page = words(me.post(f"/prospects/{prospect}/drafts", tone="short"))
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    for _turn in range(2):
        answer = me.post(f"/prospects/{prospect}/drafts/sending", how="email", subject="Hi", body="Hello", key=found[1])
        assert answer.status_code == 303
    assert len(team.rows("messages", purpose="draft")) == 1
    story = words(me.get(f"/prospects/{prospect}"))
    assert story.count('<span class="fw-medium">E-mail</span>') == 1, "told once, with what it said"


def test_who_opted_out_gets_no_text(team: Team) -> None:
    me, prospect = team.browser(), team.prospect(phone="+15552000142")
    team.sql("INSERT INTO consumers (id, phone, time_zone, region, opted_out_at) VALUES"
             " (gen_random_uuid(), '+15552000142', 'America/New_York', 'US-NY', now())")  # fmt: skip
    page = words(me.post(f"/prospects/{prospect}/drafts", tone="short"))
    assert "They opted out of texts." in page
    assert "Send as a text" not in page
    assert me.post(f"/prospects/{prospect}/drafts/sending", how="text", body="x").status_code == 409
    assert team.rows("messages") == []


def test_a_tone_that_is_none(team: Team) -> None:
    prospect = team.prospect()
    assert team.browser().post(f"/prospects/{prospect}/drafts", tone="rude").status_code == 422
    assert team.rows("activities") == []


def test_a_deck_is_made_changed_and_deleted(team: Team) -> None:
    me, prospect = team.browser(), team.prospect("Ana Ruiz", company="Acme", value_cents=1_200_000)
    answer = me.post(f"/prospects/{prospect}/decks")
    path = answer.headers["Location"]
    page = words(me.get(path))
    assert "A proposal for Acme" in page
    assert "12,000" in page
    assert len(team.rows("activities", kind="pitch_deck")) == 1
    assert me.post(path, slides="# Ours <b>\nOne\n- Two\n# Last").status_code == 303
    assert team.row("pitch_decks")["slides"] == [
        {"title": "Ours <b>", "lines": ["One", "Two"]},
        {"title": "Last", "lines": []},
    ]
    assert "Ours &lt;b&gt;" in me.get(path).get_data(as_text=True)
    assert path in words(me.get(f"/prospects/{prospect}/decks"))
    assert me.post(f"{path}/removal").status_code == 303
    assert me.get(path).status_code == 404


def test_a_tap_that_is_sent_twice_makes_one_deck_and_one_prospect(team: Team) -> None:
    me, prospect = team.browser(), team.prospect()
    [key] = re.findall(r'name="key" value="([^"]+)"', me.get(f"/prospects/{prospect}/decks").text)
    made = {me.post(f"/prospects/{prospect}/decks", key=key).headers["Location"] for _tap in range(2)}
    assert len(made) == 1
    assert len(team.rows("activities", kind="pitch_deck")) == 1
    found = me.post("/prospects/scan", text="Ana Ruiz\nHarbor Foods\nana@example.com")
    [key] = re.findall(r'name="key" value="([^"]+)"', found.text)
    for _tap in range(2):
        assert me.post("/prospects/scan/prospects", name="Ana Ruiz", key=key).status_code == 303
    assert len(team.rows("prospects", name="Ana Ruiz")) == 2, "the first one was there before"
    assert len(team.rows("activities", kind="scan")) == 1
    assert len(team.rows("activities", kind="pipeline_add")) == 1


def test_a_deck_says_which_letters_its_file_has_none_for(team: Team) -> None:
    me, prospect = team.browser(), team.prospect()
    path = me.post(f"/prospects/{prospect}/decks").headers["Location"]
    me.post(path, slides="# Łódź\nЖЯ")
    assert "The PDF has no letter" not in words(me.get(path))
    me.post(path, slides="# 李雷\nЖЯ, 李")
    assert "The PDF has no letters for 李雷. It shows □ instead." in words(me.get(path))
    assert me.get(f"{path}/file").data.startswith(b"%PDF")


@pytest.mark.parametrize(
    "slides", ["", "no title", "# ", "# a\n" + "x\n" * 13, "# a\n" * 21, "# a\n" + "x" * 301, "# " + "x" * 301]
)
def test_slides_that_can_not_be(team: Team, slides: str) -> None:
    me, prospect = team.browser(), team.prospect()
    path = me.post(f"/prospects/{prospect}/decks").headers["Location"]
    kept = team.row("pitch_decks")["slides"]
    assert me.post(path, slides=slides).status_code == 422
    assert team.row("pitch_decks")["slides"] == kept


def test_what_stands_in_a_deck_is_kept_as_written(team: Team) -> None:
    me, prospect = team.browser(), team.prospect()
    path = me.post(f"/prospects/{prospect}/decks").headers["Location"]
    me.post(path, slides="# Costs\n-20 % in a year\n- *all* of it")
    assert team.row("pitch_decks")["slides"] == [{"title": "Costs", "lines": ["-20 % in a year", "*all* of it"]}]


def test_a_deck_belongs_to_its_prospect(team: Team) -> None:
    """Whoever may change the prospect changes its decks; the others read them."""
    me, colleague = team.browser(), team.browser()
    prospect = team.prospect(owner_id=me.actor.user_id)
    path = me.post(f"/prospects/{prospect}/decks").headers["Location"]
    assert colleague.get(path).status_code == 200
    assert "Change the slides" not in words(colleague.get(path))
    assert "Make a pitch deck" not in words(colleague.get(f"/prospects/{prospect}/decks"))
    for refused in (path, f"{path}/removal", f"/prospects/{prospect}/decks", f"/prospects/{prospect}/drafts"):
        assert colleague.post(refused, slides="# Theirs", tone="short").status_code == 403, refused
    assert team.browser(Role.MANAGER).post(path, slides="# Theirs").status_code == 303


def test_a_deck_comes_as_a_file(team: Team) -> None:
    me, prospect = team.browser(), team.prospect("Ана 李雷 😀", company='../"evil"\r\nX: y')
    path = me.post(f"/prospects/{prospect}/decks").headers["Location"]
    answer = me.get(f"{path}/file")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a-proposal-for-evil-x-y.pdf"'


def test_two_teams_are_apart(team: Team, owner_sql: Any) -> None:
    other = Team(team.app, owner_sql)
    prospect = other.prospect()
    path = other.browser().post(f"/prospects/{prospect}/decks").headers["Location"]
    me = team.browser(Role.OWNER)
    for foreign in (path, f"{path}/file", f"/prospects/{prospect}/score", f"/prospects/{prospect}/decks"):
        assert me.get(foreign).status_code == 404, foreign
    for foreign in (path, f"{path}/removal", f"/prospects/{prospect}/decks", f"/prospects/{prospect}/drafts"):
        assert me.post(foreign, slides="# x", tone="short").status_code == 404, foreign
    assert len(other.rows("pitch_decks")) == 1
