"""Letters of notices and the daily letter, rendered when they leave; and the link in them that stops them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from nexapp.messaging.email_contents import Letter
from nexapp.messaging.email_sending import EmailDrain
from nexapp.notifications.letters import compose_notices
from nexapp.notifications.registry import NoticeType, register_types
from nexapp.notifications.unsubscribe import unsubscribe_url
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor
from tests.notifications.channels_world import PAGE, Somebody, Team, ago

Sql = Callable[..., list[Any]]
Send = Callable[[], None]
Acting = Callable[[Actor], AbstractContextManager[None]]
LOCKED = NoticeType(
    "channels_test_locked", "Security", "🔒", ("gray", "gray"), "high", "{title}", "", locked=True, kinds=("test",)
)
register_types(LOCKED)


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> Team:
    return Team(app, owner_sql, zone="UTC")


@pytest.fixture
def ana(team: Team) -> Somebody:
    return team.member()


@pytest.fixture
def mailbox(phone: httpx.Client, send_emails: Send) -> Callable[[Somebody], list[dict[str, str]]]:
    """What arrives for somebody, the newest first; sends what is due first."""
    phone.delete("/dev/mail/messages")

    def read(person: Somebody) -> list[dict[str, str]]:
        send_emails()
        return phone.get("/dev/mail/messages.json", params={"to": person.email}).json()

    return read


Mailbox = Callable[[Somebody], list[dict[str, str]]]


def stop_path(letter: dict[str, str]) -> str:
    found = re.search(r"^List-Unsubscribe: <https?://[^/]+(/u/[^>\s]+)>$", letter["headers"], re.MULTILINE)
    assert found, letter["headers"]
    return found[1]


def status_of(sql: Sql, message_id: object) -> tuple[str, str | None]:
    return tuple(sql("SELECT status, error FROM messages WHERE id = %s", message_id)[0])  # type: ignore[return-value]


def test_a_notice_arrives_with_its_words_link_and_headers(team: Team, ana: Somebody, mailbox: Mailbox) -> None:
    notice_id = team.notice(ana, "hot_lead", title="🔥 New Hot Lead", message="Ben just became a hot lead.", icon="🔥")
    team.letter(ana, notice_id)
    [letter] = mailbox(ana)
    assert letter["subject"] == "🔥 New Hot Lead"
    for body in (letter["text"], letter["html"]):
        assert "Ben just became a hot lead." in body
        assert f"/notifications/{notice_id}/open" in body
        assert "/u/" in body
        assert PAGE in body
        assert body.split("<body>")[-1].count("🔥") == 1
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in letter["headers"].splitlines()
    assert stop_path(letter) in letter["text"]


def test_names_of_others_are_only_words(team: Team, ana: Somebody, mailbox: Mailbox) -> None:
    evil = "<script>x()</script>\r\nBcc: eve@example.com"
    team.letter(ana, team.notice(ana, "hot_lead", title=evil, message='<a href="https://evil.example">click</a>'))
    [letter] = mailbox(ana)
    assert "<script>" not in letter["html"]
    assert '<a href="https://evil.example">' not in letter["html"]
    assert "&lt;a href" in letter["html"]
    assert not any(line.startswith("Bcc") for line in letter["headers"].splitlines())


def test_a_folded_notice_names_its_parts(team: Team, ana: Somebody, mailbox: Mailbox) -> None:
    head = team.notice(ana, "hot_lead", title="🔥 12 hot leads", parts=12)
    for number in range(12):
        team.notice(ana, "hot_lead", title=f"Lead {number}", message="", folded_into=head)
    team.letter(ana, head)
    [letter] = mailbox(ana)
    assert "Lead 9" in letter["text"]
    assert "Lead 10" not in letter["text"]
    assert "and 2 more" in letter["text"]


@pytest.mark.parametrize("kind", ["notice", "digest"])
def test_it_goes_where_the_person_gets_e_mails_by_then(
    team: Team, ana: Somebody, mailbox: Mailbox, owner_sql: Sql, kind: str
) -> None:
    message_id = team.letter(ana, team.notice(ana)) if kind == "notice" else digest(team, ana, {})
    old, new = ana.email, f"new-{ana.email}"
    owner_sql("UPDATE users SET email = %s WHERE id = %s", new, ana.user_id)
    assert mailbox(ana) == []
    ana.email = new
    assert len(mailbox(ana)) == 1
    assert owner_sql("SELECT status, to_email FROM messages WHERE id = %s", message_id) == [("sent", new)]
    ana.email = old
    assert mailbox(ana) == []


@pytest.mark.parametrize("kind", ["notice", "digest"])
@pytest.mark.parametrize("meanwhile", ["no address", "left", "account closed"])
def test_who_is_gone_by_then_gets_nothing(
    team: Team, ana: Somebody, mailbox: Mailbox, owner_sql: Sql, kind: str, meanwhile: str
) -> None:
    message_id = team.letter(ana, team.notice(ana)) if kind == "notice" else digest(team, ana, {})
    statement = {
        "no address": "UPDATE users SET email = NULL WHERE id = %s",
        "left": "UPDATE memberships SET deactivated_at = now() WHERE user_id = %s",
        "account closed": "UPDATE users SET deactivated_at = now() WHERE id = %s",
    }[meanwhile]
    owner_sql(statement, ana.user_id)
    assert mailbox(ana) == []
    assert status_of(owner_sql, message_id)[0] == "cancelled"


@pytest.mark.parametrize("column", ["read_at", "deleted_at", "expires_at", "archived_at"])
def test_what_was_seen_or_is_over_is_not_sent(
    team: Team, ana: Somebody, mailbox: Mailbox, owner_sql: Sql, column: str
) -> None:
    notice_id = team.notice(ana, created_at=ago(hours=1), **{column: ago(minutes=5)})
    message_id = team.letter(ana, notice_id)
    assert mailbox(ana) == []
    assert status_of(owner_sql, message_id) == ("cancelled", "It was seen before, or is over.")


def test_what_only_the_letter_shows_is_sent(team: Team, ana: Somebody, mailbox: Mailbox) -> None:
    made = ago(hours=1)
    team.letter(ana, team.notice(ana, created_at=made, archived_at=made))  # in-app is off
    assert len(mailbox(ana)) == 1


@pytest.mark.parametrize("change", [
    "INSERT INTO notification_preferences VALUES (%s, 'coin_earned', 'email', false)",
    "INSERT INTO notification_preferences VALUES (%s, 'coin_earned', 'any', false)",
    "INSERT INTO notification_settings (user_id, email_enabled) VALUES (%s, false)",
    "INSERT INTO notification_settings (user_id, paused_until) VALUES (%s, now() + interval '1 hour')",
    "UPDATE users SET deactivated_at = now() WHERE id = %s",
    "UPDATE memberships SET deactivated_at = now() WHERE user_id = %s",
])  # fmt: skip
def test_what_was_switched_off_meanwhile_is_not_sent(
    team: Team, ana: Somebody, mailbox: Mailbox, owner_sql: Sql, change: str
) -> None:
    message_id = team.letter(ana, team.notice(ana, "coin_earned"))
    owner_sql(change, ana.user_id)
    assert mailbox(ana) == []
    assert status_of(owner_sql, message_id)[0] == "cancelled"


def test_other_switches_hold_nothing_back(team: Team, ana: Somebody, mailbox: Mailbox, owner_sql: Sql) -> None:
    team.letter(ana, team.notice(ana, "coin_earned"))
    for name, channel in (("coin_earned", "push"), ("hot_leads", "any"), ("hot_lead", "email")):
        owner_sql("INSERT INTO notification_preferences VALUES (%s, %s, %s, false)", ana.user_id, name, channel)
    assert len(mailbox(ana)) == 1


def test_what_concerns_the_account_always_comes_and_has_no_way_to_stop_it(
    team: Team, ana: Somebody, mailbox: Mailbox, owner_sql: Sql
) -> None:
    team.letter(ana, team.notice(ana, LOCKED.name, org_id=None))
    owner_sql("INSERT INTO notification_settings (user_id, email_enabled) VALUES (%s, false)", ana.user_id)
    [letter] = mailbox(ana)
    assert "List-Unsubscribe" not in letter["headers"]
    assert "/u/" not in letter["text"] + letter["html"]


@pytest.mark.parametrize("count", [1, 30])
def test_many_letters_are_read_in_two_statements(
    team: Team, ana: Somebody, acting: Acting, statements: list[str], count: int
) -> None:
    for number in range(count):
        head = team.notice(ana, parts=2)
        team.notice(ana, folded_into=head, title=f"Part {number}")
        team.letter(ana, head)
    with acting(SYSTEM):
        parcels = EmailDrain.queue.claim("a worker", count, 30)
        statements.clear()
        contents = compose_notices(parcels)
        assert len(statements) == 2
    assert len(contents) == count
    assert all(isinstance(content, Letter) for content in contents.values())


def digest(team: Team, person: Somebody, *items: dict[str, Any]) -> Any:
    message_id = new_id()
    for item in items:
        team.notice(person, **{"digest_id": message_id, "digest_on": now().date()} | item)
    return team.letter(person, None, id=message_id, subject_kind="digest", subject_id=message_id, purpose="digest")


def test_the_daily_letter_gathers_by_type(team: Team, ana: Somebody, mailbox: Mailbox) -> None:
    digest(
        team, ana, {"type_name": "achievement", "title": "First won"},
        {"type_name": "mission_alert", "title": "Almost"}, {"type_name": "achievement", "title": "Seven days"},
        {"type_name": "achievement", "title": "Old", "read_at": now()},
    )  # fmt: skip
    [letter] = mailbox(ana)
    assert letter["subject"] == "Your day in one letter: 3 notices"
    order = [letter["text"].index(words) for words in ("Missions", "Almost", "Achievements", "Seven days", "First won")]
    assert order == sorted(order)
    assert "Old" not in letter["text"]
    assert letter["html"].count("/open") == 3


def test_one_notice_is_one(team: Team, ana: Somebody, mailbox: Mailbox) -> None:
    digest(team, ana, {"title": "Alone"})
    assert mailbox(ana)[0]["subject"] == "Your day in one letter: 1 notice"


def test_a_long_day_names_ten_of_a_type(team: Team, ana: Somebody, mailbox: Mailbox) -> None:
    digest(team, ana, *[{"title": f"Coin {number}."} for number in range(13)])
    [letter] = mailbox(ana)
    assert "and 3 more" in letter["text"]
    assert ("Coin 12." in letter["text"], "Coin 2." in letter["text"]) == (True, False)


def test_an_empty_daily_letter_is_not_sent(team: Team, ana: Somebody, mailbox: Mailbox, owner_sql: Sql) -> None:
    message_id = digest(team, ana, {"read_at": now()}, {"deleted_at": now()})
    nothing = digest(team, ana)
    assert mailbox(ana) == []
    assert {status_of(owner_sql, found)[0] for found in (message_id, nothing)} == {"cancelled"}


def test_a_get_never_stops_anything(
    team: Team, ana: Somebody, mailbox: Mailbox, client: FlaskClient, owner_sql: Sql
) -> None:
    team.letter(ana, team.notice(ana, "hot_lead"))
    path = stop_path(mailbox(ana)[0])
    for method in ("GET", "HEAD"):
        assert client.open(path, method=method).status_code == 200
    assert "Stop these e-mails" in client.get(path).text
    assert owner_sql("SELECT * FROM notification_preferences") == []


def test_one_click_stops_only_its_type_signed_out_and_without_cookies(
    team: Team, ana: Somebody, mailbox: Mailbox, client: FlaskClient, owner_sql: Sql
) -> None:
    team.letter(ana, team.notice(ana, "hot_lead"))
    path = stop_path(mailbox(ana)[0])
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert owner_sql("SELECT user_id, name, channel, is_on FROM notification_preferences") == [
        (ana.user_id, "hot_lead", "email", False)
    ]
    held = team.letter(ana, team.notice(ana, "hot_lead"))
    team.letter(ana, team.notice(ana, "streak_reminder", title="Another type"))
    assert [letter["subject"] for letter in mailbox(ana)][:-1] == ["Another type"]
    assert status_of(owner_sql, held)[0] == "cancelled"


def test_a_second_click_changes_nothing_and_undo_brings_them_back(
    team: Team, ana: Somebody, client: FlaskClient, app: Flask, owner_sql: Sql
) -> None:
    with app.app_context():
        path = "/u/" + unsubscribe_url(ana.user_id, "hot_lead").split("/u/")[1]
    for _ in range(2):
        assert "You get no e-mails about" in client.post(path).text
    assert owner_sql("SELECT count(*) FROM audit_entries WHERE action = 'notification_settings.changed'") == [(1,)]
    assert "Stop these e-mails" in client.post(f"{path}/undo").text
    assert owner_sql("SELECT * FROM notification_preferences") == []


def test_undo_brings_back_what_is_off_by_default_only_when_asked(
    ana: Somebody, client: FlaskClient, app: Flask, owner_sql: Sql
) -> None:
    with app.app_context():
        path = "/u/" + unsubscribe_url(ana.user_id, "coin_earned").split("/u/")[1]
    assert "You get no e-mails about" in client.get(path).text
    client.post(f"{path}/undo")
    assert owner_sql("SELECT name, channel, is_on FROM notification_preferences") == [("coin_earned", "email", True)]


def test_the_daily_letters_link_stops_it_alone(
    team: Team, ana: Somebody, mailbox: Mailbox, client: FlaskClient, owner_sql: Sql
) -> None:
    digest(team, ana, {"title": "One"})
    path = stop_path(mailbox(ana)[0])
    assert "The daily digest doesn" in client.post(path).text
    digest(team, ana, {"title": "Two"})
    team.letter(ana, team.notice(ana, "hot_lead", title="Urgent"))
    assert [letter["subject"] for letter in mailbox(ana)] == ["Urgent", "Your day in one letter: 1 notice"]
    assert "You stopped the daily letter" in ana.get().text
    ana.post(f"{PAGE}/digest/again")
    assert owner_sql("SELECT * FROM notification_preferences") == []


def test_a_type_that_was_stopped_is_missing_in_the_daily_letter(
    team: Team, ana: Somebody, mailbox: Mailbox, client: FlaskClient, app: Flask
) -> None:
    with app.app_context():
        client.post("/u/" + unsubscribe_url(ana.user_id, "achievement").split("/u/")[1])
    digest(
        team, ana, {"type_name": "achievement", "title": "First won"}, {"type_name": "mission_alert", "title": "Almost"}
    )
    [letter] = mailbox(ana)
    assert ("Almost" in letter["text"], "First won" in letter["text"]) == (True, False)


def test_another_persons_or_types_link_can_not_be_made_up(
    team: Team, ana: Somebody, client: FlaskClient, app: Flask, owner_sql: Sql
) -> None:
    with app.app_context():
        token = unsubscribe_url(ana.user_id, "hot_lead").split("/u/")[1]
        other = unsubscribe_url(team.member().user_id, "hot_lead").split("/u/")[1]
    person, _name, signature = token.split(".")
    for forged in (
        f"{person}.streak_reminder.{signature}", f"{other.split('.')[0]}.hot_lead.{signature}",
        token[:-2], "x", "a.b.c",
    ):  # fmt: skip
        for answer in (client.get(f"/u/{forged}"), client.post(f"/u/{forged}"), client.post(f"/u/{forged}/undo")):
            assert answer.status_code == 410
    assert owner_sql("SELECT * FROM notification_preferences") == []


def test_a_forged_form_elsewhere_stops_nothing(ana: Somebody, client: FlaskClient, app: Flask, owner_sql: Sql) -> None:
    with app.app_context():
        path = "/u/" + unsubscribe_url(ana.user_id, "hot_lead").split("/u/")[1]
    assert client.post(path, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert owner_sql("SELECT * FROM notification_preferences") == []


def test_held_letters_wait_for_their_morning(team: Team, ana: Somebody, mailbox: Mailbox, owner_sql: Sql) -> None:
    message_id = team.letter(ana, team.notice(ana), send_at=now() + timedelta(hours=9))
    assert mailbox(ana) == []
    owner_sql("UPDATE messages SET send_at = now() WHERE id = %s", message_id)
    assert len(mailbox(ana)) == 1
