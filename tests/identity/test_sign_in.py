from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.identity.events import SignInCodeRequested
from nexapp.spine.clock import now
from tests.identity.people import ANA, BEN, Person

Sql = Callable[..., list[Any]]


def test_the_code_page_says_where_to_look(person: Person) -> None:
    assert "one-time-code" not in person.get("/sign-in").text
    asked = person.post("/sign-in", {"phone": "(555) 123-0001"})
    assert (asked.status_code, asked.location) == (303, "/sign-in/code")
    page = person.get("/sign-in/code").text
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert "123-0001" in page
    assert "messages of that phone" in page


def test_a_code_signs_in_once_and_leads_a_new_person_to_onboarding(
    person: Person, texted: list[SignInCodeRequested], owner_sql: Sql
) -> None:
    person.post("/sign-in", {"phone": ANA})
    token = person.token("/sign-in/code")
    before = cookies(person)
    done = person.client.post("/sign-in/code", data={"csrf_token": token, "code": texted[-1].code})
    assert (done.status_code, done.location) == (303, "/onboarding")
    assert owner_sql("SELECT phone FROM users") == [(ANA,)]
    put_back(person, before)
    replayed = person.client.post("/sign-in/code", data={"csrf_token": token, "code": texted[-1].code})
    assert "used already" in person.get(replayed.location).text
    assert owner_sql("SELECT count(*) FROM user_sessions") == [(1,)]
    assert person.get("/businesses").location.startswith("/sign-in")


def cookies(person: Person) -> dict[str, Any]:
    with person.client.session_transaction() as kept:
        return dict(kept)


def put_back(person: Person, before: dict[str, Any]) -> None:
    with person.client.session_transaction() as kept:
        kept.clear()
        kept.update(before)


@pytest.mark.parametrize("came_first", [True, False], ids=["after the first answer", "before the first answer"])
def test_a_second_tap_goes_on_where_the_first_one_led(
    owner: Person, new_person: Callable[[], Person], texted: list[SignInCodeRequested], came_first: bool
) -> None:
    person = new_person()
    person.post("/sign-in", {"phone": ANA, "next": "/settings/staff"})
    form = {"csrf_token": person.token("/sign-in/code"), "code": texted[-1].code}
    before = cookies(person)
    person.client.post("/sign-in/code", data=form)
    after = cookies(person)
    if not came_first:
        put_back(person, before)
    second = person.client.post("/sign-in/code", data=form)
    assert "Set-Cookie" not in second.headers, "a late answer must not put the older cookie back"
    put_back(person, after)
    landed = person.get(second.location, follow_redirects=True)
    assert (landed.status_code, landed.request.path) == (200, "/home" if came_first else "/settings/staff")


def test_the_answer_is_the_same_for_known_and_unknown_numbers(
    owner: Person, new_person: Callable[[], Person], owner_sql: Sql
) -> None:
    answers = []
    for phone in (ANA, BEN):
        stranger = new_person()
        asked = stranger.post("/sign-in", {"phone": phone})
        page = stranger.get(asked.location).text
        answers.append((asked.status_code, asked.location, asked.text, page.count("<form"), page.count("another")))
    assert answers[0] == answers[1]
    assert owner_sql("SELECT count(*) FROM users") == [(1,)]


@pytest.mark.parametrize("written", ["", "abc", "555-0123", "123", "\x00", "9" * 3000, "<b>1</b>"])
def test_an_impossible_number_stays_in_the_form(person: Person, written: str, texted: list[Any]) -> None:
    refused = person.post("/sign-in", {"phone": written})
    assert refused.status_code == 422
    assert 'id="phone-error"' in refused.text
    assert texted == []
    if written.isalnum():
        assert f'value="{written}"' in refused.text


def test_a_second_code_must_wait_half_a_minute(person: Person, owner_sql: Sql) -> None:
    person.post("/sign-in", {"phone": ANA})
    refused = person.post("/sign-in", {"phone": ANA})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 31
    assert "A code is on its way" in refused.text
    assert f'value="{ANA}"' in refused.text
    refused = person.post("/sign-in/codes", page="/sign-in/code")
    assert refused.status_code == 429
    assert 'id="code-error"' in refused.text
    owner_sql("UPDATE verification_codes SET created_at = created_at - interval '31 seconds'")
    assert person.post("/sign-in/codes", page="/sign-in/code").status_code == 303


