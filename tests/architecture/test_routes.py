"""Every route says who may call it; what is open to everybody is listed here, with the reason."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from nexapp.spine.access import Access, access_of

PUBLIC = {
    "static": "our own files",
    "service_worker": "our own file, at the root",
    "web_manifest": "our own words and pictures",
    "identity.home": "the start page sends people on",
    "identity.sign_in": "people sign in here",
    "identity.request_code": "people sign in here",
    "identity.enter_code": "people sign in here",
    "identity.check_sign_in": "people sign in here",
    "identity.resend_code": "people sign in here",
    "identity.sign_in_by_email": "people sign in here",
    "identity.request_link": "people sign in here",
    "identity.email_sent": "says the same for every address",
    "identity.sign_out": "works with an ended session too",
    "identity.choose_theme": "a choice of the device",
    "identity.api_reference": "what the API offers",
    "api.openapi": "what the API offers",
    "identity.authenticator": "not in production, and on this machine only",
    "messaging.status": "the provider signs it",
    "messaging.inbound_text": "the provider signs it",
    "operations.live": "for balancers",
    "operations.ready": "for balancers",
    "operations.health": "for monitors; holds no secret",
    "operations.components": "not in production",
    "operations.try_component": "not in production; saves nothing",
    "operations.phone": "not in production",
    "operations.phone_messages": "not in production",
    "operations.mail": "not in production",
    "operations.mail_messages": "not in production",
    "operations.pushes": "not in production",
    "operations.push_messages": "not in production",
    "operations.terms": "linked from every consent",
    "operations.privacy": "linked from every consent",
    "operations.offline": "kept by browsers",
    "operations.robots": "for search engines",
    "operations.favicon": "for browsers",
}
LINKS = {
    "identity": "/i/<token>: an invitation into a team; /l/<token>: a link by e-mail, for signing in",
    "booking_links": "/hooks/in/<token>: a booking system's posts; /calendars/<token>.ics: a staff member's calendar",
    "claims": "/c/<token>: the link of an offer",
    "notifications": "/u/<token>: stops the e-mails of one type, signed out",
    "sales": "/e/<token>: stops the letters of a sales team to one address, signed out",
    "several": "/s/<token>: the link of several offers in one text",
    "waiting_list": "/b/<slug> and /w/<token>: a business's public page, the link of a place on its list",
}
LINK_PATHS = ("/b/<", "/c/<", "/calendars/<", "/e/<", "/hooks/in/<", "/i/<", "/l/<", "/s/<", "/u/<", "/w/<")
SIGNED = {"messaging.status", "messaging.inbound_text"}
"""Posts that carry the provider's signature instead of a token."""

SAFE = {"GET", "HEAD", "OPTIONS"}
OTHER_SITE = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}


def rules(app: Flask) -> list[tuple[Rule, Access]]:
    found = []
    for rule in app.url_map.iter_rules():
        access = access_of(app, rule.endpoint)
        assert access is not None, f"{rule.rule} has no access rule"
        found.append((rule, access))
    return found


def address(rule: Rule) -> str:
    samples = {name: UUID(int=7) if type(part).__name__ == "UUIDConverter" else "sample-1234567890"
               for name, part in rule._converters.items()}  # fmt: skip
    built = rule.build(samples, append_unknown=False)
    assert built is not None
    return built[1]


def test_what_is_open_to_everybody_is_on_the_list(whole_app: Flask) -> None:
    is_open = {rule.endpoint for rule, access in rules(whole_app) if access.kind == "public"}
    assert is_open == set(PUBLIC)


def test_link_pages_lie_in_their_parts(whole_app: Flask) -> None:
    parts = {rule.endpoint.split(".")[0] for rule, access in rules(whole_app) if access.kind == "link"}
    assert parts == set(LINKS)
    for rule, access in rules(whole_app):
        if access.kind == "link":
            assert rule.rule.startswith(LINK_PATHS), rule.rule


def test_other_routes_ask_who_it_is(whole_app: Flask) -> None:
    kinds = {access.kind for _, access in rules(whole_app)}
    assert kinds <= {"public", "link", "signed_in", "founder", "member", "platform_admin", "own_account", "api"}
    for rule, access in rules(whole_app):
        assert access.kind != "member" or access.minimum is not None, rule.rule
        assert access.kind not in {"public", "link", "api"} or access.reason, rule.rule
        assert rule.rule.startswith("/api/") == (access.kind == "api" or rule.endpoint == "api.openapi"), rule.rule
        assert rule.rule.startswith("/admin") == (access.kind == "platform_admin"), rule.rule


def test_private_routes_are_closed_to_strangers(whole_app: Flask, client: FlaskClient) -> None:
    for rule, access in rules(whole_app):
        if access.kind in {"public", "link"} or "GET" not in (rule.methods or ()):
            continue
        answer = client.get(address(rule))
        if access.kind == "api":
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="NexApp"'), rule.rule
            continue
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in"), rule.rule


def test_only_signed_posts_go_without_a_token_or_an_origin(whole_app: Flask) -> None:
    for rule, access in rules(whole_app):
        if set(rule.methods or ()) - SAFE:
            assert access.csrf or access.kind == "link" or rule.endpoint in SIGNED, rule.rule


def test_every_unsafe_route_refuses_a_forged_request(whole_app: Flask, client: FlaskClient) -> None:
    checked = 0
    for rule, access in rules(whole_app):
        for method in set(rule.methods or ()) - SAFE:
            answer = client.open(address(rule), method=method, headers=OTHER_SITE)
            assert answer.status_code == (400 if access.csrf else 403), f"{method} {rule.rule}"
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("endpoint", sorted(SIGNED))
def test_unsigned_hooks_are_refused_from_here_too(whole_app: Flask, client: FlaskClient, endpoint: str) -> None:
    [rule] = [rule for rule in whole_app.url_map.iter_rules() if rule.endpoint == endpoint]
    assert client.post(address(rule), data={"MessageSid": "SM1"}).status_code == 403
