"""Every route and every method of the URL map, called by one business with the ids of the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from nexapp.slots.tokens import claim_token, request_token
from nexapp.spine.access import access_of

from . import world
from .conftest import signed_in

Sql = Callable[..., list[Any]]

SAMPLES: dict[str, Callable[[world.Tenant], str]] = {
    "slot_id": lambda t: str(t["slot"]),
    "staff_id": lambda t: str(t["staff"]),
    "staff_member_id": lambda t: str(t["staff"]),
    "service_id": lambda t: str(t["service"]),
    "notify_request_id": lambda t: str(t["request"]),
    "message_id": lambda t: str(t["message"]),
    "error_id": lambda t: str(t["error"]),
    "session_id": lambda t: str(t["session"]),
    "org_id": lambda t: str(t["org"]),
    "code_id": lambda t: str(t["code"]),
    "offer_id": lambda t: str(t["offer"]),
    "slug": lambda t: t.values["slug"],
    "filename": lambda t: "robots.txt",
    "purpose": lambda t: "reminder",
    "location_id": lambda t: str(t["location"]),
    "consumer_id": lambda t: str(t["consumer"]),
    "user_id": lambda t: str(t["user"]),
    "membership_id": lambda t: str(t["membership"]),
    "name": lambda t: "slot_booked",
    "channel": lambda t: "email",
    "on_date": lambda t: "2026-01-04",
    "job_type": lambda t: "daily_rescan",
}
"""For each kind of id in an address, the other business's own. A new kind without a sample fails the test."""

TOKENS = {"claims": lambda t: claim_token(t["offer"]), "waiting_list": lambda t: request_token(t["request"])}
"""Whoever has one of these links may use it: that is their purpose. They are walked with unknown tokens."""

MAY_CHANGE = {"verification_codes": "anybody may ask for a code on a public page; it proves nothing by itself"}
PUBLIC_PAGES = {"waiting_list"}
SALES = "sales."
LEAST_SALES_ADDRESSES = 20
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    endpoint: str


def sample(rule: Rule, argument: str, tenant: world.Tenant) -> str:
    if argument == "token":
        return "A" * 22
    for part in world.areas.AREAS:
        if argument in part.SAMPLES:
            return str(tenant[part.SAMPLES[argument]])
    assert argument in SAMPLES, f"{rule.rule}: tests/tenancy/test_routes.py has no sample for {argument}"
    return SAMPLES[argument](tenant)


def calls(app: Flask, tenant: world.Tenant, part: str = "") -> Iterator[Call]:
    adapter = app.url_map.bind("127.0.0.1")
    for rule in [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(part)]:
        values = {argument: sample(rule, argument, tenant) for argument in rule.arguments}
        path = adapter.build(rule.endpoint, values, force_external=False)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Call(method, path.replace("http://127.0.0.1", ""), rule.endpoint)


def foreign_form(tenant: world.Tenant) -> dict[str, str]:
    """Every id of the other business under every name a form might use."""
    named = {name: value(tenant) for name, value in SAMPLES.items()}
    return named | {
        "staff_member": str(tenant["staff"]), "service": str(tenant["service"]), "next": "/", "role": "owner",
        "name": "Mallory", "display_name": "Mallory", "phone": "+12125550177", "date": "2099-02-02",
        "time": "10:00", "starts": "10:00", "minutes": "30", "duration": "30", "note": "from Mallory", "consent": "y",
        "time_zone": "America/New_York", "average_value": "70.00", "open": "1", "action": "open", "reason": "x",
    }  # fmt: skip


@pytest.fixture(params=["both guards", "only the database", "only the code"])
def guarded_app(request: pytest.FixtureRequest, app: Flask) -> Flask:
    if request.param == "only the database":
        return request.getfixturevalue("careless_app")
    if request.param == "only the code":
        request.getfixturevalue("open_database")
    return app


def ask(app: Flask, owner_sql: Sql, caller: world.Tenant, call: Call, victim: world.Tenant) -> Any:
    """One call by a signed-in owner with a valid CSRF token; earlier calls may have ended the session."""
    owner_sql("UPDATE user_sessions SET revoked_at = NULL, org_id = %s WHERE id = %s", caller["org"], caller["session"])
    client = signed_in(app, caller)
    if call.method not in UNSAFE:
        return client.open(call.path, method=call.method)
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/settings").text)
    assert token
    headers = {"X-CSRFToken": token.group(1)}
    return client.open(call.path, method=call.method, data=foreign_form(victim), headers=headers)