def test_five_codes_an_hour(person: Person, owner_sql: Sql) -> None:
    for _ in range(5):
        assert person.post("/sign-in", {"phone": ANA}).status_code == 303
        owner_sql("UPDATE verification_codes SET created_at = created_at - interval '40 seconds'")
    refused = person.post("/sign-in", {"phone": ANA})
    assert refused.status_code == 429
    assert 3000 < int(refused.headers["Retry-After"]) < 3500
    assert "5 codes within an hour" in refused.text
    assert person.post("/sign-in", {"phone": BEN}).status_code == 303
    owner_sql("UPDATE verification_codes SET created_at = created_at - interval '1 hour'")
    assert person.post("/sign-in", {"phone": ANA}).status_code == 303


def test_many_numbers_from_one_address_are_refused(person: Person, owner_sql: Sql) -> None:
    owner_sql(
        "INSERT INTO verification_codes (id, phone, prefix, purpose, code_hash, ip, expires_at)"
        " SELECT gen_random_uuid(), '+1305360' || n, '+1305', 'sign_in', '', '127.0.0.1', now()"
        " FROM generate_series(1000, 1599) n"
    )
    refused = person.post("/sign-in", {"phone": ANA})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
    owner_sql("UPDATE verification_codes SET ip = '10.0.0.1'")
    assert person.post("/sign-in", {"phone": ANA}).status_code == 303


def test_a_range_of_numbers_is_limited(person: Person, owner_sql: Sql) -> None:
    owner_sql(
        "INSERT INTO verification_codes (id, phone, prefix, purpose, code_hash, expires_at)"
        " SELECT gen_random_uuid(), '+1555' || n, '+1555', 'sign_in', '', now() FROM generate_series(1001, 4000) n"
    )
    assert person.post("/sign-in", {"phone": ANA}).status_code == 429
    assert person.post("/sign-in", {"phone": "+13053601234"}).status_code == 303


