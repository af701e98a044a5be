"""Keys: shown once, kept as a hash, good for what they were made for and no longer than that."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from nexapp.spine.errors import Forbidden
from tests.api.world import Api, Team
from tests.identity.people import Person

COUNT = "/notifications/unread-count"


def test_a_key_opens_what_it_was_made_for(team: Team) -> None:
    assert team.caller(scopes=["notifications:read"]).get(COUNT).json == {"unread": 0}
    refused = team.caller(scopes=["prospects:read"]).get(COUNT)
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
    assert refused.mimetype == "application/problem+json"
    assert "notifications:read" in refused.json["title"]


def test_only_its_hash_is_kept(team: Team, owner_sql: Callable[..., list[Any]]) -> None:
    secret = team.key()
    [(kept, hint, row)] = owner_sql("SELECT key_hash, hint, k::text FROM api_keys k")
    assert (bytes(kept), hint) == (hashlib.sha256(secret.encode()).digest(), secret[:10])
    assert secret not in row


@pytest.mark.parametrize("given", ["", "nxk_", "nxk_mistyped", "Bearer", "nxk_" + "ü" * 20, "x" * 5000])
def test_a_key_that_nobody_made_opens_nothing(team: Team, given: str) -> None:
    answer = team.app.test_client().get(f"/api/v1{COUNT}", headers={"Authorization": f"Bearer {given}"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="NexApp"'


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE api_keys SET revoked_at = now()",
        "UPDATE api_keys SET expires_at = now() - interval '1 second'",
        "UPDATE organizations SET suspended_at = now()",
        "UPDATE memberships SET deactivated_at = now()",
        "UPDATE users SET deactivated_at = now()",
    ],
)
def test_a_key_ends_with_what_it_stands_on(team: Team, owner_sql: Callable[..., Any], ending: str) -> None:
    caller = team.caller()
    assert caller.get(COUNT).status_code == 200
    owner_sql(ending)
    assert (caller.get(COUNT).status_code, caller.get(COUNT).json["code"]) == (401, "key_not_valid")


def test_a_personal_key_does_what_its_person_may_do_at_the_time(team: Team, owner_sql: Callable[..., Any]) -> None:
    caller = team.caller("staff")
    assert caller.post("/prospects", {"name": "Ana Able"}).status_code == 201
    owner_sql("UPDATE memberships SET role = 'viewer' WHERE user_id = %s", team.people["staff"])
    refused = caller.post("/prospects", {"name": "Ben Blue"})
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")


def test_a_key_of_the_business_is_nobody(team: Team) -> None:
    refused = team.caller(kind="service").get(COUNT)
    assert (refused.status_code, refused.json["code"]) == (403, "person_needed")


@pytest.mark.parametrize("role", ["staff", "manager"])
def test_below_an_admin_nobody_makes_a_key_of_the_business(team: Team, role: str) -> None:
    with pytest.raises(Forbidden):
        team.key(role, "service")


def test_its_use_is_noted(team: Team, owner_sql: Callable[..., list[Any]]) -> None:
    caller = team.caller()
    caller.get(COUNT)
    assert owner_sql("SELECT last_used_at > now() - interval '1 minute' FROM api_keys") == [(True,)]


def test_a_browser_needs_its_token_for_changes_and_none_for_reading(owner: Person) -> None:
    assert owner.get(f"/api/v1{COUNT}").json == {"unread": 0}
    forged = owner.client.post("/api/v1/notifications/read-all", headers={"Authorization": "Basic abc"})
    assert (forged.status_code, forged.json["code"]) == (400, "stale_form")


def test_the_page_shows_a_new_key_once_and_takes_it_back(owner: Person, app: Flask) -> None:
    typed = {"name": "Reports", "kind": "personal", "scopes": ["notifications:read"], "lasts": "90"}
    made = owner.post("/settings/api-keys", typed)
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    secret = re.search(r"nxk_[\w-]{43}", made.text)
    assert secret is not None
    shown = owner.get("/settings/api-keys")
    assert secret.group() not in shown.text
    assert "Reports" in shown.text
    caller = Api(app.test_client(), secret.group())
    assert caller.get(COUNT).status_code == 200
    action = re.search(r'action="(/settings/api-keys/[^"]+/revocation)"', shown.text)
    assert action is not None
    assert owner.post(action.group(1), {}, page="/settings/api-keys").status_code == 303
    assert caller.get(COUNT).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"lasts": "7"}, "lasts"),
    ],
)
def test_what_a_key_lacks_is_said_beside_its_field(owner: Person, change: dict[str, Any], field: str) -> None:
    typed = {"name": "Reports", "kind": "personal", "scopes": ["notifications:read"], "lasts": "90", **change}
    refused = owner.post("/settings/api-keys", typed)
    assert refused.status_code == 422
    assert f'id="{field}-error"' in refused.text


def test_members_make_no_keys_for_the_whole_business(team: Team) -> None:
    from nexapp.identity.api_key_views import _form

    with team.app.test_request_context("/settings/api-keys"):
        from nexapp.spine.unit import unit_of_work

        with unit_of_work(team.actor("staff")):
            assert [value for value, _ in _form().kind.choices] == ["personal"]
        with unit_of_work(team.actor("admin")):
            assert [value for value, _ in _form().kind.choices] == ["personal", "service"]


def test_the_installations_keys_are_made_listed_and_revoked_by_command(app: Flask) -> None:
    runner = app.test_cli_runner()
    secret = runner.invoke(args=["keys", "create", "cron", "--scope", "jobs:run"]).output.strip()
    listed = runner.invoke(args=["keys", "list"]).output
    assert secret[:10] in listed
    assert secret not in listed
    platform = Api(app.test_client(), secret)
    refused = platform.get(COUNT)
    assert (refused.status_code, refused.json["title"]) == (
        403,
        "This key is for running NexApp; it opens no business.",
    )
    assert platform.get("/jobs").json["code"] == "scope_missing"
    assert "opens nothing" in runner.invoke(args=["keys", "revoke", secret[:10]]).output
    assert runner.invoke(args=["keys", "revoke", secret[:10]]).exit_code == 1
    assert platform.get("/jobs").status_code == 401
