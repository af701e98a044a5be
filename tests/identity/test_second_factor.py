"""The second factor: set up, asked for, spent once, locked, replaced; and no admin without it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from nexapp.identity.accounts import create_user
from nexapp.identity.second_factors import FactorCheck, begin_enrolment, check_factor
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work
from tests.identity.people import ANA, BEN, Person

Sql = Callable[..., list[Any]]
PAGE = "/sign-in/second-factor"


@pytest.fixture
def admin(person: Person, acting: Callable[..., Any]) -> Person:
    """Signed in by the code of the phone, and no further."""
    with acting(SYSTEM):
        create_user(BEN, "Pat Admin", is_platform_admin=True)
    assert person.sign_in(BEN).location.startswith(PAGE)
    return person


def key_on(page: str) -> str:
    found = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert found
    return found.group(1)


def enrol(admin: Person) -> tuple[str, list[str]]:
    key = key_on(admin.get(PAGE).text)
    done = admin.post(PAGE, {"code": pyotp.TOTP(key).now()}, page=PAGE)
    assert done.status_code == 200
    return key, re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.text)


def answer(admin: Person, code: str, **more: str) -> TestResponse:
    return admin.post(PAGE, {"code": code} | more, page=PAGE)


def fresh(new_person: Callable[[], Person], sql: Sql) -> Person:
    sql("UPDATE verification_codes SET created_at = created_at - interval '1 minute'")
    again = new_person()
    assert again.sign_in(BEN).location.startswith(PAGE)
    return again


def test_the_code_of_the_phone_alone_opens_no_admin_page(admin: Person) -> None:
    for address in ("/admin", "/admin/errors"):
        sent = admin.get(address)
        assert (sent.status_code, sent.location) == (303, f"{PAGE}?next={address}")
    assert admin.get("/admin", headers={"HX-Request": "true"}).headers["HX-Redirect"].startswith(PAGE)
    assert admin.get("/admin", headers={"Accept": "application/json"}).status_code == 403
    assert admin.get("/").location == "/admin"


def test_it_is_set_up_once_and_gives_recovery_codes(admin: Person, owner_sql: Sql) -> None:
    first = key_on(admin.get(PAGE).text)
    assert key_on(admin.get(PAGE).text) == first, "a reload must not make the scanned key void"
    _key, codes = enrol(admin)
    assert len(set(codes)) == 10
    assert admin.get("/admin").status_code == 200
    assert admin.get(PAGE).location == "/admin"
    stored = owner_sql("SELECT to_jsonb(f)::text || to_jsonb(r)::text FROM second_factors f, recovery_codes r")
    assert not any(first in row or code.replace("-", "") in row for (row,) in stored for code in codes)
    actions = {row[0] for row in owner_sql("SELECT action FROM audit_entries")}
    assert {"second_factor.confirmed", "session.second_factor"} <= actions


def test_the_session_gets_a_fresh_token(admin: Person, owner_sql: Sql) -> None:
    before = owner_sql("SELECT token_hash FROM user_sessions")
    enrol(admin)
    assert owner_sql("SELECT token_hash FROM user_sessions") != before


def test_a_code_counts_once(admin: Person, new_person: Callable[[], Person], owner_sql: Sql) -> None:
    key, _codes = enrol(admin)
    again = fresh(new_person, owner_sql)
    assert key not in again.get(PAGE).text, "the key is shown before it is confirmed, never afterwards"
    [(step,)] = owner_sql("SELECT last_step FROM second_factors")
    replayed = answer(again, pyotp.TOTP(key).at(step * 30))
    assert replayed.status_code == 422
    assert "used already" in replayed.text
    with time_machine.travel((step + 1) * 30, tick=True):
        assert answer(again, pyotp.TOTP(key).now(), next="/admin/errors").location == "/admin/errors"


def test_two_windows_with_one_code_open_one(app: Flask, admin: Person, owner_sql: Sql) -> None:
    key, _codes = enrol(admin)
    [(user_id,)] = owner_sql("UPDATE second_factors SET last_step = 0 RETURNING user_id")
    code = pyotp.TOTP(key).now()

    def show(_: int) -> FactorCheck:
        with app.app_context(), unit_of_work(SYSTEM):
            return check_factor(user_id, code)

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(show, range(4)))
    assert outcomes == [FactorCheck.ACCEPTED] + [FactorCheck.REPLAYED] * 3


@pytest.mark.parametrize("guessed", [False, True])
def test_windows_that_looked_before_each_other_count_one_after_the_other(
    app: Flask, admin: Person, owner_sql: Sql, guessed: bool
) -> None:
    key, _codes = enrol(admin)
    [(user_id,)] = owner_sql("UPDATE second_factors SET last_step = 0 RETURNING user_id")
    right, everybody_looked = pyotp.TOTP(key).now(), threading.Barrier(4)
    code = next(wrong for wrong in ("111111", "222222") if wrong != right) if guessed else right

    def show(_: int) -> FactorCheck:
        with app.app_context(), unit_of_work(SYSTEM):
            factor = begin_enrolment(user_id)
            everybody_looked.wait(10)
            outcome = check_factor(user_id, code)
            assert factor.user_id == user_id
            return outcome

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(show, range(4)))
    others = [FactorCheck.WRONG] * 4 if guessed else [FactorCheck.ACCEPTED] + [FactorCheck.REPLAYED] * 3
    assert outcomes == others
    assert owner_sql("SELECT failures FROM second_factors") == [(4 if guessed else 3,)]


def test_two_windows_set_up_one_key(app: Flask, admin: Person, owner_sql: Sql) -> None:
    [(user_id,)] = owner_sql("SELECT id FROM users WHERE phone = %s", BEN)
    gate = threading.Barrier(4)

    def begin(_: int) -> bytes:
        with app.app_context(), unit_of_work(SYSTEM):
            gate.wait(10)
            return begin_enrolment(user_id).nonce

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(begin, range(4)))) == 1


def test_a_recovery_code_counts_once(admin: Person, new_person: Callable[[], Person], owner_sql: Sql) -> None:
    _key, codes = enrol(admin)
    again = fresh(new_person, owner_sql)
    assert answer(again, codes[0].upper()).status_code == 303
    third = fresh(new_person, owner_sql)
    assert answer(third, codes[0]).status_code == 422
    assert answer(third, codes[1]).status_code == 303


@pytest.mark.parametrize("typed", ["000000", "12345", "x" * 40, "\uff11" * 6, "'; DROP TABLE users"])
def test_a_wrong_code_opens_nothing(admin: Person, typed: str) -> None:
    enrol_key = key_on(admin.get(PAGE).text)
    typed = "111111" if pyotp.TOTP(enrol_key).now() == typed else typed
    assert answer(admin, typed).status_code == 422
    assert admin.get("/admin").status_code == 303


def test_guessing_is_locked_and_the_right_code_with_it(admin: Person, owner_sql: Sql) -> None:
    key = key_on(admin.get(PAGE).text)
    wrong = next(code for code in ("111111", "222222") if code != pyotp.TOTP(key).now())
    assert [answer(admin, wrong).status_code for _ in range(6)] == [422] * 5 + [429]
    locked = answer(admin, pyotp.TOTP(key).now())
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    owner_sql("UPDATE second_factors SET failed_at = failed_at - interval '16 minutes'")
    assert answer(admin, pyotp.TOTP(key).now()).status_code == 200


def test_who_becomes_an_admin_while_signed_in_is_asked_too(owner: Person, owner_sql: Sql) -> None:
    owner_sql("UPDATE users SET is_platform_admin = true WHERE phone = %s", ANA)
    assert owner.get("/admin").location == f"{PAGE}?next=/admin"
    assert owner.get("/settings").status_code == 200, "their own business goes on"
    enrol(owner)
    assert owner.get("/admin").status_code == 200
    assert owner_sql("SELECT idle_seconds, expires_at < now() + interval '8 days' FROM user_sessions") == [
        (12 * 3600, True)
    ]


def test_others_are_not_asked(owner: Person) -> None:
    assert owner.get(PAGE).location == "/home"
    assert owner.post(PAGE, {"code": "1"}, page="/settings").location == "/home"


def test_the_demos_authenticator_is_of_this_machine_only(
    admin: Person, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_on(admin.get(PAGE).text)
    assert pyotp.TOTP(key).now() in admin.get("/dev/authenticator").text
    assert admin.get("/dev/authenticator", environ_base={"REMOTE_ADDR": "10.0.0.5"}).status_code == 404
    real = app.extensions["settings"].model_copy(update={"twilio_account_sid": "AC" + "1" * 32})
    monkeypatch.setitem(app.extensions, "settings", real)
    assert admin.get("/dev/authenticator").status_code == 404


def test_the_app_is_replaced_with_a_code_of_the_old_one(admin: Person, owner_sql: Sql) -> None:
    key, codes = enrol(admin)
    again = "/account/second-factor/replacement"
    admin.post(again, {"f-code": "000000"}, page="/account")
    assert owner_sql("SELECT count(*) FROM second_factors") == [(1,)]
    assert admin.post(again, {"f-code": codes[0]}, page="/account").location.startswith(PAGE)
    assert admin.get("/admin").status_code == 303, "an admin's session no longer"
    assert key_on(admin.get(PAGE).text) != key


def test_the_operator_opens_the_door_for_who_lost_everything(app: Flask, admin: Person, owner_sql: Sql) -> None:
    enrol(admin)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["reset-second-factor", ANA]).exit_code == 1
    assert runner.invoke(args=["reset-second-factor", "abc"]).exit_code == 1
    assert runner.invoke(args=["reset-second-factor", BEN]).exit_code == 0
    assert owner_sql("SELECT count(*) FROM second_factors") == [(0,)]
    assert admin.get("/admin").status_code == 303
