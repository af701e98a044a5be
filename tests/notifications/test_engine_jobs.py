"""The daily letter, what comes back, what is over: each once, whoever runs it and how often."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.notifications import jobs, queries, states
from nexapp.notifications.service import notify
from nexapp.spine.clock import now
from nexapp.spine.schedule import ENTRIES
from nexapp.spine.tenancy import SYSTEM, Actor, Role

from .engine_world import Sql, Team, make_team

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    return make_team(owner_sql, people=2)


def run(acting: Acting, job: Callable[[], None]) -> None:
    """Twice: the second must find nothing."""
    for _ in range(2):
        with acting(SYSTEM):
            job()


def tell(team: Team, acting: Acting, type_name: str = "mission_alert", **more: Any) -> UUID:
    with acting(SYSTEM):
        return notify(team.people[:1], type_name, values={"title": "M", "message": "m", "name": "Al"},
                      org_id=team.org_id, **more).made[0]  # fmt: skip


def make_due(team: Team) -> None:
    team.sql("UPDATE notifications SET digest_on = digest_on - 2")


def test_one_letter_gathers_low_and_normal(team: Team, acting: Acting) -> None:
    team.set(digest_enabled=True)
    items = [tell(team, acting), tell(team, acting, "weekly_report"), tell(team, acting, "achievement")]
    tell(team, acting, "hot_lead")
    assert [row[1] for row in team.messages()] == ["🔥 New Hot Lead"]
    run(acting, jobs.send_digests)
    assert len(team.messages()) == 1, "nobody's hour has come"
    make_due(team)
    run(acting, jobs.send_digests)
    letters = team.sql(
        "SELECT id, channel, subject, body, subject_kind, subject_id, org_id, user_id, status FROM messages"
        " WHERE subject_kind = 'digest'"
    )
    [(letter, channel, subject, body, _, subject_id, org_id, user_id, status)] = letters
    assert (channel, subject, subject_id, org_id, user_id, status) == (
        "email", "Your day in one letter: 3 notices", letter, team.org_id, team.people[0], "queued",
    )  # fmt: skip
    assert body.splitlines() == ["🏆 M", "📊 Your Weekly Summary", "🎯 M"]
    held = team.sql("SELECT id FROM notifications WHERE digest_id = %s ORDER BY id", letter)
    assert [row[0] for row in held] == items


def test_what_was_dealt_with_stays_out_of_the_letter(team: Team, acting: Acting) -> None:
    team.set(digest_enabled=True)
    kept, read, deleted, archived, snoozed = (tell(team, acting) for _ in range(5))
    me = team.people[0]
    with acting(Actor(Role.OWNER, team.org_id, me)):
        states.read(me, [read])
        states.delete(me, [deleted])
        states.archive(me, [archived])
        states.snooze(me, [snoozed], now() + timedelta(days=1))
    make_due(team)
    run(acting, jobs.send_digests)
    [(subject, letter)] = team.messages(columns="subject, id")
    assert subject == "Your day in one letter: 1 notice"
    assert team.sql("SELECT id FROM notifications WHERE digest_id = %s", letter) == [(kept,)]


def test_no_letter_for_nothing(team: Team, acting: Acting) -> None:
    team.set(digest_enabled=True)
    mine = tell(team, acting)
    me = team.people[0]
    with acting(Actor(Role.OWNER, team.org_id, me)):
        states.read(me, [mine])
    make_due(team)
    run(acting, jobs.send_digests)
    assert team.messages() == []


def test_what_the_bell_never_showed_is_in_the_letter(team: Team, acting: Acting) -> None:
    team.set(digest_enabled=True)
    team.switch("mission_alert", "in_app", False)
    tell(team, acting)
    make_due(team)
    run(acting, jobs.send_digests)
    assert [row[1] for row in team.messages()] == ["Your day in one letter: 1 notice"]


def test_a_pause_keeps_the_letter_for_its_end(team: Team, acting: Acting) -> None:
    team.set(digest_enabled=True, paused_until=now() + timedelta(hours=1))
    tell(team, acting)
    make_due(team)
    run(acting, jobs.send_digests)
    assert team.messages() == []
    team.set(paused_until=now() - timedelta(seconds=1))
    run(acting, jobs.send_digests)
    assert len(team.messages()) == 1


def test_who_switched_e_mail_off_gets_no_letter(team: Team, acting: Acting) -> None:
    team.set(digest_enabled=True)
    tell(team, acting)
    make_due(team)
    team.set(email_enabled=False)
    run(acting, jobs.send_digests)
    assert team.messages() == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Asia/Kathmandu"])
def test_the_letter_comes_at_the_hour_of_the_persons_own_clock(team: Team, acting: Acting, zone: str) -> None:
    """An hour ahead of it there is none; once their clock has passed it, there is."""
    team.sql("UPDATE users SET time_zone = %s", zone)
    [(here,)] = team.sql("SELECT (now() AT TIME ZONE %s)::timestamp", zone)
    team.set(digest_enabled=True, digest_at=(here + timedelta(hours=1)).time())
    tell(team, acting)
    [(on,)] = team.sql("SELECT digest_on FROM notifications")
    assert on == (here + timedelta(hours=1)).date()
    run(acting, jobs.send_digests)
    assert team.messages() == []
    team.set(digest_at=(here - timedelta(hours=1)).time())
    team.sql("UPDATE notifications SET digest_on = %s", (here - timedelta(hours=1)).date())
    run(acting, jobs.send_digests)
    assert len(team.messages()) == 1
    # What comes after the hour waits for the next one.
    later = tell(team, acting)
    [(on,)] = team.sql("SELECT digest_on FROM notifications WHERE id = %s", later)
    assert on == (here - timedelta(hours=1)).date() + timedelta(days=1)


def test_a_snoozed_item_comes_back_unread(team: Team, acting: Acting) -> None:
    mine, other = tell(team, acting), tell(team, acting)
    me = team.people[0]
    with acting(Actor(Role.OWNER, team.org_id, me)):
        states.read(me, [mine])
        states.snooze(me, [mine], now() + timedelta(hours=1))
        states.snooze(me, [other], now() + timedelta(hours=2))
    run(acting, jobs.unsnooze_notices)
    assert team.items(columns="snoozed_until IS NULL") == [(False,), (False,)]
    team.sql("UPDATE notifications SET snoozed_until = now() WHERE id = %s", mine)
    run(acting, jobs.unsnooze_notices)
    with acting(SYSTEM):
        assert queries.count_unread(me) == 1
        [back] = queries.list_page(me)
    assert (back.id, back.read_at, back.seen_at) == (mine, None, None)


def test_what_is_over_is_archived(team: Team, acting: Acting) -> None:
    mine = tell(team, acting, expires_at=now() + timedelta(hours=1))
    tell(team, acting)
    run(acting, jobs.expire_notices)
    me = team.people[0]
    with acting(SYSTEM):
        assert queries.count_unread(me) == 2
    team.sql("UPDATE notifications SET expires_at = now() WHERE id = %s", mine)
    run(acting, jobs.expire_notices)
    with acting(SYSTEM):
        assert queries.count_unread(me) == 1
        assert [row.id for row in queries.list_page(me, "archived")] == [mine]


def test_skips_are_kept_for_ninety_days(team: Team, acting: Acting) -> None:
    team.switch("mission_alert", "any", False)
    with acting(SYSTEM):
        for _ in range(2):
            notify(team.people[:1], "mission_alert", org_id=team.org_id)
    oldest = "(SELECT id FROM notification_skips ORDER BY id LIMIT 1)"
    team.sql(f"UPDATE notification_skips SET created_at = now() - interval '91 days' WHERE id = {oldest}")
    run(acting, jobs.forget_skips)
    assert len(team.skips()) == 1


def test_more_than_one_run_holds_is_done_by_the_next(
    team: Team, acting: Acting, app: Flask, monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[[], None]
) -> None:
    for _ in range(3):
        tell(team, acting, expires_at=now() + timedelta(hours=1))
    team.sql("UPDATE notifications SET expires_at = now()")
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    with acting(SYSTEM):
        jobs.expire_notices()
    run_jobs()
    assert team.items(columns="archived_at IS NULL") == [(False,)] * 3


def test_they_run_every_five_minutes() -> None:
    five = {name for name, entry in ENTRIES.items() if entry.cron == "*/5 * * * *"}
    assert {"send_digests", "unsnooze_notices", "expire_notices"} <= five


def test_quiet_hours_hold_the_letter(team: Team, acting: Acting) -> None:
    here = now().replace(tzinfo=None)
    team.set(digest_enabled=True, quiet_enabled=True, quiet_starts=(here - timedelta(hours=2)).time(),
             quiet_ends=(here + timedelta(hours=2)).time())  # fmt: skip
    tell(team, acting)
    make_due(team)
    run(acting, jobs.send_digests)
    [(wait, worth)] = team.messages(columns="send_at - now(), expires_at - send_at")
    assert timedelta(hours=1, minutes=50) < wait <= timedelta(hours=2)
    assert worth == timedelta(hours=20)


@pytest.mark.parametrize("verb", ["unarchive", "snooze"])
def test_what_is_over_stays_where_it_is_brought_back(team: Team, acting: Acting, verb: str) -> None:
    mine = tell(team, acting, expires_at=now() - timedelta(seconds=1))
    run(acting, jobs.expire_notices)
    more = [now() + timedelta(hours=1)] if verb == "snooze" else []
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        assert getattr(states, verb)(team.people[0], [mine], *more).ids == [mine]
    run(acting, jobs.expire_notices)
    assert team.items(columns="archived_at, snoozed_until IS NOT NULL") == [(None, verb == "snooze")]
