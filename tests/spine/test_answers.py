"""Answers: the commit before them, errors as page, fragment and JSON, headers, files."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy.exc
from flask import Flask, g, request, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import StringField

from nexapp.factory import build
from nexapp.local.stack import Stack
from nexapp.settings import Environment, load_settings
from nexapp.spine.access import Principal, link, member, platform_admin, public, refuse_unguarded_routes, signed_in
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, Forbidden, Gone, NotFound, TooMany, Unavailable
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role, current_actor
from nexapp.spine.unit import after_commit
from nexapp.spine.web.forms import LinkForm
from nexapp.spine.webhooks import WebhookEvent

from .conftest import Sql, leave_effect

REFUSALS: dict[str, Exception] = {
    "403": Forbidden("Your role doesn't allow this."),
    "404": NotFound("There is no such slot."),
    "409": Conflict("Somebody claimed it."),
    "410": Gone("This link has ended."),
    "422": BadInput("Look again.", fields={"phone": "That is no number."}),
    "429": TooMany("Wait a little.", retry_after=17),
    "500": ValueError("for +12125550101"),
    "503": Unavailable(),
}
PAGE = {"Accept": "text/html"}
FRAGMENT = {"Accept": "text/html", "HX-Request": "true"}
JSON = {"Accept": "application/json"}


@public("probe")
def fail(status: str) -> str:
    leave_effect()
    raise REFUSALS[status]


@public("probe")
def succeed() -> str:
    leave_effect()
    after_commit(lambda: g.setdefault("rang", True))
    return f"{current_actor().role.value} {g.request_id}"


@public("probe")
def fail_late() -> str:
    """The view is content; the commit is not."""
    leave_effect("once")
    return "all is well"


@public("probe")
def refuse_by_value() -> tuple[str, int]:
    leave_effect()
    return "wrong code", 422


@public("probe", unit=False)
def without_unit() -> str:
    return str(g.get("unit"))


@public("probe")
def looks_for() -> str:
    return str(db.session.scalar(db.select(WebhookEvent.id).where(WebhookEvent.source == request.args["name"])))


@public("probe", unit=False)
def pool_is_empty() -> str:
    raise sqlalchemy.exc.TimeoutError


@public("probe", unit=False)
def too_large() -> str:
    raise RequestEntityTooLarge


@public("probe", unit=False)
def token() -> str:
    return str(generate_csrf())


@public("probe", unit=False)
def sign_in_probe() -> str:
    session["user"] = "x"
    return "ok"


@link(lambda secret: Actor(Role.LINK, new_id()))
def by_link(secret: str) -> str:
    return request.method


@link(lambda secret: (_ for _ in ()).throw(NotFound))
def by_unknown_link(secret: str) -> str:
    raise AssertionError("the view must not run")


@public("probe", csrf=False)
def hook() -> str:
    return "stored"


@signed_in
def for_people() -> str:
    return "in"


@member(Role.MANAGER)
def for_managers() -> str:
    return str(current_actor().org_id)


@platform_admin
def for_admins() -> str:
    return current_actor().role.value


def add_probes(app: Flask) -> None:
    both = ["GET", "POST"]
    app.add_url_rule("/probe/fail/<status>", view_func=fail, methods=both)
    app.add_url_rule("/probe/link/<secret>", view_func=by_link, methods=both)
    app.add_url_rule("/probe/unknown/<secret>", view_func=by_unknown_link)
    app.add_url_rule("/api/probe/<status>", endpoint="api_probe", view_func=fail)
    for view in (
        succeed, fail_late, refuse_by_value, without_unit, pool_is_empty, too_large, token, sign_in_probe, hook,
        for_people, for_managers, for_admins, looks_for,
    ):  # fmt: skip
        app.add_url_rule(f"/probe/{view.__name__}", view_func=view, methods=both)


@pytest.fixture(scope="module")
def probes(services: Stack) -> Flask:
    app = build(load_settings(services.environment))
    add_probes(app)
    return app


@pytest.fixture
def client(probes: Flask, empty: None) -> FlaskClient:
    return probes.test_client()


@pytest.fixture
def sign_in(probes: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def enter(**values: Any) -> None:
        who = Principal(new_id(), new_id(), **values)
        monkeypatch.setitem(probes.extensions, "principal_loader", lambda: who)

    return enter


# One request, one unit


def test_a_request_is_one_committed_unit(client: FlaskClient, count_effects: Callable[..., int]) -> None:
    answer = client.get("/probe/succeed")
    assert answer.text.startswith("system ")
    assert count_effects() == 1


@pytest.mark.parametrize("status", REFUSALS)
def test_a_raised_refusal_leaves_nothing(client: FlaskClient, status: str, count_effects: Callable[..., int]) -> None:
    assert client.get(f"/probe/fail/{status}").status_code == int(status)
    assert count_effects() == 0


def test_a_returned_refusal_commits(client: FlaskClient, count_effects: Callable[..., int]) -> None:
    assert client.get("/probe/refuse_by_value").status_code == 422
    assert count_effects() == 1


def test_a_commit_that_fails_is_no_success(client: FlaskClient, owner_sql: Sql) -> None:
    owner_sql(
        "CREATE FUNCTION probe_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'refused at the commit'; END $$"
    )
    owner_sql(
        "CREATE CONSTRAINT TRIGGER probe_late AFTER INSERT ON webhook_events DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION probe_refuse()"
    )
    try:
        answer = client.get("/probe/fail_late")
    finally:
        owner_sql("DROP TRIGGER probe_late ON webhook_events")
        owner_sql("DROP FUNCTION probe_refuse")
    assert answer.status_code == 500
    assert "all is well" not in answer.text
    assert owner_sql("SELECT kind FROM system_errors") == [("db_error",)]


def test_pages_without_data_take_no_unit(client: FlaskClient) -> None:
    assert client.get("/probe/without_unit").text == "None"


def test_an_empty_pool_is_busy_not_broken(client: FlaskClient, owner_sql: Sql) -> None:
    answer = client.get("/probe/pool_is_empty")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


# Errors


@pytest.mark.parametrize("status", REFUSALS)
def test_an_error_is_a_page(client: FlaskClient, status: str) -> None:
    answer = client.get(f"/probe/fail/{status}", headers=PAGE)
    assert answer.content_type.startswith("text/html")
    assert "<html" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert "HX-Request" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "2125550101" not in answer.text


@pytest.mark.parametrize("status", ["500", "503", "422", "409"])
def test_an_error_page_says_nothing_twice(client: FlaskClient, status: str) -> None:
    card = client.get(f"/probe/fail/{status}", headers=PAGE).text.split('<div class="card">')[1].split("btn-list")[0]
    words = re.sub(r"<[^>]+>", ".", card)
    sentences = [said.strip() for said in re.split(r"[.;]\s", words) if said.strip(" .\n")]
    assert len(sentences) == len(set(sentences)) > 2


@pytest.mark.parametrize("status", REFUSALS)
def test_an_error_is_a_fragment(client: FlaskClient, status: str) -> None:
    answer = client.get(f"/probe/fail/{status}", headers=FRAGMENT)
    assert answer.status_code == int(status)
    assert "<html" not in answer.text
    assert "data-error-sentence" in answer.text


@pytest.mark.parametrize("status", REFUSALS)
def test_an_error_is_a_problem(client: FlaskClient, status: str) -> None:
    for answer in (client.get(f"/probe/fail/{status}", headers=JSON), client.get(f"/api/probe/{status}")):
        assert answer.content_type == "application/problem+json"
        body = json.loads(answer.data)
        assert body["status"] == answer.status_code == int(status)
        assert body["reference"] == answer.headers["X-Request-ID"]
        assert body["title"]
        assert body["code"]
        assert "2125550101" not in answer.text
    if status == "422":
        assert body["errors"] == {"phone": "That is no number."}


def test_a_restored_history_entry_is_a_whole_page(client: FlaskClient) -> None:
    headers = FRAGMENT | {"HX-History-Restore-Request": "true"}
    assert "<html" in client.get("/probe/fail/404", headers=headers).text


def test_too_often_says_when_to_come_back(client: FlaskClient) -> None:
    assert client.get("/probe/fail/429").headers["Retry-After"] == "17"


def test_an_unhandled_error_is_recorded_with_its_reference(client: FlaskClient, owner_sql: Sql) -> None:
    answer = client.get("/probe/fail/500", headers={"X-Request-ID": "from-the-proxy-1"})
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    [(kind, message, request_id, details)] = owner_sql("SELECT kind, message, request_id, details FROM system_errors")
    assert (kind, request_id) == ("request_error", "from-the-proxy-1")
    assert "2125550101" not in message
    assert details == {"path": "/probe/fail/500", "method": "GET", "endpoint": "fail"}


def test_known_refusals_are_no_errors(client: FlaskClient, owner_sql: Sql) -> None:
    for status in set(REFUSALS) - {"500"}:
        client.get(f"/probe/fail/{status}")
    client.get("/nothing/here")
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_a_strange_reference_is_replaced(client: FlaskClient) -> None:
    for given in ("short", "x" * 65, "<script>alert(1)</script>", "a b c d e f g"):
        assert client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given


def test_unknown_addresses_and_methods_answer_in_words(client: FlaskClient) -> None:
    assert client.get("/nothing/here").status_code == 404
    answer = client.delete("/health/live")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert client.get("/probe/too_large").status_code == 413


@pytest.mark.parametrize("path", ["/b/%00", "/c/abc%00", "/w/%00%00", "/probe/looks_for?name=a%00b"])
def test_a_zero_byte_in_an_address_is_not_our_failure(client: FlaskClient, owner_sql: Sql, path: str) -> None:
    assert client.get(path).status_code in {400, 404}
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_a_zero_byte_in_a_form_is_left_out(probes: Flask) -> None:
    class Probe(LinkForm):
        name = StringField()

    with probes.test_request_context(method="POST", data={"name": " A\x00na "}):
        assert Probe().name.data == "Ana"


def test_an_error_page_that_fails_itself_is_answered_and_recorded(
    client: FlaskClient, probes: Flask, monkeypatch: pytest.MonkeyPatch, owner_sql: Sql
) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError("the menu failed")

    monkeypatch.setitem(probes.template_context_processors, None, [*probes.template_context_processors[None], broken])
    answer = client.get("/probe/fail/404")
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert owner_sql("SELECT message FROM system_errors") == [("RuntimeError: the menu failed",)]


def test_an_error_page_stands_without_a_database(
    client: FlaskClient, probes: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        import psycopg

        raise sqlalchemy.exc.OperationalError("connect", {}, psycopg.OperationalError("refused"))

    with probes.app_context():
        monkeypatch.setattr(db.engine.pool, "connect", refuse)
    answer = client.get("/probe/succeed", headers=PAGE)
    assert answer.status_code == 503
    assert "<html" in answer.text
    assert answer.headers["Retry-After"]


# Who may


def test_a_route_without_a_rule_is_refused_at_start(services: Stack) -> None:
    app = build(load_settings(services.environment))
    app.add_url_rule("/open", view_func=lambda: "", endpoint="open")
    with pytest.raises(RuntimeError, match="/open"):
        refuse_unguarded_routes(app)


def test_roles_open_doors(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    org_id = new_id()
    sign_in(org_id=org_id, role=Role.MANAGER)
    assert client.get("/probe/for_managers").text == str(org_id)
    assert client.get("/probe/for_people").text == "in"
    assert client.get("/probe/for_admins").status_code == 403
    sign_in(org_id=org_id, role=Role.STAFF)
    assert client.get("/probe/for_managers").status_code == 403
    sign_in(is_platform_admin=True)
    assert client.get("/probe/for_admins").text == "system"
    answer = client.get("/probe/for_managers")
    assert answer.status_code == 303
    assert answer.location == "/businesses"


def test_an_ended_session_leads_to_the_sign_in_and_back(
    client: FlaskClient, probes: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(probes.extensions, "principal_loader", lambda: None)
    assert client.get("/probe/for_people?a=1").location == "/sign-in?next=/probe/for_people?a%3D1"
    fragment = client.get("/probe/for_people", headers=FRAGMENT)
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (204, "/sign-in")
    named = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1/slots?state=open"}
    piece = client.get("/slots", headers=named)
    assert piece.headers["HX-Redirect"] == "/sign-in?next=/slots?state%3Dopen"
    assert client.get("/probe/for_people", headers=JSON).status_code == 401


# Forgery


def test_a_form_without_its_token_is_refused(client: FlaskClient, count_effects: Callable[..., int]) -> None:
    for body in ({}, {"csrf_token": "made-up"}):
        answer = client.post("/probe/succeed", data=body)
        assert answer.status_code == 400
        assert "Reload" in answer.text
    assert count_effects() == 0


def test_a_form_with_its_token_is_taken(client: FlaskClient, count_effects: Callable[..., int]) -> None:
    good = client.get("/probe/token").text
    assert client.post("/probe/succeed", data={"csrf_token": good}).status_code == 200
    assert client.post("/probe/succeed", headers={"X-CSRFToken": good}).status_code == 200
    assert count_effects() == 2


@pytest.mark.parametrize(("headers", "status"), [
    ({}, 200),
    ({"Origin": "http://localhost"}, 200),
    ({"Origin": "null"}, 200),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 200),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "http://localhost.evil.example"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
])  # fmt: skip
def test_a_links_form_is_guarded_by_its_origin(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    assert client.post("/probe/link/secret-token-1", headers=headers).status_code == status
    assert client.get("/probe/link/secret-token-1", headers=headers).status_code == 200


def test_a_link_that_is_not_known_is_not_found(client: FlaskClient) -> None:
    assert client.get("/probe/unknown/x").status_code == 404


def test_a_providers_hook_needs_no_token(client: FlaskClient) -> None:
    assert client.post("/probe/hook").text == "stored"


# Headers


def test_every_answer_has_the_headers(client: FlaskClient) -> None:
    for path in ("/health/live", "/probe/fail/404", "/probe/fail/500", "/probe/succeed", "/nothing", "/terms"):
        headers = client.get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert not re.search(r"unsafe|\*|http", headers["Content-Security-Policy"])
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers


def test_a_links_page_tells_nobody_its_address(client: FlaskClient) -> None:
    headers = client.get("/probe/link/secret-token-1").headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Cache-Control"] == "no-store"
    unknown = client.get("/probe/unknown/x").headers
    forged = client.post("/probe/link/secret-token-1", headers={"Origin": "https://evil.example"}).headers
    for refused in (unknown, forged):
        assert refused["Referrer-Policy"] == "no-referrer"
        assert "noindex" in refused["X-Robots-Tag"]


def test_the_session_cookie_is_out_of_reach_of_scripts(client: FlaskClient) -> None:
    cookie = client.get("/probe/sign_in_probe").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.fixture
def production(services: Stack) -> FlaskClient:
    environment = services.environment | {
        "NEXAPP_ENV": "production", "PUBLIC_URL": "https://nexapp.example", "SECRET_KEY": "s" * 40,
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32, "TWILIO_BASE_URL": "", "PUSH_LOCAL_URL": "", "FCM_BASE_URL": "",
        "TRUSTED_PROXIES": "1",
    }  # fmt: skip
    app = build(load_settings(environment))
    assert app.extensions["settings"].environment is Environment.PRODUCTION
    add_probes(app)
    return app.test_client()


def test_production_speaks_https_only(production: FlaskClient) -> None:
    answer = production.get("/terms?a=1", base_url="http://nexapp.example")
    assert (answer.status_code, answer.location) == (308, "https://nexapp.example/terms?a=1")
    astray = production.get("/terms", base_url="http://evil.example")
    assert (astray.status_code, astray.location) == (308, "https://nexapp.example/terms")
    behind = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "nexapp.example"}
    answer = production.get("/probe/sign_in_probe", headers=behind)
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert "Secure" in answer.headers["Set-Cookie"]
    assert production.get("/health/live").status_code == 200


# Files


def test_built_files_are_compressed_and_kept_for_a_year(client: FlaskClient, probes: Flask) -> None:
    with probes.test_request_context():
        address = probes.jinja_env.globals["asset"]("css/app.css")
    packed = client.get(address, headers={"Accept-Encoding": "br, gzip"})
    plain = client.get(address)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_type == plain.content_type == "text/css; charset=utf-8"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    for answer in (packed, plain):
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(address, headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["../nexapp/settings.py", "..%2fapp.py", "vendor/../../app.py", "nothing.css", "vendor"]
)
def test_no_other_file_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404
