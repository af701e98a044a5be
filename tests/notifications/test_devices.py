"""Devices for pushes: letting browsers and apps in, taking them out, trying them; each person has their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from nexapp.gateways.push import Address
from nexapp.gateways.push.vapid import Vapid, encode, point_of
from nexapp.messaging.push_sending import QUEUE, PushDrain
from nexapp.notifications.devices import MOST_DEVICES, list_devices, register_app_token, register_browser
from nexapp.notifications.service import notify
from nexapp.settings import Settings
from nexapp.spine.errors import BadInput
from nexapp.spine.jobs.registry import DRAINS
from nexapp.spine.tenancy import Actor
from tests.notifications.channels_world import Somebody, Team

Sql = Callable[..., list[Any]]
Acting = Callable[[Actor], AbstractContextManager[None]]
PAGE = "/notification-settings/devices"
ANDROID = "Mozilla/5.0 (Linux; Android 14) Chrome/130.0"


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> Team:
    return Team(app, owner_sql)


@pytest.fixture
def person(team: Team) -> Somebody:
    return team.member()


@pytest.fixture
def send(app: Flask, phone: httpx.Client) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Send what is due; everything that the stand-in has by then, newest first."""
    phone.delete("/dev/push/messages")

    def run() -> list[dict[str, Any]]:
        with app.app_context():
            while DRAINS[QUEUE].drain(lambda: False):
                pass
        found: list[dict[str, Any]] = phone.get("/dev/push/messages.json").json()
        return found

    DRAINS[QUEUE] = PushDrain()
    yield run
    phone.delete("/dev/push/messages")


def browser(name: str = "b1", host: str = "https://updates.example.com") -> dict[str, str]:
    """What a browser gives: an address of its push service and the public half of a pair that it keeps."""
    pair = ec.generate_private_key(ec.SECP256R1())
    return {"endpoint": f"{host}/push/{name}", "p256dh": encode(point_of(pair)), "auth": encode(b"0123456789abcdef")}


def names(sql: Sql) -> list[str]:
    return [row[0] for row in sql("SELECT endpoint FROM push_subscriptions ORDER BY created_at, id")]


def test_a_browser_is_let_in_by_its_page_and_named(person: Somebody, owner_sql: Sql) -> None:
    form = {"csrf_token": person.token()} | browser()
    answer = person.client.post(PAGE, data=form, headers={"HX-Request": "true", "User-Agent": ANDROID})
    assert answer.status_code == 201
    assert "Chrome on Android" in answer.text
    assert "<html" not in answer.text
    (row,) = owner_sql("SELECT user_id, kind, device, session_id IS NOT NULL FROM push_subscriptions")
    assert row == (person.user_id, "web", "Chrome on Android", True)
    assert owner_sql("SELECT push_enabled FROM notification_settings") == [(True,)]
    assert ("push_device.added",) in owner_sql("SELECT action FROM audit_entries")


def test_the_page_and_its_fragment(person: Somebody, app: Flask) -> None:
    chosen: Settings = app.extensions["settings"]
    page = person.get(PAGE)
    assert page.status_code == 200
    assert f'data-push-key="{Vapid.of(chosen.vapid_private_key, "").public_key}"' in page.text
    assert "No devices yet" in page.text
    person.post(PAGE, browser())
    fragment = person.get(PAGE, fragment=True)
    assert "<html" not in fragment.text
    assert "This device" in fragment.text
    assert "No devices yet" not in fragment.text


def test_the_same_browser_keeps_its_place(person: Somebody, owner_sql: Sql) -> None:
    first = browser()
    person.post(PAGE, first)
    (before,) = owner_sql("SELECT id FROM push_subscriptions")
    person.post(PAGE, browser("b1"))
    assert owner_sql("SELECT id, p256dh = %s FROM push_subscriptions", first["p256dh"]) == [(*before, False)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://updates.example.com/x"}, {"endpoint": "https://127.0.0.1/x"}, {"endpoint": ""},
        {"endpoint": "https://10.0.0.7/x"}, {"endpoint": "https://" + "a" * 2100 + ".com/"}, {"p256dh": ""},
        {"p256dh": "AAAA"}, {"auth": ""}, {"auth": "%%%"}, {"p256dh": "é"},
    ],
)  # fmt: skip
def test_what_is_no_push_service_is_refused(person: Somebody, owner_sql: Sql, wrong: dict[str, str]) -> None:
    answer = person.post(PAGE, browser() | wrong, fragment=True)
    assert answer.status_code == 422
    assert names(owner_sql) == []