def walk(
    app: Flask, owner_sql: Sql, tables: list[str], caller: world.Tenant, victim: world.Tenant, part: str = ""
) -> None:
    """Call everything of a part; raises `AssertionError` where something of the victim is shown or changed."""
    before = world.checksums(owner_sql, tables, victim)
    for call in list(calls(app, victim, part)):
        answer = ask(app, owner_sql, caller, call, victim)
        assert answer.status_code != 400, (call, "the walk must get past the CSRF check")
        assert answer.status_code < 500 or call.endpoint.startswith("operations."), (call, answer.text[:500])
        if call.endpoint.split(".")[0] not in PUBLIC_PAGES:
            assert victim.mark not in answer.text, call
    # The text of a code that anybody may ask for; whether it may go again depends on how long the walk has taken.
    owner_sql("DELETE FROM messages WHERE purpose = 'waiting_list_code'")
    after = world.checksums(owner_sql, tables, victim)
    changed = {table for table in tables if before[table] != after[table]} - set(MAY_CHANGE)
    assert not changed, changed


def test_no_route_shows_or_changes_the_others_rows(
    guarded_app: Flask, owner_sql: Sql, tables: list[str], alpha: world.Tenant, bravo: world.Tenant
) -> None:
    walk(guarded_app, owner_sql, tables, alpha, bravo)


@pytest.fixture
def sales_teams(owner_sql: Sql, alpha: world.Tenant, bravo: world.Tenant) -> None:
    """Both are sales teams: to others the pages of that part don't exist."""
    owner_sql("UPDATE organizations SET kind = 'sales'")


def test_no_route_of_a_sales_team_shows_or_changes_the_others_rows(
    guarded_app: Flask, owner_sql: Sql, tables: list[str], alpha: world.Tenant, bravo: world.Tenant, sales_teams: None
) -> None:
    walk(guarded_app, owner_sql, tables, alpha, bravo, SALES)


def test_a_sales_teams_addresses_with_the_others_ids_are_not_found(
    app: Flask, owner_sql: Sql, alpha: world.Tenant, bravo: world.Tenant, sales_teams: None
) -> None:
    checked = 0
    for call in list(calls(app, bravo, SALES)):
        if any(str(value) in call.path for value in bravo.ids.values()):
            assert ask(app, owner_sql, alpha, call, bravo).status_code == 404, call
            checked += 1
    assert checked >= LEAST_SALES_ADDRESSES


def test_a_sales_teams_own_ids_work(
    app: Flask, alpha: world.Tenant, bravo: world.Tenant, sales_teams: None
) -> None:  # fmt: skip
    client = signed_in(app, alpha)
    for path in (f"/prospects/{alpha['prospect']}", "/prospects", "/prospects/board", "/prospects/imports"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "ALPHA" in answer.text, path
        assert "BRAVO" not in answer.text, path


def test_the_walk_notices_when_both_guards_are_off(
    careless_app: Flask,
    open_database: None,
    owner_sql: Sql,
    tables: list[str],
    alpha: world.Tenant,
    bravo: world.Tenant,
) -> None:
    with pytest.raises(AssertionError):
        walk(careless_app, owner_sql, tables, alpha, bravo)


def test_addresses_with_the_others_ids_are_not_found(
    app: Flask, owner_sql: Sql, alpha: world.Tenant, bravo: world.Tenant
) -> None:
    """Not forbidden: that would tell that the row exists."""
    for call in list(calls(app, bravo)):
        access = access_of(app, call.endpoint)
        if access is None or access.kind != "member":
            continue
        if any(str(value) in call.path for value in bravo.ids.values()):
            assert ask(app, owner_sql, alpha, call, bravo).status_code == 404, call


def test_own_ids_work(app: Flask, alpha: world.Tenant, bravo: world.Tenant) -> None:
    """The walk above proves nothing if the routes refuse everybody."""
    answer = signed_in(app, alpha).get(f"/slots/{alpha['slot']}")
    assert answer.status_code == 200
    assert "ALPHA" in answer.text
    assert "BRAVO" not in answer.text


def test_a_stranger_reaches_no_member_page(app: Flask, alpha: world.Tenant) -> None:
    for call in list(calls(app, alpha)):
        access = access_of(app, call.endpoint)
        if access is None or access.kind in {"public", "link"} or call.method in UNSAFE:
            continue
        answer = app.test_client().open(call.path, method=call.method)
        assert answer.status_code in {302, 303, 401, 403, 404}, (call, answer.status_code)


def test_members_are_not_platform_admins(app: Flask, alpha: world.Tenant) -> None:
    for call in list(calls(app, alpha)):
        access = access_of(app, call.endpoint)
        if access is not None and access.kind == "platform_admin":
            answer = signed_in(app, alpha).open(call.path, method=call.method)
            assert answer.status_code in {400, 403}, (call, answer.status_code)
