"""Several at once: two calls with one key, counters that cross, somebody who reads meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from nexapp.notifications import jobs, states
from nexapp.notifications.service import Notified, Recipient, notify
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.unit import unit_of_work

from .engine_world import Sql, Team, make_team


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    return make_team(owner_sql, people=6)


def at_once(app: Flask, acts: Sequence[tuple[Actor, Callable[[], Any]]]) -> list[Any]:
    """Each in a unit and on a connection of its own, all released together."""
    gate = threading.Barrier(len(acts))

    def one(actor: Actor, act: Callable[[], Any]) -> Any:
        with app.app_context(), unit_of_work(actor):
            gate.wait(60)
            return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [task.result(120) for task in [pool.submit(one, *act) for act in acts]]


def counts_are_true(team: Team) -> None:
    wrong = team.sql(
        """
        SELECT c.user_id, c.unread, n.unread FROM unread_counts c
        FULL JOIN (
            SELECT user_id, count(*) AS unread FROM notifications
            WHERE read_at IS NULL AND folded_into IS NULL AND archived_at IS NULL AND deleted_at IS NULL
                AND snoozed_until IS NULL GROUP BY user_id
        ) n USING (user_id) WHERE coalesce(c.unread, 0) <> coalesce(n.unread, 0)
        """
    )
    assert wrong == []


def test_one_key_from_two_connections_is_told_once(app: Flask, team: Team) -> None:
    def tell() -> Notified:
        return notify(team.people, "mission_alert", values={"title": "M"}, dedupe_key="k", org_id=team.org_id)

    told = at_once(app, [(SYSTEM, tell)] * 4)
    assert sum(one.count for one in told) == len(team.people)
    assert team.sql("SELECT count(*) FROM notifications") == [(len(team.people),)]
    assert team.sql("SELECT count(*) FROM messages") == [(len(team.people),)]
    counts_are_true(team)


def test_a_key_of_two_businesses_is_told_once(app: Flask, team: Team, owner_sql: Sql) -> None:
    """The person's counts of two businesses are two rows: the key itself decides here."""
    other = make_team(owner_sql)
    owner_sql("UPDATE memberships SET user_id = %s WHERE org_id = %s", team.people[0], other.org_id)

    def tell_of(org_id: Any) -> Callable[[], Notified]:
        return lambda: notify(team.people[:1], "mission_alert", values={"title": "M"}, dedupe_key="k", org_id=org_id)

    told = at_once(app, [(SYSTEM, tell_of(org_id)) for org_id in (team.org_id, other.org_id) * 2])
    assert sum(one.count for one in told) == 1
    assert team.sql("SELECT count(*) FROM notifications") == [(1,)]
    assert team.sql("SELECT count(*) FROM messages") == [(1,)]


def test_crowds_in_opposite_order_all_arrive(app: Flask, team: Team) -> None:
    def tell(people: Sequence[Any]) -> Callable[[], list[Notified]]:
        # The order in which a call names people is not the one in which it takes them.
        return lambda: [
            notify([Recipient(one, {"title": "M"}) for one in people], "mission_alert", org_id=team.org_id)
            for _ in range(3)
        ]

    at_once(app, [(SYSTEM, tell(team.people)), (SYSTEM, tell(team.people[::-1]))] * 2)
    assert team.sql("SELECT count(*) FROM notifications") == [(12 * len(team.people),)]
    counts_are_true(team)


def test_the_cap_holds_for_several_at_once(app: Flask, team: Team) -> None:
    team.set(daily_cap=2)

    def tell() -> Notified:
        return notify(team.people[:1], "mission_alert", values={"title": "M"}, org_id=team.org_id)

    told = at_once(app, [(SYSTEM, tell)] * 5)
    assert sum(one.count for one in told) == 2


def test_parts_that_come_at_once_make_one_fold(app: Flask, team: Team) -> None:
    def tell() -> Notified:
        return notify(team.people[:1], "hot_lead", values={"name": "Al"}, org_id=team.org_id)

    at_once(app, [(SYSTEM, tell)] * 5)
    shown = team.sql("SELECT title, parts FROM notifications WHERE folded_into IS NULL")
    assert shown == [("🔥 5 hot leads", 5)]
    counts_are_true(team)


def test_reading_while_more_comes_waits_for_nobody_in_a_circle(app: Flask, team: Team) -> None:
    me = team.people[0]
    reader = Actor(Role.OWNER, team.org_id, me)

    def tell() -> None:
        for _ in range(8):
            notify(team.people, "hot_lead", values={"name": "Al"}, org_id=team.org_id)

    def act() -> None:
        for _ in range(8):
            states.read_all(me)

    def snooze() -> None:
        for _ in range(4):
            ids = [row[0] for row in team.items(me, "id")]
            states.snooze(me, ids, now() + timedelta(hours=1))

    for _ in range(3):
        at_once(app, [(SYSTEM, tell), (reader, act), (reader, snooze), (SYSTEM, jobs.unsnooze_notices)])
        team.sql("UPDATE notifications SET snoozed_until = now() WHERE snoozed_until IS NOT NULL")
    counts_are_true(team)
    assert team.sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_two_runs_of_the_letter_write_one(app: Flask, team: Team) -> None:
    for user_id in team.people:
        team.set(user_id, digest_enabled=True)
    with app.app_context(), unit_of_work(SYSTEM):
        notify(team.people, "mission_alert", values={"title": "M"}, org_id=team.org_id)
    team.sql("UPDATE notifications SET digest_on = digest_on - 2")
    at_once(app, [(SYSTEM, jobs.send_digests)] * 3)
    assert team.sql("SELECT count(*), count(DISTINCT user_id) FROM messages") == [(len(team.people),) * 2]


def beside_a_lock(app: Flask, services: Any, actor: Actor, act: Callable[[], Any]) -> Any:
    """While somebody else is at every count of unread."""
    with psycopg.connect(services.owner_url) as other:
        other.execute("SELECT FROM unread_counts FOR UPDATE")
        with app.app_context(), unit_of_work(actor):
            db.session.execute(text("SET LOCAL lock_timeout = '300ms'"))
            return act()


def test_whoever_changes_notices_waits_for_the_counts_first(app: Flask, team: Team, services: Any) -> None:
    """In one order: with two, a letter and somebody who reads all would wait for one another."""
    me = team.people[0]
    team.set(me, digest_enabled=True)
    with app.app_context(), unit_of_work(SYSTEM):
        made = notify([me], "mission_alert", org_id=team.org_id).made
    team.sql("UPDATE notifications SET digest_on = digest_on - 2")
    acts: list[tuple[Actor, Callable[[], Any]]] = [
        (SYSTEM, jobs.send_digests),
        (Actor(Role.OWNER, team.org_id, me), lambda: states.mark_seen(me, made)),
        (Actor(Role.OWNER, team.org_id, me), lambda: states.read_all(me)),
    ]
    for actor, act in acts:
        with pytest.raises(OperationalError, match="lock timeout"):
            beside_a_lock(app, services, actor, act)


def test_what_was_told_before_waits_for_nobody(app: Flask, team: Team, services: Any) -> None:
    """A job that says the same each minute holds up no booking."""

    def tell() -> Notified:
        return notify(team.people, "mission_alert", values={"title": "M"}, dedupe_key="k", org_id=team.org_id)

    with app.app_context(), unit_of_work(SYSTEM):
        assert tell().count == len(team.people)
    assert beside_a_lock(app, services, SYSTEM, tell).skipped == len(team.people)
    assert team.sql("SELECT count(*) FROM system_errors") == [(0,)]
