"""Two wordings of one type: who gets which, and what a business sees of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask

from nexapp.notifications.registry import TYPES, NoticeType, Wording, register_types
from nexapp.notifications.service import Recipient, notify
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from tests.notifications.channels_world import PAGE
from tests.notifications.channels_world import Team as Business

from .engine_world import Sql, make_team

Acting = Callable[[Actor], AbstractContextManager[None]]
TRIED = NoticeType("engine_test_tried", "Tried", "·", ("gray", "slate"), "normal", "First {name}", "Body {name}",
                   "{count} of them", second=Wording("Second {name}", "Other {name}"))  # fmt: skip


@pytest.fixture(autouse=True)
def types(whole_app: Any) -> Iterator[None]:
    register_types(TRIED)
    yield
    del TYPES[TRIED.name]


def test_half_of_the_people_get_each_and_always_the_same(owner_sql: Sql, acting: Acting) -> None:
    team = make_team(owner_sql, people=40)
    shown = []
    for _ in range(2):
        owner_sql("DELETE FROM notifications")
        with acting(SYSTEM):
            notify(team.people, TRIED.name, values={"name": "Al"}, org_id=team.org_id)
        shown.append(owner_sql("SELECT user_id, wording, title, message FROM notifications ORDER BY user_id"))
    assert shown[0] == shown[1]
    assert {row[1:] for row in shown[0]} == {(1, "First Al", "Body Al"), (2, "Second Al", "Other Al")}


def test_what_has_one_wording_or_stands_for_several_counts_for_none(owner_sql: Sql, acting: Acting) -> None:
    team = make_team(owner_sql)
    with acting(SYSTEM):
        notify(team.people, "mission_alert", values={"title": "M"}, org_id=team.org_id)
        notify([Recipient(team.people[0], {"name": name}) for name in ("Al", "Bo")], TRIED.name, org_id=team.org_id)
    shown = owner_sql("SELECT title, wording FROM notifications WHERE folded_into IS NULL ORDER BY title")
    assert shown == [("2 of them", None), ("🎯 M", None)]


def test_a_second_wording_has_no_places_of_its_own() -> None:
    with pytest.raises(RuntimeError, match="places"):
        register_types(
            NoticeType("engine_test_wrong", "W", "·", ("gray", "slate"), "normal", "{name}", "",
                       second=Wording("{nobody}", ""))
        )  # fmt: skip


@pytest.mark.parametrize(
    ("each", "verdict"),
    [
        ((30, 30, 30, 0), "The first works better: 100% of it were opened, against 0%."),
        ((30, 3, 40, 39), "The second works better: 98% of it were opened, against 10%."),
        ((30, 15, 30, 14), "No clear winner: 50% against 47% opened"),
        ((40, 40, 29, 0), "Too few to tell yet: each wording needs at least 30."),
    ],
)
def test_a_business_sees_both_side_by_side(
    app: Flask, owner_sql: Sql, each: tuple[int, int, int, int], verdict: str
) -> None:
    team = Business(app, owner_sql, zone="UTC")
    ana, ben = team.member(), team.member(Role.STAFF)
    for person, wording, made, opened in ((ana, 1, *each[:2]), (ben, 2, *each[2:])):
        team.notices(person, opened, TRIED.name, wording=wording, opened_at=now())
        team.notices(person, made - opened, TRIED.name, wording=wording)
    page = ana.get(f"{PAGE}/figures/business").text
    assert "Two wordings: Tried" in page
    assert verdict in page
    assert "1. First … · Body …" in page
    assert "Two wordings" not in ana.get(f"{PAGE}/figures").text