def test_five_attempts(person: Person, texted: list[SignInCodeRequested], owner_sql: Sql) -> None:
    person.post("/sign-in", {"phone": ANA})
    right = texted[-1].code
    wrong = "111111" if right != "111111" else "222222"
    for left in (4, 3, 2, 1):
        refused = person.post("/sign-in/code", {"code": wrong}, page="/sign-in/code")
        assert refused.status_code == 422
        assert f"{left} tr" in refused.text
    assert "one try too many" in person.post("/sign-in/code", {"code": wrong}, page="/sign-in/code").text
    last = person.post("/sign-in/code", {"code": right}, page="/sign-in/code")
    assert last.status_code == 422
    assert owner_sql("SELECT attempts, used_at FROM verification_codes") == [(5, None)]
    assert owner_sql("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "      ", "🙂", "\x00"])
def test_what_is_no_code_costs_no_attempt(person: Person, typed: str, owner_sql: Sql) -> None:
    person.post("/sign-in", {"phone": ANA})
    assert person.post("/sign-in/code", {"code": typed}, page="/sign-in/code").status_code == 422
    assert owner_sql("SELECT attempts FROM verification_codes") == [(0,)]


def test_a_code_may_be_typed_with_spaces(person: Person, texted: list[SignInCodeRequested]) -> None:
    person.post("/sign-in", {"phone": ANA})
    code = texted[-1].code
    assert person.post("/sign-in/code", {"code": f" {code[:3]} {code[3:]} "}, page="/sign-in/code").status_code == 303


def test_a_code_lasts_five_minutes(person: Person, texted: list[SignInCodeRequested], owner_sql: Sql) -> None:
    before = now()
    person.post("/sign-in", {"phone": ANA})
    [(expires_at,)] = owner_sql("SELECT expires_at FROM verification_codes")
    assert before + timedelta(minutes=5) <= expires_at <= now() + timedelta(minutes=5)
    owner_sql("UPDATE verification_codes SET expires_at = now() - interval '1 second'")
    late = person.post("/sign-in/code", {"code": texted[-1].code}, page="/sign-in/code")
    assert late.status_code == 422
    assert "has lapsed" in late.text


def test_only_a_hash_is_kept(person: Person, texted: list[SignInCodeRequested], owner_sql: Sql) -> None:
    person.post("/sign-in", {"phone": ANA})
    [(row,)] = owner_sql("SELECT to_jsonb(v)::text FROM verification_codes v")
    assert texted[-1].code not in row.replace(str(texted[-1].code_id), "").replace(ANA, "")


def test_one_persons_code_is_no_use_to_another(
    person: Person, new_person: Callable[[], Person], texted: list[SignInCodeRequested]
) -> None:
    person.post("/sign-in", {"phone": ANA})
    anas = texted[-1].code
    other = new_person()
    other.post("/sign-in", {"phone": BEN})
    if texted[-1].code != anas:
        assert other.post("/sign-in/code", {"code": anas}, page="/sign-in/code").status_code == 422


@pytest.mark.parametrize("code", ["000000"])
def test_the_bypass_code_counts_only_when_it_is_on(
    app: Flask, person: Person, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.post("/sign-in", {"phone": ANA})
    assert person.post("/sign-in/code", {"code": code}, page="/sign-in/code").status_code == 422
    on = app.extensions["settings"].model_copy(update={"bypass_otp_check": True})
    monkeypatch.setitem(app.extensions, "settings", on)
    assert person.post("/sign-in/code", {"code": code}, page="/sign-in/code").status_code == 303


def test_a_code_page_without_a_number_leads_back(person: Person) -> None:
    assert person.get("/sign-in/code").location == "/sign-in"
    assert person.post("/sign-in/code", {"code": "123456"}).location == "/sign-in"
    assert person.post("/sign-in/codes").location == "/sign-in"


@pytest.mark.parametrize(
    "address", ["/sign-in", "/sign-in/code", "/sign-in/codes", "/sign-out", "/onboarding", "/theme"]
)
def test_a_form_without_a_token_is_refused(person: Person, address: str, owner_sql: Sql, texted: list[Any]) -> None:
    assert person.client.post(address, data={"phone": ANA}).status_code == 400
    assert texted == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "javascript:alert(1)", "///evil.example", "/%0d%0aLocation:x\r\nx", " //evil.example", "http:/evil.example",
        "/sign-out", "evil.example", "/\u2028/evil",
    ],
)  # fmt: skip
def test_next_never_leads_away(
    owner: Person, new_person: Callable[[], Person], elsewhere: str, texted: list[Any]
) -> None:
    again = new_person()
    again.post("/sign-in", {"phone": ANA, "next": elsewhere})
    done = again.post("/sign-in/code", {"code": texted[-1].code}, page="/sign-in/code")
    assert (done.status_code, done.location) == (303, "/")
    assert again.get("/sign-in", query_string={"next": elsewhere}).location in {"/home", "/businesses"}


def test_next_leads_to_the_page_that_was_wanted(
    owner: Person, new_person: Callable[[], Person], texted: list[SignInCodeRequested]
) -> None:
    again = new_person()
    sent = again.get("/settings/staff?page=2")
    assert (sent.status_code, sent.location) == (303, "/sign-in?next=/settings/staff?page%3D2")
    assert 'value="/settings/staff?page=2"' in again.get(sent.location).text
    again.post("/sign-in", {"phone": ANA, "next": "/settings/staff?page=2"})
    done = again.post("/sign-in/code", {"code": texted[-1].code}, page="/sign-in/code")
    assert done.location == "/settings/staff?page=2"


def test_expired_codes_are_deleted_hourly(
    app: Flask, person: Person, owner_sql: Sql, run_jobs: Callable[[], None]
) -> None:
    from nexapp.spine.schedule import ENTRIES, fire

    assert ENTRIES["delete-expired-codes"].cron.endswith("* * * *")
    person.post("/sign-in", {"phone": ANA})
    person.post("/sign-in", {"phone": BEN})
    old = "UPDATE verification_codes SET expires_at = now() - interval '56 min', created_at = now() - interval '61 min'"
    owner_sql(old + " WHERE phone = %s", ANA)
    with app.app_context():
        fire("delete-expired-codes")
    run_jobs()
    assert owner_sql("SELECT phone FROM verification_codes") == [(BEN,)]
