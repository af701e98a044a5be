"""What a person does with their notices, and the count that follows by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexapp.notifications import queries, states
from nexapp.notifications.service import notify
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import SYSTEM, Actor, Role

from .engine_world import Sql, Team, make_team

Acting = Callable[[Actor], AbstractContextManager[None]]
RECOUNT = """
    SELECT count(*) FROM notifications WHERE user_id = %s AND read_at IS NULL AND folded_into IS NULL
        AND archived_at IS NULL AND deleted_at IS NULL AND snoozed_until IS NULL
"""


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    return make_team(owner_sql, people=2)


def as_member(team: Team, n: int = 0) -> Actor:
    return Actor(Role.OWNER if n == 0 else Role.STAFF, team.org_id, team.people[n])


def tell(team: Team, acting: Acting, count: int = 1) -> list[UUID]:
    with acting(SYSTEM):
        return [
            notify(team.people[:1], "mission_alert", values={"title": f"Mission {n}"}, org_id=team.org_id).made[0]
            for n in range(count)
        ]


def counted(team: Team) -> int:
    [(unread,)] = team.sql("SELECT coalesce(sum(unread), 0) FROM unread_counts WHERE user_id = %s", team.people[0])
    assert unread == team.sql(RECOUNT, team.people[0])[0][0]
    return int(unread)


def test_each_verb_returns_the_new_count(team: Team, acting: Acting) -> None:
    one, two, three = tell(team, acting, 3)
    me = team.people[0]
    later = now() + timedelta(hours=3)
    with acting(as_member(team)):
        steps = [
            states.read(me, [one]), states.read(me, [one]), states.unread(me, [one]), states.archive(me, [one]),
            states.unarchive(me, [one]), states.snooze(me, [two], later), states.unsnooze(me, [two]),
            states.delete(me, [three]), states.undelete(me, [three]), states.mark_acted(me, [three]),
            states.read_all(me),
        ]  # fmt: skip
    assert [(step.ids, step.unread) for step in steps[:-1]] == [
        ([one], 2), ([], 2), ([one], 3), ([one], 2), ([one], 3), ([two], 2), ([two], 3), ([three], 2), ([three], 3),
        ([three], 2),
    ]  # fmt: skip
    assert (sorted(steps[-1].ids), steps[-1].unread) == (sorted([one, two]), 0)
    assert counted(team) == 0


def test_reading_all_of_one_type_leaves_the_others(team: Team, acting: Acting) -> None:
    tell(team, acting, 2)
    with acting(as_member(team)):
        notify(team.people[:1], "achievement", values={"title": "7 days"})
        assert states.read_all(team.people[0], "mission_alert").unread == 1
    assert counted(team) == 1


def test_a_colleague_neither_sees_nor_changes_them(team: Team, acting: Acting) -> None:
    [mine] = tell(team, acting)
    colleague = team.people[1]
    for actor in (as_member(team, 1), SYSTEM):
        with acting(actor):
            for verb in (states.read, states.archive, states.delete, states.mark_acted, states.unread):
                assert verb(colleague, [mine]).ids == []
            assert states.snooze(colleague, [mine], now() + timedelta(hours=1)).ids == []
            assert queries.find_own(colleague, mine) is None
            assert list(queries.list_page(colleague)) == []
            assert queries.count_unread(colleague) == 0
    # Even asked for by its owner's id: the database knows who asks.
    with acting(as_member(team, 1)):
        assert states.read(team.people[0], [mine]).ids == []
        assert list(queries.list_page(team.people[0])) == []
        assert queries.count_unread(team.people[0]) == 0
    assert counted(team) == 1


def test_of_a_business_that_somebody_left_nothing_is_seen(team: Team, acting: Acting) -> None:
    [mine] = tell(team, acting)
    me = team.people[0]
    team.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", me)
    for actor in (Actor(Role.NOBODY, None, me), SYSTEM):
        with acting(actor):
            assert queries.count_unread(me) == 0
            assert queries.find_own(me, mine) is None
            assert list(queries.list_page(me)) == []


def test_a_snooze_lies_ahead_and_within_a_year(team: Team, acting: Acting) -> None:
    [mine] = tell(team, acting)
    with acting(as_member(team)):
        for until in (now() - timedelta(seconds=1), now() + timedelta(days=400)):
            with pytest.raises(BadInput):
                states.snooze(team.people[0], [mine], until)


def test_pages_follow_one_another_without_gap_or_copy(team: Team, acting: Acting) -> None:
    made = tell(team, acting, 7)
    me = team.people[0]
    with acting(as_member(team)):
        first = [row.id for row in queries.list_page(me, limit=3)]
        notify([me], "achievement", values={"title": "New"})
        second = [row.id for row in queries.list_page(me, before=first[-1], limit=3)]
        third = [row.id for row in queries.list_page(me, before=second[-1], limit=3)]
    assert [*first, *second, *third] == made[::-1]


def test_the_first_page_is_the_beginning_of_the_list(team: Team, acting: Acting) -> None:
    """A function of the database finds it; further pages are found by the list's own statement."""
    tell(team, acting, 3)
    me = team.people[0]
    with acting(as_member(team)):
        [newest, *_] = first = [row._asdict() for row in queries.list_page(me)]
        behind_all = [row._asdict() for row in queries.list_page(me, before=UUID(int=2**128 - 1))]
        assert first == behind_all
        assert len(behind_all) == 3
        assert set(newest) == {column.key for column in queries.LISTED}
        assert [row._asdict() for row in queries.list_page(me, limit=2)] == behind_all[:2]


