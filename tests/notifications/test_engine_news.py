"""What an open page is told of by itself: new notices, those that took in others, and what was put off."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nexapp.notifications import jobs, states
from nexapp.notifications.news import News, list_news
from nexapp.notifications.registry import NoticeType, register_types
from nexapp.notifications.service import notify
from nexapp.spine.clock import now
from nexapp.spine.realtime import CHANNEL
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from tests.live import Heard

from .engine_world import Sql, Team, make_team

Acting = Callable[[Actor], AbstractContextManager[None]]
LOCKED = NoticeType("news_test_locked", "Security", "🔒", ("gray", "slate"), "normal", "Signed in", "",
                    locked=True, kinds=("test",))  # fmt: skip
register_types(LOCKED)
LONG_AGO = timedelta(minutes=50)


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    return make_team(owner_sql, people=2, zone="Asia/Kolkata")


def tell(team: Team, acting: Acting, name: str = "Ada", type_name: str = "hot_lead", **more: Any) -> UUID:
    with acting(SYSTEM):
        return notify(
            team.people[:1], type_name, values={"name": name, "title": name}, org_id=team.org_id, **more
        ).made[0]


def told(team: Team, acting: Acting, since: datetime) -> list[News]:
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        return list_news(team.people[0], since)


def words(news: list[News]) -> list[tuple[str, int]]:
    return [(each.line.title, each.line.parts) for each in news]


def test_the_third_and_later_parts_are_news_again(team: Team, acting: Acting) -> None:
    tell(team, acting, "Ada")
    tell(team, acting, "Ben")
    [two] = told(team, acting, now() - timedelta(seconds=30))
    before = now()
    assert told(team, acting, before) == []
    tell(team, acting, "Cleo")
    [three] = told(team, acting, before)
    assert words([two, three]) == [("2 hot leads", 2), ("3 hot leads", 3)]
    assert three.line.message == "Cleo just became a hot lead."
    # It takes the place of the one before, and is as new as its last part.
    assert (three.line.id, three.fold) == (two.line.id, two.fold)
    assert three.at >= before > two.at


def test_the_first_is_replaced_by_what_stands_for_it(team: Team, acting: Acting) -> None:
    tell(team, acting, "Ada")
    [one] = told(team, acting, now() - timedelta(seconds=30))
    tell(team, acting, "Ben")
    [two] = told(team, acting, now() - timedelta(seconds=30))
    assert one.fold == two.fold != ""
    tell(team, acting, "Other", group_key="other")
    tell(team, acting, "Goal", "mission_alert")
    *_, other, alone = told(team, acting, now() - timedelta(seconds=30))
    assert len({one.fold, other.fold, alone.fold, ""}) == 3, "what never folds replaces nothing"


@pytest.mark.parametrize("verb", ["read", "archive", "delete", "snooze"])
def test_what_was_dealt_with_is_no_news(team: Team, acting: Acting, verb: str) -> None:
    ids = [tell(team, acting, "Goal", "mission_alert")]
    more = [now() + timedelta(hours=1)] if verb == "snooze" else []
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        getattr(states, verb)(team.people[0], ids, *more)
    assert told(team, acting, now() - timedelta(seconds=30)) == []


def test_nobody_hears_of_a_colleagues_folds(team: Team, acting: Acting) -> None:
    start = now() - timedelta(seconds=30)
    for name in ("Ada", "Ben", "Cleo"):
        tell(team, acting, name)
    with acting(Actor(Role.STAFF, team.org_id, team.people[1])):
        assert list_news(team.people[1], start) == []
        assert list_news(team.people[0], start) == []


def test_a_pause_keeps_all_but_the_accounts_own_from_the_page(team: Team, acting: Acting) -> None:
    team.set(paused_until=now() + timedelta(hours=1))
    tell(team, acting)
    tell(team, acting, type_name=LOCKED.name)
    assert words(told(team, acting, now() - timedelta(seconds=30))) == [("Signed in", 1)]


@pytest.mark.parametrize(
    ("type_name", "tier", "urgent_passes", "is_hushed"),
    [("hot_lead", "elite", False, True), ("hot_lead", "elite", True, False), ("hot_lead", "pro", True, True),
     ("mission_alert", "elite", True, True), (LOCKED.name, "elite", False, False)],
)  # fmt: skip
def test_quiet_hours_hush_what_shows_beside_the_page(
    team: Team, acting: Acting, type_name: str, tier: str, urgent_passes: bool, is_hushed: bool
) -> None:
    here = now().astimezone(ZoneInfo("Asia/Kolkata"))
    starts, ends = ((here + timedelta(hours=by)).time().replace(tzinfo=None) for by in (-2, 2))
    team.sql("UPDATE organizations SET tier = %s", tier)
    team.set(quiet_enabled=True, quiet_starts=starts, quiet_ends=ends, urgent_passes=urgent_passes)
    tell(team, acting, type_name=type_name)
    [news] = told(team, acting, now() - timedelta(seconds=30))
    assert news.is_hushed is is_hushed
    team.set(quiet_starts=ends, quiet_ends=starts)
    [news] = told(team, acting, now() - timedelta(seconds=30))
    assert not news.is_hushed
    team.set(quiet_enabled=False, quiet_starts=time(0), quiet_ends=time(23, 59))
    [news] = told(team, acting, now() - timedelta(seconds=30))
    assert not news.is_hushed


@pytest.mark.parametrize("is_paused", [False, True])
def test_what_was_put_off_is_said_when_it_comes_back(team: Team, acting: Acting, app: Flask, is_paused: bool) -> None:
    mine = tell(team, acting, "Goal", "mission_alert")
    team.set(paused_until=now() + timedelta(hours=1) if is_paused else None)
    team.sql("UPDATE notifications SET snoozed_until = now() WHERE id = %s", mine)
    heard = Heard(app.extensions["redis"], CHANNEL)
    with acting(SYSTEM):
        jobs.unsnooze_notices()
    topic = f"user:{team.people[0]}"
    assert (topic, "notices-changed") in heard
    assert ((topic, "notice-back") in heard) is not is_paused
    heard.close()


def test_the_page_gets_it_with_its_number(team: Team, acting: Acting, app: Flask, statements: list[str]) -> None:
    team.set(daily_cap=200)
    for _ in range(3):
        tell(team, acting)
    statements.clear()
    told(team, acting, now() - LONG_AGO)
    few = len(statements)
    for number in range(40):
        tell(team, acting, f"Goal {number}", "achievement")
    statements.clear()
    assert len(told(team, acting, now() - LONG_AGO)) == 20
    assert len(statements) == few
