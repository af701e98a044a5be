"""The pages of follow-ups: agenda, form, quick panel, snooze, undo; page and fragment, each answer, who sees what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from nexapp.sales.agenda import GROUPS, day_bounds, group_of
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.sales.follow_ups_world import SalesTeam

A_DAY = timedelta(days=1)
CHICAGO = ZoneInfo("America/Chicago")
PAST_THE_SWITCH = datetime(2026, 3, 1, 15, tzinfo=UTC)
"""A Sunday morning in Chicago, a week before its clocks jump."""


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> SalesTeam:
    return SalesTeam(app, owner_sql)


def words(answer: TestResponse) -> str:
    bare = re.sub(r"(?s)<(script|style|template)\b.*?</\1>|<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(bare.split())


def told(answer: TestResponse) -> dict[str, Any]:
    news: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])
    return news


def local_day(days: int) -> str:
    return (now().astimezone(CHICAGO).date() + days * A_DAY).isoformat()


def test_groups_by_the_readers_days() -> None:
    """Overdue is what was due before today; on a Sunday nothing is left of the week."""
    wednesday = day_bounds(datetime(2026, 11, 18).date(), "America/Chicago")
    at = {name: datetime(2026, 11, day, 12, tzinfo=CHICAGO) for name, day in
          {"overdue": 17, "today": 18, "week": 22, "later": 23}.items()}  # fmt: skip
    assert {name: group_of(moment, wednesday) for name, moment in at.items()} == {name: name for name in GROUPS}
    sunday = day_bounds(datetime(2026, 11, 22).date(), "America/Chicago")
    assert group_of(at["week"], sunday) == "today"
    assert group_of(at["later"], sunday) == "later"


def test_the_agenda_in_order_and_in_numbers(team: SalesTeam) -> None:
    rep = team.member()
    for name, at in (("Olive", now() - 3 * A_DAY), ("Noah", now() + timedelta(hours=1)), ("Lena", now() + 30 * A_DAY)):
        team.due(rep, team.prospect(name), at, message=f"Call {name}")
    team.due(team.member(), team.prospect("Foreign"), now())
    browser = team.browser(actor=rep)
    page = browser.get("/follow-ups")
    said = words(page)
    assert said.index("Overdue") < said.index("Olive") < said.index("Noah") < said.index("Lena")
    assert "1 overdue" in said
    assert "Foreign" not in said
    fragment = browser.get("/follow-ups", fragment=True)
    assert fragment.get_data(as_text=True).lstrip().startswith('<div id="agenda"')
    assert "HX-Request" in fragment.headers["Vary"]
    assert "Foreign" in words(browser.get("/follow-ups", of="all"))


def test_the_agenda_page_by_page_in_few_statements(team: SalesTeam, statements: list[str]) -> None:
    rep = team.member()
    browser, asked = team.browser(actor=rep), []
    for many in (1, 44):
        for number in range(many):
            team.due(rep, team.prospect(f"Person {many}-{number:02}"), now() + (1 + number) * timedelta(minutes=1))
        browser.get("/follow-ups")
        before = len(statements)
        page = browser.get("/follow-ups")
        asked.append(len(statements) - before)
    assert asked[0] == asked[1] <= 16
    following = re.search(r'rel="next" href="([^"]+)"', page.get_data(as_text=True))
    assert following
    second = browser.get(following[1].replace("&amp;", "&"))
    names = re.findall(r"Person \d+-\d+", page.get_data(as_text=True) + second.get_data(as_text=True))
    assert len(set(names)) == 45


@pytest.mark.parametrize("after", ["x", "2026-01-01T00:00:00_zz", "_", "2026-01-01T00:00:00_" + str(UUID(int=1))])
def test_a_strange_cursor_starts_anew(team: SalesTeam, after: str) -> None:
    assert team.browser().get("/follow-ups", after=after).status_code == 200


def test_empty_states_say_what_to_do(team: SalesTeam) -> None:
    assert "Open a prospect and plan the next step" in words(team.browser().get("/follow-ups"))
    viewer = words(team.browser(Role.VIEWER).get("/follow-ups"))
    assert "New follow-up" not in viewer
    assert "Nothing done yet" in words(team.browser().get("/follow-ups", view="done"))


def test_one_tap_from_the_prospect(team: SalesTeam) -> None:
    ana = team.prospect()
    browser = team.browser()
    answer = browser.post(f"/prospects/{ana}/follow-ups", fragment=True, when="tomorrow")
    assert answer.status_code == 200
    assert 'id="follow-up-panel"' in answer.get_data(as_text=True)
    row = team.row("follow_ups")
    local = datetime.fromisoformat(row["due_at"]).astimezone(CHICAGO)
    assert (local.date().isoformat(), local.time()) == (local_day(1), time(9))
    assert row["kind"] == "one_time"
    undo = told(answer)["toast"]["undo"]
    assert browser.post(undo).status_code == 303
    assert team.row("follow_ups")["status"] == "cancelled"


def test_a_tap_sent_twice_plans_once(team: SalesTeam) -> None:
    ana, browser = team.prospect(), team.browser()
    page = browser.get(f"/prospects/{ana}/follow-ups", fragment=True).get_data(as_text=True)
    keys = set(re.findall(r'name="key" value="([^"]+)"', page))
    assert len(keys) == 1
    (key,) = keys
    for when in ("tomorrow", "tomorrow", "in_3_days"):
        assert browser.post(f"/prospects/{ana}/follow-ups", when=when, key=key).status_code == 303
    assert len(team.sql("SELECT id FROM follow_ups WHERE prospect_id = %s", ana)) == 2


def test_one_tap_without_scripts(team: SalesTeam) -> None:
    ana = team.prospect()
    answer = team.browser().post(f"/prospects/{ana}/follow-ups", when="next_monday")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/prospects/{ana}")
    assert datetime.fromisoformat(team.row("follow_ups")["due_on"]).weekday() == 0


@pytest.mark.parametrize("fragment", [True, False])
def test_a_time_that_makes_no_sense_is_refused_at_its_field(team: SalesTeam, fragment: bool) -> None:
    ana, browser = team.prospect(), team.browser()
    for fields, sentence in (
        ({"when": "own", "on": local_day(-1), "at": "09:00"}, "is over"),
        ({"when": "own", "on": "", "at": "09:00"}, "Enter the day"),
        ({"when": "never"}, "Choose one of the times."),
    ):
        answer = browser.post(f"/prospects/{ana}/follow-ups", fragment=fragment, **fields)
        assert answer.status_code == 422
        assert sentence in words(answer)
    assert team.rows("follow_ups") == []


def test_times_of_the_clock_change_are_asked_about(team: SalesTeam) -> None:
    ana, rep = team.prospect(), team.member()
    with time_machine.travel(PAST_THE_SWITCH, tick=False):
        browser = team.browser(actor=rep)
        # The database's own clock stays where it is.
        team.sql("UPDATE user_sessions SET expires_at = now() + interval '1 day'")
        gap = browser.post("/follow-ups", prospect_id=str(ana), on="2026-03-08", at="02:30")
        assert gap.status_code == 422
        assert "The next time that does is 3:00 AM" in words(gap)
        twice = {"prospect_id": str(ana), "on": "2026-11-01", "at": "01:30"}
        asked = browser.post("/follow-ups", **twice)
        assert asked.status_code == 422
        assert "1:30 AM CDT, the first" in words(asked)
        assert "1:30 AM CST, the second" in words(asked)
        assert browser.post("/follow-ups", **twice, which="second").status_code == 303
    assert team.row("follow_ups")["due_at"] == "2026-11-01T07:30:00+00:00"


def test_the_form_finds_the_prospect_by_name(team: SalesTeam) -> None:
    ana, browser = team.prospect("Ana Ruiz", company="Harbor"), team.browser()
    due = {"on": local_day(3), "at": "10:00"}
    assert browser.post("/follow-ups", prospect_name="ana ruiz", **due).status_code == 303
    assert team.row("follow_ups")["prospect_id"] == str(ana)
    nobody = browser.post("/follow-ups", prospect_name="Zora", **due)
    assert nobody.status_code == 422
    assert "Nobody is called Zora" in words(nobody)
    second = team.prospect("Ana Ruiz", company="Cedar")
    several = browser.post("/follow-ups", prospect_name="Ana Ruiz", **due)
    assert several.status_code == 422
    assert "Ana Ruiz, Cedar" in words(several)
    browser.post("/follow-ups", prospect_name="Ana Ruiz", same_named=str(second), **due)
    assert len(team.rows("follow_ups", prospect_id=second)) == 1
    names = browser.get("/follow-ups/names", prospect_name="an", fragment=True).get_data(as_text=True)
    assert names.count("Ana Ruiz") == 1


def test_planned_changed_and_shown(team: SalesTeam) -> None:
    ana, rep = team.prospect(), team.member()
    browser = team.browser(actor=rep)
    form = browser.get("/follow-ups/new", prospect=str(ana))
    assert "Ana Ruiz" in words(form)
    answer = browser.post(
        "/follow-ups",
        prospect_id=str(ana),
        message="<b>Ask</b> about it",
        on=local_day(2),
        at="14:30",
        repeats="weekly",
    )
    address = answer.headers["Location"]
    shown = browser.get(address)
    assert "&lt;b&gt;Ask&lt;/b&gt;" in shown.get_data(as_text=True)
    assert "Every week" in words(shown)
    assert browser.get(f"{address}/edit").status_code == 200
    assert browser.post(address, message="Ask again", on=local_day(-2)).status_code == 422
    assert browser.post(address, message="Ask again", on=local_day(4)).status_code == 303
    row = team.row("follow_ups")
    assert (row["message"], row["due_on"], row["due_time"]) == ("Ask again", local_day(4), None)


def test_done_in_the_agenda_with_undo(team: SalesTeam) -> None:
    rep = team.member()
    follow_up, browser = team.due(rep, team.prospect()), team.browser(actor=rep)
    answer = browser.post(f"/follow-ups/{follow_up}/completion", fragment=True)
    news = told(answer)
    assert "follow-ups-changed" in news
    assert (answer.status_code, answer.headers["HX-Reswap"]) == (200, "none")
    assert browser.post(news["toast"]["undo"], fragment=True).status_code == 200
    assert team.row("follow_ups")["status"] == "pending"
    plain = browser.post(f"/follow-ups/{follow_up}/completion", next="/follow-ups?of=all")
    assert (plain.status_code, plain.headers["Location"]) == (303, "/follow-ups?of=all")
    away = browser.post(f"/follow-ups/{follow_up}/completion", next="//evil.example")
    assert away.headers["Location"] == "/follow-ups"
    assert "Ana Ruiz" in words(browser.get("/follow-ups", view="done"))


@pytest.mark.parametrize("tier", ["free", "pro"])
def test_snoozed_from_the_agenda(app: Flask, owner_sql: Any, tier: str) -> None:
    team = SalesTeam(app, owner_sql, tier=tier)
    rep = team.member()
    follow_up, browser = team.due(rep, team.prospect()), team.browser(actor=rep)
    answer = browser.post(f"/follow-ups/{follow_up}/snoozes", fragment=True, until="tomorrow")
    page = words(browser.get("/follow-ups"))
    if tier == "free":
        assert answer.status_code == 403
        assert "Snoozing comes with Pro." in page
        assert team.row("follow_ups")["status"] == "pending"
    else:
        assert answer.status_code == 200
        assert team.row("follow_ups")["status"] == "snoozed"
        assert browser.get(f"/follow-ups/{follow_up}/snoozes/new").status_code == 200
        assert browser.post(f"/follow-ups/{follow_up}/snoozes", on=local_day(-1)).status_code == 422
        assert browser.post(f"/follow-ups/{follow_up}/snoozes", on=local_day(5), at="10:00").status_code == 303
        assert browser.post(f"/follow-ups/{follow_up}/cancellation").status_code == 303


def test_free_teams_are_told_at_the_field_that_repeats_cost(app: Flask, owner_sql: Any) -> None:
    team = SalesTeam(app, owner_sql, tier="free")
    answer = team.browser().post("/follow-ups", on=local_day(2), message="Call", repeats="daily")
    assert answer.status_code == 422
    assert "Repeating comes with Pro" in words(answer)


def test_other_peoples_and_other_teams(app: Flask, owner_sql: Any, team: SalesTeam) -> None:
    rep, other = team.member(), SalesTeam(app, owner_sql)
    stranger = other.member()
    theirs = other.due(stranger, other.prospect("Zora"))
    mine = team.due(rep, team.prospect(owner_id=rep.user_id))
    browser = team.browser(actor=rep)
    for path in ("", "/edit", "/snoozes/new"):
        assert browser.get(f"/follow-ups/{theirs}{path}").status_code == 404
    for path in ("", "/completion", "/cancellation", "/snoozes", "/sends", "/reply"):
        assert browser.post(f"/follow-ups/{theirs}{path}", until="hour", on=local_day(2), body="x").status_code == 404
    assert browser.post(f"/prospects/{new_id()}/follow-ups", when="tomorrow").status_code == 404
    colleague = team.browser()
    assert colleague.get(f"/follow-ups/{mine}").status_code == 200
    assert colleague.post(f"/follow-ups/{mine}/completion").status_code == 403
    viewer = team.browser(Role.VIEWER)
    assert viewer.get("/follow-ups", of="all").status_code == 200
    assert "Zora" not in words(viewer.get("/follow-ups", of="all"))
    assert viewer.post(f"/follow-ups/{mine}/completion").status_code == 403
    assert viewer.post("/follow-ups", on=local_day(1)).status_code == 403


def test_businesses_with_slots_have_no_follow_ups(team: SalesTeam) -> None:
    browser = team.browser(Role.OWNER)
    team.sql("UPDATE organizations SET kind = 'business' WHERE id = %s", team.org_id)
    for path in ("/follow-ups", "/sequences", "/follow-ups/new"):
        assert browser.get(path).status_code == 404


def test_a_suggestion_for_elite_in_one_tap(app: Flask, owner_sql: Any, team: SalesTeam) -> None:
    ana = team.prospect(score=86, phone="+13125550142")
    browser = team.browser()
    panel = words(browser.get(f"/prospects/{ana}/follow-ups", fragment=True))
    assert "Call Ana Ruiz" in panel
    assert "Hot at 86: the day after the last contact." in panel
    assert browser.post(f"/prospects/{ana}/follow-ups", when="suggested").status_code == 303
    assert team.row("follow_ups")["message"] == "Call Ana Ruiz"
    poorer = SalesTeam(app, owner_sql, tier="pro")
    ben = poorer.prospect()
    assert "Hot at" not in words(poorer.browser().get(f"/prospects/{ben}/follow-ups"))
    assert poorer.browser().post(f"/prospects/{ben}/follow-ups", when="suggested").status_code == 403