def test_tabs_types_and_search(team: Team, acting: Acting) -> None:
    one, two, three, _ = tell(team, acting, 4)
    me = team.people[0]
    with acting(as_member(team)):
        states.read(me, [one])
        states.archive(me, [two])
        states.snooze(me, [three], now() + timedelta(hours=1))
        notify([me], "achievement", values={"title": "100% of it_"})
        pages = {tab: [row.title for row in queries.list_page(me, tab)] for tab in queries.TABS}
        found = [row.title for row in queries.list_page(me, search="100% OF it_")]
        of_type = [row.title for row in queries.list_page(me, type_name="achievement")]
        none = list(queries.list_page(me, search="_of"))
    assert pages == {
        "inbox": ["🏆 100% of it_", "🎯 Mission 3", "🎯 Mission 0"], "unread": ["🏆 100% of it_", "🎯 Mission 3"],
        "snoozed": ["🎯 Mission 2"], "archived": ["🎯 Mission 1"],
    }  # fmt: skip
    assert found == of_type == ["🏆 100% of it_"]
    assert none == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(steps=st.lists(st.tuples(st.sampled_from(
    ["read", "unread", "archive", "unarchive", "snooze", "unsnooze", "delete", "undelete", "acted", "all", "tell"]
), st.integers(0, 3)), max_size=12))  # fmt: skip
def test_the_count_follows_whatever_is_done(team: Team, acting: Acting, steps: list[tuple[str, int]]) -> None:
    me = team.people[0]
    ids = tell(team, acting, 4)
    with acting(as_member(team)):
        for verb, n in steps:
            if verb == "tell":
                notify([me], "hot_lead", values={"name": "Al"}, group_key="g")
            elif verb == "snooze":
                states.snooze(me, [ids[n]], now() + timedelta(hours=1))
            elif verb == "all":
                assert states.read_all(me).unread == 0
            elif verb == "acted":
                states.mark_acted(me, [ids[n]])
            else:
                getattr(states, verb)(me, ids[n:])
    assert counted(team) >= 0
    team.sql("DELETE FROM notifications WHERE user_id = %s", me)
    assert counted(team) == 0


def test_a_person_who_is_deleted_leaves_no_count(team: Team, acting: Acting) -> None:
    tell(team, acting)
    team.sql("DELETE FROM users WHERE id = %s", team.people[0])
    assert team.sql("SELECT user_id FROM unread_counts WHERE user_id = %s", team.people[0]) == []


def test_the_badge_is_one_statement_by_key(team: Team, acting: Acting, statements: list[str]) -> None:
    tell(team, acting, 3)
    with acting(as_member(team)):
        db.session.connection()
        statements.clear()
        assert queries.count_unread(team.people[0]) == 3
    assert len(statements) == 1
    [(look_up,)] = team.sql("SELECT prosrc FROM pg_proc WHERE proname = 'nexapp_count_unread'")
    assert "nexapp_count_unread" in statements[0]
    assert "FROM public.unread_counts" in look_up
    assert "notifications" not in look_up
