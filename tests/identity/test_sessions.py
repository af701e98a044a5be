from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from nexapp.identity.events import SignInCodeRequested
from nexapp.spine.sockets import RECHECK_KEY
from tests.identity.people import ANA, BEN, Person

Sql = Callable[..., list[Any]]


def test_signing_in_again_ends_the_session_before(
    owner: Person, owner_sql: Sql, texted: list[SignInCodeRequested]
) -> None:
    with owner.client.session_transaction() as kept:
        first = kept["_user_id"]
    token = owner.token("/businesses")
    owner.client.post("/sign-in", data={"csrf_token": token, "phone": ANA})
    owner.client.post("/sign-in/code", data={"csrf_token": token, "code": texted[-1].code})
    with owner.client.session_transaction() as kept:
        assert kept["_user_id"] != first
        assert kept.get("csrf_token") is None
    assert owner_sql("SELECT revoked_at IS NULL FROM user_sessions ORDER BY created_at") == [(False,), (True,)]


def test_a_session_row_tells_the_device_and_keeps_no_token(person: Person, owner_sql: Sql) -> None:
    person.sign_in(ANA)
    with person.client.session_transaction() as kept:
        token, permanent = kept["_user_id"], kept.permanent
    [(row, idle)] = owner_sql("SELECT to_jsonb(s)::text, idle_seconds FROM user_sessions s")
    assert token not in row
    assert "127.0.0.1" in row
    assert "Werkzeug" in row
    assert (permanent, idle) == (True, 30 * 86400)


def test_sign_out_revokes_the_row_and_a_kept_cookie_is_worth_nothing(owner: Person, owner_sql: Sql) -> None:
    with owner.client.session_transaction() as kept:
        before = dict(kept)
    assert owner.get("/businesses").status_code == 200
    out = owner.post("/sign-out", page="/businesses")
    assert (out.status_code, out.location) == (303, "/")
    assert owner_sql("SELECT count(*) FROM user_sessions WHERE revoked_at IS NULL") == [(0,)]
    with owner.client.session_transaction() as kept:
        kept.update(before)
    assert owner.get("/businesses").location.startswith("/sign-in")
    assert owner_sql("SELECT count(*) FROM audit_entries WHERE action = 'session.ended'") == [(1,)]


@pytest.mark.parametrize(
    "ended",
    [
        "UPDATE user_sessions SET revoked_at = now()",
        "UPDATE user_sessions SET expires_at = now()",
        "UPDATE user_sessions SET last_seen_at = now() - interval '31 days'",
        "UPDATE users SET deactivated_at = now()",
        "DELETE FROM user_sessions",
    ],
)
def test_an_ended_session_is_seen_at_once(owner: Person, owner_sql: Sql, ended: str) -> None:
    assert owner.get("/settings/staff").status_code == 200
    owner_sql(ended)
    assert owner.get("/settings/staff").location.startswith("/sign-in")
    fragment = owner.get("/settings/staff", headers={"HX-Request": "true"})
    assert fragment.headers["HX-Redirect"].startswith("/sign-in")


def test_a_forged_token_signs_nobody_in(person: Person) -> None:
    with person.client.session_transaction() as kept:
        kept["_user_id"] = "x" * 43
    assert person.get("/businesses").location.startswith("/sign-in")
    person.client.set_cookie("remember_token", "1|abc")
    assert person.get("/businesses").location.startswith("/sign-in")


@pytest.mark.parametrize(
    ("role", "staff", "business"),
    [("owner", 200, 200), ("admin", 200, 403), ("manager", 200, 403), ("staff", 403, 403), ("viewer", 403, 403)],
)
def test_a_changed_role_counts_with_the_next_request(
    owner: Person, owner_sql: Sql, role: str, staff: int, business: int
) -> None:
    owner_sql("UPDATE memberships SET role = %s", role)
    assert owner.get("/settings/staff").status_code == staff
    assert owner.get("/settings/business").status_code == business
    token = owner.token("/businesses")
    for address, allowed in (("/settings/staff", staff), ("/settings/business", business)):
        answer = owner.client.post(address, data={"csrf_token": token, "display_name": "Dr. Lee"})
        assert (answer.status_code == 403) is (allowed == 403)
    assert owner_sql("SELECT count(*) FROM staff_members") == [(2 if staff == 200 else 1,)]


@pytest.mark.parametrize(
    "ended", ["UPDATE memberships SET deactivated_at = now()", "UPDATE organizations SET suspended_at = now()"]
)
def test_a_lost_business_leads_to_the_selector(owner: Person, owner_sql: Sql, ended: str) -> None:
    owner_sql(ended)
    sent = owner.get("/settings/staff")
    assert (sent.status_code, sent.location) == (303, "/businesses")
    page = owner.get("/businesses").text
    assert ("No business yet" in page) is ("memberships" in ended)
    assert ("Suspended" in page) is ("organizations" in ended)


