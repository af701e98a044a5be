"""Development tools that vanish in production, and the pages that everybody may read."""

from __future__ import annotations

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from nexapp.local.stack import Stack
from nexapp.settings import Environment

TOOLS = ("/dev/components", "/dev/phone", "/dev/phone/messages.json")


@pytest.fixture
def with_settings(app: Flask, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def change(**values: object) -> None:
        monkeypatch.setitem(app.extensions, "settings", app.extensions["settings"].model_copy(update=values))

    return change


def test_the_style_guide_shows_every_component(client: FlaskClient) -> None:
    page = client.get("/dev/components")
    assert page.status_code == 200
    assert "Keep the note under 20 characters." in page.text
    assert "Tick the box to go on." in page.text


def test_the_phone_is_shown_where_it_runs(client: FlaskClient, services: Stack) -> None:
    answer = client.get("/dev/phone")
    assert answer.status_code == 302
    assert answer.location == f"{services.phone_url}/dev/phone"


def test_its_texts_pass_through(client: FlaskClient, phone: httpx.Client, services: Stack) -> None:
    sid, token = services.environment["TWILIO_ACCOUNT_SID"], services.environment["TWILIO_AUTH_TOKEN"]
    phone.post(
        f"/2010-04-01/Accounts/{sid}/Messages.json",
        auth=(sid, token),
        data={"To": "+12125550177", "From": services.environment["TWILIO_FROM"], "Body": "Passing through"},
    ).raise_for_status()
    answer = client.get("/dev/phone/messages.json?to=%2B12125550177")
    assert answer.content_type == "application/json"
    assert answer.get_json()[0]["body"] == "Passing through"
    assert client.get("/dev/phone/messages.json?to=%2B12125550178").get_json() == []


def test_a_phone_that_is_away_is_said_in_words(client: FlaskClient, with_settings) -> None:  # type: ignore[no-untyped-def]
    with_settings(twilio_base_url="http://127.0.0.1:9")
    answer = client.get("/dev/phone/messages.json")
    assert answer.status_code == 503
    assert "phone doesn&#39;t answer" in answer.text or "phone doesn't answer" in answer.text


@pytest.mark.parametrize("path", TOOLS)
def test_production_has_no_tools(client: FlaskClient, with_settings, path: str) -> None:  # type: ignore[no-untyped-def]
    with_settings(environment=Environment.PRODUCTION)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", TOOLS[1:])
def test_a_real_provider_has_no_phone_page(client: FlaskClient, with_settings, path: str) -> None:  # type: ignore[no-untyped-def]
    with_settings(twilio_account_sid="AC" + "1" * 32)
    assert client.get(path).status_code == 404


def test_terms_name_what_carriers_ask_for(client: FlaskClient) -> None:
    page = client.get("/terms")
    assert page.status_code == 200
    for words in ("STOP", "HELP", "Message and data rates", "How often", "/privacy"):
        assert words in page.text
    assert "noindex" not in page.text


def test_privacy_names_what_is_kept(client: FlaskClient) -> None:
    page = client.get("/privacy")
    assert page.status_code == 200
    for words in ("Your mobile number", "STOP", "Cookies", "/terms"):
        assert words in page.text


@pytest.mark.parametrize("path", ["/terms", "/privacy", "/offline", "/robots.txt", "/favicon.ico", "/dev/components"])
def test_public_pages_need_no_database(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was asked for")

    with app.app_context():
        from nexapp.spine.db import db

        monkeypatch.setattr(db.engine.pool, "connect", refuse)
    assert client.get(path).status_code in {200, 302}


def test_robots_keep_out_of_links(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.content_type.startswith("text/plain")
    assert "Disallow: /\n" in answer.text
    assert "max-age=86400" in answer.headers["Cache-Control"]


def test_the_icon_is_found(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico", follow_redirects=True)
    assert answer.content_type.startswith("image/svg+xml")
