"""What all operations share: refusals as problems, pages, limits, repeats, and a document that tells the truth."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from flask import Flask
from openapi_spec_validator import validate

from nexapp.settings import Settings
from nexapp.spine.web.api.openapi import document
from nexapp.spine.web.api.operations import OPERATIONS
from tests.api.world import Api, Team

ANA = {"name": "Ana Able"}


def count(owner_sql: Callable[..., list[Any]], name: str = "Ana Able") -> int:
    return int(owner_sql("SELECT count(*) FROM prospects WHERE name = %s", name)[0][0])


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"data": b"{", "content_type": "application/json"}, 400, "unreadable"),
        ({"data": b"null", "content_type": "application/json"}, 400, "unreadable"),
        ({"data": b"\xff\xfe", "content_type": "application/json"}, 400, "unreadable"),
        ({"data": b'{"name": "Ana\\u0000"}', "content_type": "application/json"}, 400, "unreadable"),
        ({"data": b'{"name": "\\ud800"}', "content_type": "application/json"}, 400, "unreadable"),
        ({"data": b"[" * 9000 + b"]" * 9000, "content_type": "application/json"}, 400, "unreadable"),
        ({"data": {"name": "Ana"}}, 415, "http_415"),
        ({"json": []}, 422, "bad_input"),
        ({"json": {}}, 422, "bad_input"),
        ({"json": {"name": " "}}, 422, "bad_input"),
        ({"json": {"name": 7}}, 422, "bad_input"),
        ({"json": {**ANA, "org_id": str(uuid4())}}, 422, "bad_input"),
        ({"json": {**ANA, "score": 100}}, 422, "bad_input"),
        ({"json": {**ANA, "value_cents": -1}}, 422, "bad_input"),
        ({"json": {**ANA, "email": "nowhere"}}, 422, "bad_input"),
        ({"json": {**ANA, "stage_id": str(uuid4())}}, 422, "bad_input"),
        ({"data": b"x" * 3_000_000, "content_type": "application/json"}, 413, "http_413"),
    ],
    ids=["cut", "null", "bytes", "zero", "half", "deep", "form", "list", "nothing", "blank", "number", "tenant",
         "score", "negative", "email", "stage", "large"],
)  # fmt: skip
def test_what_cannot_be_used_is_a_problem(
    team: Team, owner_sql: Callable[..., list[Any]], sent: dict[str, Any], status: int, code: str
) -> None:
    answer = team.app.test_client().post("/api/v1/prospects", headers={"Authorization": f"Bearer {team.key()}"}, **sent)
    assert (answer.status_code, answer.json["code"], answer.mimetype) == (status, code, "application/problem+json")
    jsonschema.validate(answer.json, document()["components"]["schemas"]["Problem"])
    assert (status == 422) == bool(answer.json.get("errors"))
    assert owner_sql("SELECT count(*) FROM prospects") == [(0,)]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_addresses_that_do_not_exist_are_problems_too(team: Team, method: str) -> None:
    answer = team.caller().call(method, "/nothing/here")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_key_repeats_the_answer_and_not_the_deed(team: Team, owner_sql: Callable[..., list[Any]]) -> None:
    caller = team.caller()
    first = caller.post("/prospects", ANA, Idempotency_Key="one")
    again = caller.post("/prospects", ANA, Idempotency_Key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    other = caller.post("/prospects", {"name": "Ben Blue"}, Idempotency_Key="one")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert caller.post("/prospects", ANA, Idempotency_Key="two").json["id"] != first.json["id"]
    assert (count(owner_sql), count(owner_sql, "Ben Blue")) == (2, 0)


def test_keys_of_others_are_others(team: Team, others: Team, owner_sql: Callable[..., list[Any]]) -> None:
    assert team.caller().post("/prospects", ANA, Idempotency_Key="one").status_code == 201
    assert "Idempotency-Replayed" not in others.caller().post("/prospects", ANA, Idempotency_Key="one").headers
    assert "Idempotency-Replayed" not in team.caller("admin").post("/prospects", ANA, Idempotency_Key="one").headers
    assert count(owner_sql) == 3


def test_what_failed_may_be_tried_again_under_its_key(team: Team, owner_sql: Callable[..., list[Any]]) -> None:
    caller = team.caller()
    wrong = ANA | {"stage_id": str(uuid4())}
    assert caller.post("/prospects", wrong, Idempotency_Key="one").status_code == 422
    assert caller.post("/prospects", ANA, Idempotency_Key="one").status_code == 201
    assert count(owner_sql) == 1


def test_many_at_once_under_one_key_happen_once(team: Team, owner_sql: Callable[..., list[Any]]) -> None:
    key, together = team.key(), Barrier(6)

    def post(_: int) -> tuple[int, Any]:
        together.wait()
        answer = Api(team.app.test_client(), key).post("/prospects", ANA, Idempotency_Key="one")
        return answer.status_code, answer.json.get("id")

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(post, range(6)))
    assert len(answers) == 1
    assert count(owner_sql) == 1


@pytest.mark.parametrize("key", ["x" * 201, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(team: Team, key: str) -> None:
    assert team.caller().post("/prospects", ANA, Idempotency_Key=key).status_code == 422


def test_kept_answers_are_forgotten_after_a_day(team: Team, owner_sql: Callable[..., list[Any]]) -> None:
    from nexapp.spine.tenancy import SYSTEM
    from nexapp.spine.unit import unit_of_work
    from nexapp.spine.web.api.replays import forget_api_replays

    caller = team.caller()
    caller.post("/prospects", ANA, Idempotency_Key="old")
    owner_sql("UPDATE api_replays SET at = now() - interval '25 hours'")
    caller.post("/prospects", ANA, Idempotency_Key="new")
    with team.app.app_context(), unit_of_work(SYSTEM):
        forget_api_replays()
    assert owner_sql("SELECT key FROM api_replays") == [("new",)]


@pytest.fixture
def narrow(app: Flask) -> Any:
    """An installation that takes three requests a minute."""
    usual: Settings = app.extensions["settings"]
    app.extensions["settings"] = usual.model_copy(update={"api_per_minute": 3})
    yield
    app.extensions["settings"] = usual


def test_too_many_requests_wait(team: Team, narrow: None) -> None:
    caller, neighbour = team.caller(), team.caller("admin")
    left = [caller.get("/prospects").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = caller.get("/prospects")
    assert (refused.status_code, refused.json["code"]) == (429, "too_many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert neighbour.get("/prospects").status_code == 200


def test_without_redis_nobody_is_held_back(team: Team, without_redis: None, narrow: None) -> None:
    caller = team.caller()
    assert [caller.get("/prospects").status_code for _ in range(5)] == [200] * 5


def test_pages_join_without_gaps(team: Team) -> None:
    caller = team.caller()
    for n in range(7):
        caller.post("/prospects", {"name": f"Ana {n}"})
    seen, cursor = [], ""
    for _ in range(4):
        found = caller.get(f"/prospects?limit=2{cursor}").json
        seen += [one["name"] for one in found["items"]]
        if found["next"] is None:
            break
        cursor = f"&cursor={found['next']}"
    assert seen == [f"Ana {n}" for n in reversed(range(7))]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "page=2", "temperature=lukewarm"])
def test_a_query_that_means_nothing_is_refused(team: Team, query: str) -> None:
    assert team.caller().get(f"/prospects?{query}").status_code == 422


def test_the_document_is_valid_and_names_every_operation(app: Flask) -> None:
    served = app.test_client().get("/api/v1/openapi.json").json
    validate(served)
    named = {(method.upper(), path) for path, methods in served["paths"].items() for method in methods}
    routed = {
        (method, rule.rule.removeprefix("/api/v1").replace("<uuid:", "{").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert named == routed
    assert len(OPERATIONS) == len(named)


def test_the_page_for_people_names_every_operation(app: Flask) -> None:
    shown = app.test_client().get("/api").text
    assert all(f"/api/v1{path}" in shown for path in document()["paths"])


def test_the_documentation_names_every_operation() -> None:
    written = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
    for path, methods in document()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in written
    assert sum(line.startswith("| `") for line in written.splitlines()) == len(OPERATIONS)
