"""Notices by text, the whole way: from the rule to the phone in a hand, by the rules that hold for every text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from flask import Flask

from nexapp.identity.team import deactivate
from nexapp.messaging import consumers
from nexapp.notifications.service import Recipient, notify
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from tests.notifications.engine_world import Team, join_team, make_team

Sql = Callable[..., list[Any]]
Acting = Callable[[Actor], AbstractContextManager[None]]
Send = Callable[[], list[str]]
NUMBER = "+13055550177"
STATES = "SELECT status, error FROM messages WHERE channel = 'sms' ORDER BY id"


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    made = make_team(owner_sql, tier="elite", zone="America/New_York")
    owner_sql("UPDATE users SET phone = %s", NUMBER)
    return made


@pytest.fixture
def tell(acting: Acting, team: Team) -> Callable[[str], None]:
    def one(name: str) -> None:
        with acting(SYSTEM):
            notify(
                [Recipient(team.people[0], {"name": name, "message": f"Call {name}", "time": "9:00"})],
                "followup_due", org_id=team.org_id, group_key=name, dedupe_key=name,
            )  # fmt: skip

    return one


@pytest.fixture
def send(send_texts: Callable[[], None], phone: httpx.Client) -> Send:
    def run() -> list[str]:
        send_texts()
        found = phone.get("/dev/phone/messages.json", params={"to": NUMBER}).json()
        return [message["body"] for message in found]

    return run


@pytest.fixture
def strict(app: Flask) -> Iterator[None]:
    """As beside a real provider: the law's night is kept."""
    before = app.extensions["settings"]
    app.extensions["settings"] = before.model_copy(update={"quiet_hours_floor": True})
    yield
    app.extensions["settings"] = before


def asleep_zone() -> str:
    """Where it is between two and three at night just now."""
    found = next(n for n in range(-11, 13) if now().astimezone(ZoneInfo(f"Etc/GMT{n:+d}")).hour == 2)
    return f"Etc/GMT{found:+d}"


def test_an_urgent_notice_arrives_by_text_and_leads_back(tell: Callable[[str], None], send: Send, team: Team) -> None:
    tell("Ana")
    (body,) = send()
    assert "Call Ana" in body
    assert "/notifications" in body
    assert team.sql(STATES) == [("sent", None)]
    assert team.sql("SELECT purpose, user_id, notification_id = subject_id FROM messages WHERE channel = 'sms'") == [
        ("notice", team.people[0], True)
    ]
    assert team.sql("SELECT kind FROM message_events") == [("sent",)]
    assert send() == [body]


def test_stop_counts_even_after_it_was_written(
    tell: Callable[[str], None], send: Send, team: Team, acting: Acting
) -> None:
    tell("Ana")
    with acting(SYSTEM):
        consumers.opt_out(NUMBER, "keyword")
    assert send() == []
    assert [status for status, _ in team.sql(STATES)] in (["suppressed"], ["cancelled"])
    tell("Ben")
    assert send() == []


def test_who_left_meanwhile_is_texted_nothing(
    strict: None, tell: Callable[[str], None], send: Send, team: Team, acting: Acting
) -> None:
    second = uuid4()
    team.sql("INSERT INTO users (id, phone, name) VALUES (%s, '+13055550178', 'Second')", second)
    join_team(team.sql, team.org_id, second, "owner")
    team.sql("UPDATE users SET time_zone = %s WHERE id = %s", asleep_zone(), team.people[0])
    tell("Ana")
    with acting(SYSTEM):
        notify([Recipient(second, {"message": "Call Ana"})], "followup_due", org_id=team.org_id)
    [(membership,)] = team.sql("SELECT id FROM memberships WHERE user_id = %s", team.people[0])
    with acting(Actor(Role.OWNER, team.org_id, second)):
        deactivate(membership)
    mine = "SELECT status FROM messages WHERE channel = 'sms' AND user_id = %s"
    assert team.sql(mine, team.people[0]) == [("cancelled",)]
    assert team.sql(mine, second) == [("queued",)], "nobody else's"
    team.sql("UPDATE messages SET send_at = now() - interval '1 minute', sleeps_from = NULL, sleeps_until = NULL")
    assert send() == []


def test_the_days_cap_holds_notices_back(tell: Callable[[str], None], send: Send, team: Team) -> None:
    team.sql("UPDATE organizations SET daily_spend_cap = 1")
    for name in ("Ana", "Ben", "Cem"):
        tell(name)
    arrived = send()
    states = [status for status, _ in team.sql(STATES)]
    assert states.count("sent") == len(arrived) <= 1
    assert states.count("suppressed") == 3 - len(arrived)


def test_what_somebody_waits_for_goes_before_a_notice(tell: Callable[[str], None], team: Team, send: Send) -> None:
    tell("Ana")
    lanes = team.sql("SELECT lane FROM messages WHERE channel = 'sms'")
    assert lanes == [(2,)], "behind codes and answers, and held back by a STOP"


def test_nobody_is_woken(strict: None, tell: Callable[[str], None], send: Send, team: Team) -> None:
    team.sql("UPDATE users SET time_zone = %s", asleep_zone())
    tell("Ana")
    assert send() == []
    ((status, wait),) = team.sql("SELECT status, send_at - now() FROM messages WHERE channel = 'sms'")
    assert status == "queued"
    # It is at most three at night there; where the number's own area sleeps later, it waits for that, too.
    assert timedelta(hours=4, minutes=59) <= wait <= timedelta(hours=24)


def test_a_text_held_up_until_the_night_waits_for_the_morning(
    strict: None, tell: Callable[[str], None], send: Send, team: Team
) -> None:
    tell("Ana")
    ((held,),) = team.sql("SELECT sleeps_from IS NOT NULL FROM messages WHERE channel = 'sms'")
    assert held
    team.sql(
        "UPDATE messages SET send_at = now() - interval '1 hour', sleeps_from = now() - interval '1 minute',"
        " sleeps_until = now() + interval '9 hours', expires_at = now() + interval '1 day'"
    )
    assert send() == []
    assert team.sql("SELECT status, send_at = sleeps_until FROM messages WHERE channel = 'sms'") == [("queued", True)]


def test_a_provider_that_refuses_says_so_in_the_row(
    tell: Callable[[str], None], send: Send, team: Team, phone: httpx.Client
) -> None:
    phone.post("/dev/phone/faults", json={"status": 400, "code": 21211})
    tell("Ana")
    send()
    assert [status for status, _ in team.sql(STATES)] == ["failed"]


def test_texts_that_are_held_become_one(team: Team, acting: Acting) -> None:
    """Nobody finds three texts about the same in the morning."""
    here = now().astimezone(ZoneInfo("America/New_York"))
    team.set(quiet_enabled=True, quiet_starts=(here - timedelta(hours=2)).time(),
             quiet_ends=(here + timedelta(hours=2)).time())  # fmt: skip
    for name in ("Ana", "Ben", "Cem"):
        with acting(SYSTEM):
            notify(team.people, "followup_due", values={"message": f"Call {name}"}, org_id=team.org_id)
    told = "position('3 follow-ups' IN body) > 0"
    assert team.sql(f"SELECT status, {told} FROM messages WHERE channel = 'sms' ORDER BY id") == [
        ("cancelled", False), ("cancelled", False), ("queued", True),
    ]  # fmt: skip
    assert team.sql("SELECT count(*) FROM messages WHERE channel = 'sms' AND expires_at IS NULL") == [(0,)]
