"""Similar items within ten minutes become one that opens to its parts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from nexapp.notifications import jobs, queries, states
from nexapp.notifications.service import Recipient, notify
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM, Actor, Role

from .engine_world import Sql, Team, make_team

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    return make_team(owner_sql, people=2)


def tell(team: Team, acting: Acting, *names: str, type_name: str = "hot_lead", **more: Any) -> list[UUID]:
    with acting(SYSTEM):
        asked = [Recipient(team.people[0], {"name": name}) for name in names]
        return notify(asked, type_name, org_id=team.org_id, **more).made


def inbox(team: Team, acting: Acting) -> list[tuple[str, int]]:
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        return [(row.title, row.parts) for row in queries.list_page(team.people[0])]


def unread(team: Team, acting: Acting) -> int:
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        return queries.count_unread(team.people[0])


def test_the_second_and_the_third_fold(team: Team, acting: Acting) -> None:
    parts = tell(team, acting, "Ada")
    assert inbox(team, acting) == [("🔥 New Hot Lead", 1)]
    parts += tell(team, acting, "Ben")
    assert inbox(team, acting) == [("🔥 2 hot leads", 2)]
    parts += tell(team, acting, "Cleo")
    assert inbox(team, acting) == [("🔥 3 hot leads", 3)]
    assert unread(team, acting) == 1
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        [head] = queries.list_page(team.people[0])
        inside = queries.list_parts(team.people[0], head.id)
    assert [row.id for row in inside] == parts[::-1]
    assert head.message == "Cleo just became a hot lead."


def test_several_of_one_call_fold_at_once(team: Team, acting: Acting) -> None:
    tell(team, acting, "Ada", "Ben", "Cleo")
    assert inbox(team, acting) == [("🔥 3 hot leads", 3)]
    assert team.messages() == [("email", "🔥 3 hot leads")]
    tell(team, acting, "Dan", "Eve")
    assert inbox(team, acting) == [("🔥 5 hot leads", 5)]
    assert unread(team, acting) == 1


def test_a_letter_that_has_not_left_speaks_of_all(team: Team, acting: Acting) -> None:
    tell(team, acting, "Ada")
    tell(team, acting, "Ben")
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        [head] = queries.list_page(team.people[0])
    assert team.messages(columns="subject, body, notification_id, subject_id") == [
        ("🔥 2 hot leads", "Ben just became a hot lead.", head.id, head.id)
    ]
    team.sql("UPDATE messages SET status = 'sent'")
    [cleo] = tell(team, acting, "Cleo")
    assert team.messages(columns="subject, notification_id") == [("🔥 2 hot leads", head.id), ("🔥 New Hot Lead", cleo)]


def test_after_ten_minutes_a_new_one_begins(team: Team, acting: Acting) -> None:
    tell(team, acting, "Ada")
    team.sql("UPDATE notifications SET created_at = created_at - interval '10 minutes'")
    tell(team, acting, "Ben")
    assert inbox(team, acting) == [("🔥 New Hot Lead", 1)] * 2


@pytest.mark.parametrize("verb", ["read", "archive", "delete", "snooze"])
def test_what_was_dealt_with_takes_in_nothing(team: Team, acting: Acting, verb: str) -> None:
    ids = tell(team, acting, "Ada")
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        more = [now() + timedelta(hours=1)] if verb == "snooze" else []
        getattr(states, verb)(team.people[0], ids, *more)
    tell(team, acting, "Ben")
    assert unread(team, acting) == 1
    assert inbox(team, acting)[0] == ("🔥 New Hot Lead", 1)


def test_a_fold_that_was_read_takes_in_nothing(team: Team, acting: Acting) -> None:
    tell(team, acting, "Ada", "Ben")
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        states.read_all(team.people[0])
    tell(team, acting, "Cleo")
    assert inbox(team, acting) == [("🔥 New Hot Lead", 1), ("🔥 2 hot leads", 2)]


def test_only_the_same_group_folds(team: Team, acting: Acting, owner_sql: Sql) -> None:
    tell(team, acting, "Ada", group_key="a")
    tell(team, acting, "Ben", group_key="b")
    with acting(SYSTEM):
        notify(team.people[1:], "hot_lead", values={"name": "Cleo"}, group_key="a", org_id=team.org_id)
    assert inbox(team, acting) == [("🔥 New Hot Lead", 1)] * 2
    tell(team, acting, "Dan", group_key="a")
    assert sorted(inbox(team, acting)) == [("🔥 2 hot leads", 2), ("🔥 New Hot Lead", 1)]
    assert team.titles(team.people[1]) == ["🔥 New Hot Lead"]


def test_two_businesses_of_a_person_do_not_fold(team: Team, acting: Acting, owner_sql: Sql) -> None:
    other = make_team(owner_sql)
    owner_sql("UPDATE memberships SET user_id = %s WHERE org_id = %s", team.people[0], other.org_id)
    tell(team, acting, "Ada")
    with acting(SYSTEM):
        notify(team.people[:1], "hot_lead", values={"name": "Ben"}, org_id=other.org_id)
    assert inbox(team, acting) == [("🔥 New Hot Lead", 1)] * 2


def test_a_type_without_words_for_several_never_folds(team: Team, acting: Acting) -> None:
    with acting(SYSTEM):
        notify([Recipient(team.people[0], {"title": str(n)}) for n in range(3)], "achievement", org_id=team.org_id)
    assert len(inbox(team, acting)) == 3


def test_a_part_keeps_its_key(team: Team, acting: Acting) -> None:
    tell(team, acting, "Ada", dedupe_key="hot:ada")
    tell(team, acting, "Ben", dedupe_key="hot:ben")
    tell(team, acting, "Ada", dedupe_key="hot:ada")
    assert inbox(team, acting) == [("🔥 2 hot leads", 2)]


def test_the_digest_takes_the_fold_and_not_its_parts(team: Team, acting: Acting) -> None:
    team.set(digest_enabled=True)
    for name in ("Ada", "Ben", "Cleo"):
        tell(team, acting, name, type_name="lead_cooling")
    waiting = "digest_on IS NOT NULL AND folded_into IS NULL"
    assert team.sql(f"SELECT title FROM notifications WHERE {waiting}") == [("❄️ 3 leads are cooling down",)]


def test_deleting_the_fold_hides_its_parts(team: Team, acting: Acting) -> None:
    tell(team, acting, "Ada", "Ben")
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        [head] = queries.list_page(team.people[0])
        states.delete(team.people[0], [head.id])
    assert inbox(team, acting) == []
    assert unread(team, acting) == 0


def test_what_stands_for_several_lasts_as_long_as_the_last(team: Team, acting: Acting) -> None:
    """What expires first must not put away what is still waited for."""
    soon, late = now() + timedelta(hours=1), now() + timedelta(hours=5)
    ends = "SELECT n.expires_at, m.expires_at FROM notifications n JOIN messages m ON m.notification_id = n.id"
    tell(team, acting, "Ada", expires_at=late)
    tell(team, acting, "Ben", expires_at=soon)
    assert team.sql(ends) == [(late, late)]
    latest = late + timedelta(hours=1)
    tell(team, acting, "Cleo", expires_at=latest)
    assert team.sql(ends) == [(latest, latest)]
    tell(team, acting, "Dan")
    [(end, letter_ends)] = team.sql(ends)
    assert end is None
    assert letter_ends > latest


def test_several_of_one_call_last_as_long_as_the_last(team: Team, acting: Acting) -> None:
    ends = [now() + timedelta(hours=hours) for hours in (5, 1)]
    with acting(SYSTEM):
        for end in ends:
            notify(team.people[:1], "hot_lead", values={"name": "Al"}, org_id=team.org_id, expires_at=end)
    assert team.sql("SELECT expires_at FROM notifications WHERE parts = 2") == [(ends[0],)]


def test_what_a_letter_brought_takes_in_nothing_more(team: Team, acting: Acting) -> None:
    team.set(digest_enabled=True)
    tell(team, acting, "Ada", type_name="lead_cooling")
    team.sql("UPDATE notifications SET digest_on = digest_on - 2")
    with acting(SYSTEM):
        jobs.send_digests()
    tell(team, acting, "Ben", type_name="lead_cooling")
    assert inbox(team, acting) == [("❄️ Lead Cooling Down", 1)] * 2
    assert team.sql("SELECT count(*) FROM notifications WHERE digest_on IS NOT NULL AND digest_id IS NULL") == [(1,)]
