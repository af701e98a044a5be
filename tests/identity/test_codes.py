"""Codes under load: many requests at once for one number or one code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from nexapp.identity import codes
from nexapp.identity.businesses import create_organization
from nexapp.identity.codes import CodeState, check_code, issue_code
from nexapp.identity.events import SignInCodeRequested
from nexapp.spine.errors import TooMany
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.identity.people import ANA, BEN

Sql = Callable[..., list[Any]]


def _at_once(app: Flask, times: int, act: Callable[[], Any], actor: Actor = SYSTEM) -> list[Any]:
    def one(_: int) -> Any:
        with app.app_context():
            try:
                with unit_of_work(actor):
                    return act()
            except TooMany as limit:
                return limit

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_of_many_requests_at_once_one_sends_a_code(
    app: Flask, texted: list[SignInCodeRequested], owner_sql: Sql
) -> None:
    answers = _at_once(app, 8, lambda: issue_code(ANA, "sign_in"))
    assert Counter(isinstance(answer, TooMany) for answer in answers) == {True: 7, False: 1}
    assert len(texted) == 1
    assert owner_sql("SELECT count(*) FROM verification_codes") == [(1,)]


def test_of_many_right_answers_at_once_one_counts(app: Flask, acting: Any, texted: list[SignInCodeRequested]) -> None:
    with acting(SYSTEM):
        code_id = issue_code(ANA, "sign_in")
    states = _at_once(app, 8, lambda: check_code(code_id, texted[-1].code).state)
    assert Counter(states) == {CodeState.ACCEPTED: 1, CodeState.USED: 7}


def test_guesses_at_once_are_counted_one_by_one(app: Flask, acting: Any, texted: list[Any], owner_sql: Sql) -> None:
    with acting(SYSTEM):
        code_id = issue_code(ANA, "sign_in")
    wrong = "111111" if texted[-1].code != "111111" else "222222"
    states = _at_once(app, 8, lambda: check_code(code_id, wrong).state)
    assert Counter(states) == {CodeState.WRONG: 4, CodeState.SPENT: 4}
    assert owner_sql("SELECT attempts FROM verification_codes") == [(5,)]


def test_a_waiting_lists_code_belongs_to_its_business(
    app: Flask, acting: Any, texted: list[SignInCodeRequested], owner_sql: Sql
) -> None:
    with acting(SYSTEM):
        orgs = [create_organization(name, time_zone="UTC").id for name in ("One", "Two")]
    one, two = (Actor(Role.LINK, org) for org in orgs)
    with acting(one):
        code_id = issue_code(ANA, "waiting_list", {"name": "Ana"}, orgs[0])
    assert (texted[-1].purpose, texted[-1].org_id, texted[-1].phone) == ("waiting_list", orgs[0], ANA)
    with acting(two):
        assert check_code(code_id, texted[-1].code).state is CodeState.EXPIRED
    # The limits hold over all businesses, though the second can't see the first one's rows.
    with pytest.raises(TooMany), acting(two):
        issue_code(ANA, "waiting_list", {}, orgs[1])
    with acting(one):
        result = check_code(code_id, texted[-1].code)
        assert result.accepted
        assert result.code is not None
        assert result.code.payload == {"name": "Ana"}
    assert owner_sql("SELECT attempts, used_at IS NOT NULL FROM verification_codes") == [(1, True)]


def test_entered_codes_dont_count_towards_the_hour(app: Flask, acting: Any, texted: list[SignInCodeRequested]) -> None:
    for _ in range(codes.PER_PHONE + 2):
        with acting(SYSTEM):
            code_id = issue_code(BEN, "sign_in")
        with acting(SYSTEM):
            assert check_code(code_id, texted[-1].code).accepted


def test_limits_are_tighter_where_texts_cost(
    app: Flask, acting: Any, owner_sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_sql(
        "INSERT INTO verification_codes (id, phone, prefix, purpose, code_hash, expires_at)"
        " SELECT gen_random_uuid(), '+1305360' || n, '+1305', 'sign_in', '', now() FROM generate_series(1000, 1299) n"
    )
    with acting(SYSTEM):
        issue_code("+13053609999", "sign_in")
    real = app.extensions["settings"].model_copy(update={"twilio_account_sid": "AC123"})
    monkeypatch.setitem(app.extensions, "settings", real)
    with pytest.raises(TooMany), acting(SYSTEM):
        issue_code("+13053609998", "sign_in")