def test_who_signs_in_on_the_same_browser_takes_it_over(
    team: Team, person: Somebody, owner_sql: Sql, send: Callable[[], list[dict[str, Any]]]
) -> None:
    person.post(PAGE, browser())
    (old,) = owner_sql("SELECT id FROM push_subscriptions")
    other = team.member()
    other.post(PAGE, browser())
    ((user_id, device_id),) = owner_sql("SELECT user_id, id FROM push_subscriptions")
    assert user_id == other.user_id
    assert device_id != old[0]
    assert "Chrome" not in person.get(PAGE, fragment=True).text


def test_a_colleague_sees_removes_and_tests_nothing_of_mine(team: Team, person: Somebody, owner_sql: Sql) -> None:
    person.post(PAGE, browser())
    ((device_id,),) = owner_sql("SELECT id FROM push_subscriptions")
    colleague = team.member()
    assert "No devices yet" in colleague.get(PAGE).text
    assert colleague.post(f"{PAGE}/{device_id}/removal").status_code == 404
    assert colleague.post(f"{PAGE}/{device_id}/test").status_code == 404
    assert colleague.post(f"{PAGE}/removed", {"endpoint": browser()["endpoint"]}).status_code == 200
    assert owner_sql("SELECT count(*) FROM push_subscriptions") == [(1,)]
    assert owner_sql("SELECT count(*) FROM messages") == [(0,)]


def test_removing_one(person: Somebody, owner_sql: Sql) -> None:
    person.post(PAGE, browser("b1"))
    person.post(PAGE, browser("b2"))
    ((device_id,),) = owner_sql("SELECT id FROM push_subscriptions WHERE endpoint LIKE '%%b1'")
    assert person.post(f"{PAGE}/{device_id}/removal").status_code == 303
    assert names(owner_sql) == [browser("b2")["endpoint"]]
    assert person.post(f"{PAGE}/{device_id}/removal").status_code == 404
    assert person.post(f"{PAGE}/removed", {"endpoint": browser("b2")["endpoint"]}, fragment=True).status_code == 200
    assert names(owner_sql) == []


def test_a_browser_whose_address_changed_stays_the_same_device(person: Somebody, owner_sql: Sql) -> None:
    person.post(PAGE, browser("old"))
    before = owner_sql("SELECT id FROM push_subscriptions")
    assert person.post(f"{PAGE}/changed", {"old": browser("old")["endpoint"]} | browser("new")).status_code == 204
    assert owner_sql("SELECT id FROM push_subscriptions") == before
    assert names(owner_sql) == [browser("new")["endpoint"]]
    assert person.post(f"{PAGE}/changed", {"old": "x"} | browser(host="https://10.0.0.1")).status_code == 422


def test_a_browser_that_is_still_there_turns_nothing_on(person: Somebody, owner_sql: Sql) -> None:
    person.post(PAGE, browser())
    owner_sql("UPDATE notification_settings SET push_enabled = false")
    assert person.post(PAGE, browser() | {"renewed": "1"}, fragment=True).status_code == 200
    assert owner_sql("SELECT push_enabled FROM notification_settings") == [(False,)]
    assert "switched off for all of them" in person.get(PAGE, fragment=True).text


def test_signing_out_takes_the_device_off_the_list(person: Somebody, owner_sql: Sql, acting: Acting) -> None:
    person.post(PAGE, browser())
    owner_sql("UPDATE user_sessions SET revoked_at = now()")
    with acting(person.actor):
        assert list_devices() == []


def test_the_least_used_goes_where_there_are_too_many(person: Somebody, owner_sql: Sql, acting: Acting) -> None:
    for number in range(MOST_DEVICES + 2):
        with acting(person.actor):
            register_app_token(f"token-{number}", "Our app")
    kept = names(owner_sql)
    assert len(kept) == MOST_DEVICES
    assert "token-0" not in kept
    assert f"token-{MOST_DEVICES + 1}" in kept


@pytest.mark.parametrize("token", ["", "a b", "x" * 2001, "line\nbreak"])
def test_an_app_gives_a_token_of_its_service(person: Somebody, acting: Acting, token: str) -> None:
    with acting(person.actor), pytest.raises(BadInput):
        register_app_token(token, "Our app")


def test_a_practice_device_gets_a_test_push(
    person: Somebody, owner_sql: Sql, send: Callable[[], list[dict[str, Any]]]
) -> None:
    assert person.post(f"{PAGE}/practice").status_code == 303
    ((device_id,),) = owner_sql("SELECT id FROM push_subscriptions")
    assert person.post(f"{PAGE}/{device_id}/test").status_code == 303
    (push,) = send()
    assert push["title"] == "Pushes work here"
    assert owner_sql("SELECT status, purpose FROM messages") == [("sent", "push_test")]
    assert "Last push" in person.get(PAGE, fragment=True).text