def test_a_closed_account_is_told_after_the_code_only(
    owner: Person, new_person: Callable[[], Person], owner_sql: Sql, texted: list[SignInCodeRequested]
) -> None:
    owner_sql("UPDATE users SET deactivated_at = now()")
    again = new_person()
    assert again.post("/sign-in", {"phone": ANA}).status_code == 303
    refused = again.post("/sign-in/code", {"code": texted[-1].code}, page="/sign-in/code")
    assert refused.status_code == 403
    assert "closed" in refused.text
    assert owner_sql("SELECT count(*) FROM user_sessions") == [(1,)]


def test_use_is_noted_every_few_minutes(owner: Person, owner_sql: Sql) -> None:
    seen = "SELECT last_seen_at > now() - interval '1 minute' FROM user_sessions"
    owner_sql("UPDATE user_sessions SET last_seen_at = now() - interval '4 minutes'")
    owner.get("/businesses")
    assert owner_sql(seen) == [(False,)]
    owner_sql("UPDATE user_sessions SET last_seen_at = now() - interval '6 minutes', user_agent = 'old'")
    owner.get("/businesses")
    assert owner_sql(seen) == [(True,)]
    assert owner_sql("SELECT user_agent <> 'old' FROM user_sessions") == [(True,)]


def test_platform_admins_idle_for_twelve_hours(
    app: Flask, person: Person, acting: Callable[..., Any], owner_sql: Sql
) -> None:
    from nexapp.identity.accounts import create_user
    from nexapp.spine.tenancy import SYSTEM

    with acting(SYSTEM):
        create_user(BEN, "Root", is_platform_admin=True)
    person.sign_in(BEN)
    assert owner_sql("SELECT idle_seconds FROM user_sessions") == [(12 * 3600,)]


def test_the_next_session_works_in_the_business_used_last(
    owner: Person, new_person: Callable[[], Person], owner_sql: Sql
) -> None:
    owner.found("Uptown Dental")
    owner_sql("UPDATE verification_codes SET created_at = created_at - interval '1 minute'")
    again = new_person()
    assert again.sign_in(ANA).location == "/"
    assert "Uptown Dental" in again.get("/settings/business").text


def test_the_theme_is_a_choice_of_the_device(person: Person) -> None:
    chosen = person.post("/theme", {"theme": "dark", "next": "/sign-in"})
    assert (chosen.status_code, chosen.location) == (303, "/sign-in")
    assert 'data-bs-theme="dark"' in person.get("/sign-in").text
    assert person.post("/theme", {"theme": "pink"}).status_code == 422
    assert person.post("/theme", {"theme": "light", "next": "//evil.example"}).location == "/"


def test_the_cookie_is_renewed_with_use_and_not_by_every_file(owner: Person, owner_sql: Sql) -> None:
    owner.get("/businesses")
    assert "Set-Cookie" not in owner.get("/businesses").headers
    file = owner.get("/static/js/theme.js")
    assert "Set-Cookie" not in file.headers
    assert "Cookie" not in file.headers.get("Vary", "")
    owner_sql("UPDATE user_sessions SET last_seen_at = now() - interval '6 minutes'")
    assert "Expires=" in owner.get("/businesses").headers["Set-Cookie"]


def test_topics_are_for_oneself_and_the_chosen_business(owner: Person, app: Flask, owner_sql: Sql) -> None:
    from nexapp.spine.access import Principal
    from nexapp.spine.realtime import may_join
    from nexapp.spine.tenancy import Role

    [(user, org)] = owner_sql("SELECT user_id, org_id FROM memberships")
    ana = Principal(user, user, org, Role.VIEWER)
    left = Principal(user, user, None, Role.NOBODY)
    assert may_join(ana, f"user:{user}")
    assert may_join(ana, f"org:{org}:slots")
    assert may_join(left, f"user:{user}")
    for who, name in (
        (None, f"user:{user}"), (None, f"org:{org}:slots"), (ana, f"user:{org}"), (ana, f"user:{user}:more"),
        (ana, f"org:{user}:slots"), (left, f"org:{org}:slots"), (left, "org:None:slots"), (ana, "org:"), (ana, "user:"),
    ):  # fmt: skip
        assert not may_join(who, name)


def test_signing_out_asks_for_a_look_at_the_open_sockets(app: Flask, owner: Person) -> None:
    before = int(app.extensions["redis"].get(RECHECK_KEY) or 0)
    assert owner.post("/sign-out", page="/settings").status_code == 303
    assert int(app.extensions["redis"].get(RECHECK_KEY) or 0) == before + 1
    assert owner.client.post("/sign-out").status_code in {303, 400}
    assert int(app.extensions["redis"].get(RECHECK_KEY) or 0) == before + 1, "nobody was signed in"