def test_practice_devices_are_for_development_alone(
    app: Flask, person: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: Settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", chosen.model_copy(update={"push_local_url": ""}))
    assert person.post(f"{PAGE}/practice").status_code == 404
    assert "practice" not in person.get(PAGE).text


def test_without_a_key_the_page_says_so(app: Flask, person: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: Settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", chosen.model_copy(update={"vapid_private_key": ""}))
    assert "sends no pushes to browsers yet" in person.get(PAGE).text


def test_a_notice_goes_to_the_devices_of_who_is_told(
    team: Team, person: Somebody, owner_sql: Sql, acting: Acting, send: Callable[[], list[dict[str, Any]]]
) -> None:
    """The whole way: a rule of the engine, one row, two devices, two pushes that lead to the notice."""
    for _ in range(2):
        person.post(f"{PAGE}/practice")
    colleague = team.member()
    colleague.post(f"{PAGE}/practice")
    with acting(person.actor):
        (notice_id,) = notify(
            [person.user_id], "followup_due", values={"name": "Ana", "message": "Call Ana", "time": "9:00"},
            action_url="/follow-ups",
        ).made  # fmt: skip
    pushed = send()
    assert {push["url"] for push in pushed} == {f"/notifications/{notice_id}/open"}
    assert len(pushed) == 2
    assert owner_sql("SELECT status, count(*) FROM messages WHERE channel = 'push' GROUP BY 1") == [("sent", 2)]


def test_who_switched_pushes_off_gets_none(
    person: Somebody, owner_sql: Sql, acting: Acting, send: Callable[[], list[dict[str, Any]]]
) -> None:
    person.post(f"{PAGE}/practice")
    owner_sql("UPDATE notification_settings SET push_enabled = false")
    with acting(person.actor):
        notify([person.user_id], "followup_due", values={"name": "Ana", "message": "Call", "time": "9:00"})
    assert send() == []


def test_nobody_registers_for_another(app: Flask, person: Somebody, team: Team, owner_sql: Sql, acting: Acting) -> None:
    """Not even with another's session: the device is the actor's, without a session that isn't theirs."""
    other = team.member()
    ((session_id,),) = owner_sql("SELECT id FROM user_sessions WHERE user_id = %s", other.user_id)
    given = browser()
    with acting(Actor(person.actor.role, person.actor.org_id, person.user_id, session_id=session_id)):
        register_browser(Address("web", given["endpoint"], given["p256dh"], given["auth"]), "Chrome")
    assert owner_sql("SELECT user_id, session_id FROM push_subscriptions") == [(person.user_id, None)]


def test_a_long_list_costs_no_more_statements(person: Somebody, acting: Acting, statements: list[str]) -> None:
    def asked() -> int:
        statements.clear()
        assert person.get(PAGE).status_code == 200
        return len(statements)

    with acting(person.actor):
        register_app_token("token-a", "Our app")
    few = asked()
    with acting(person.actor):
        for number in range(12):
            register_app_token(f"token-{number}", "Our app")
    assert asked() == few


def test_strangers_and_foreign_sites_are_refused(app: Flask, person: Somebody) -> None:
    assert app.test_client().post(PAGE, data=browser()).status_code in {303, 400, 403}
    assert person.client.post(PAGE, data=browser()).status_code in {400, 403}
    assert person.post(f"{PAGE}/{UUID(int=7)}/removal").status_code == 404


def test_a_changed_address_that_is_known_already_is_the_same_device(person: Somebody, owner_sql: Sql) -> None:
    """The page may have told of it before the browser's worker did."""
    old, new = browser("b1"), browser("b2")
    for one in (old, new):
        person.post(PAGE, one)
    answer = person.post(f"{PAGE}/changed", new | {"old": old["endpoint"]})
    assert answer.status_code == 204
    assert names(owner_sql) == [new["endpoint"]]


def test_a_changed_address_is_checked_as_a_new_one_is(person: Somebody, owner_sql: Sql) -> None:
    old = browser("b1")
    person.post(PAGE, old)
    for endpoint in (f"https://updates.example.com/{'a' * 2100}", "https://10.0.0.7/x"):
        answer = person.post(f"{PAGE}/changed", browser() | {"endpoint": endpoint, "old": old["endpoint"]})
        assert answer.status_code == 422
    assert names(owner_sql) == [old["endpoint"]]
