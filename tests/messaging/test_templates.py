"""Wording: what may stand in a template, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexapp.identity.business_settings import get_business
from nexapp.messaging.previews import samples
from nexapp.messaging.purposes import LENGTHS, PURPOSES, VARIABLES, editable
from nexapp.messaging.segments import measure
from nexapp.messaging.templates import check, first_text, load, of_body, render
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.messaging.conftest import MakeBusiness

FILLED = {
    "business": "Downtown Dental", "service": "Cleaning", "staff": "Dr. Smith", "time": "Tue 3:30 PM EST",
    "url": "https://nex.app/c/abcdefghijklmnopqrstuv", "first_name": "Ana", "price": "$80.00",
}  # fmt: skip


def test_the_default_offer(app: Flask) -> None:
    with app.app_context():
        body = render("slot_available", FILLED)
    assert body == (
        "Downtown Dental has a cancellation! Tue 3:30 PM EST available. "
        "Claim now: https://nex.app/c/abcdefghijklmnopqrstuv"
    )
    assert measure(body).segments == 1


def test_every_default_passes_its_own_check(app: Flask) -> None:
    with app.app_context():
        for purpose, kind in PURPOSES.items():
            check(str(kind.default), purpose)
            own = dict.fromkeys(kind.allowed, "x")
            assert "{" not in render(purpose, own)


def test_the_samples_fill_whatever_may_stand_in_a_wording(app: Flask, make_business: MakeBusiness) -> None:
    org_id = make_business()
    with app.test_request_context(), unit_of_work(Actor(Role.OWNER, org_id)):
        for name, kind in editable().items():
            assert set(samples(name, get_business())) == kind.allowed
            assert kind.allowed <= set(LENGTHS)


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__ }} {{url}}", "{{url.__class__}}", "{% for i in range(10**9) %}x{% endfor %}{{url}}",
        "{{ url|upper }}", "{{ 7*7 }} {{url}}", "{{url()}}", "{{ url", "{{url}} {{phone}}", "{{ config }} {{url}}", "",
        "   ", "no link at all", "{{url}}" + "x" * 1000, "{% include '/etc/passwd' %}{{url}}", "{{ [url][0] }}",
    ],
)  # fmt: skip
def test_what_cannot_be_saved(body: str, app: Flask) -> None:
    with app.test_request_context(), pytest.raises(BadInput):
        check(body, "slot_available")


def test_a_business_with_its_own_wording(
    app: Flask, make_business: MakeBusiness, owner_sql: Callable[..., Any]
) -> None:
    org, other = make_business(), make_business("Other")
    for version, body, current in ((1, "old {{url}}", False), (2, "Hi {{first_name}}: {{url}}", True)):
        owner_sql(
            "INSERT INTO message_templates (id, org_id, purpose, version, body, is_current)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            new_id(), org, "slot_available", version, body, current,
        )  # fmt: skip
    with app.app_context(), unit_of_work(Actor(Role.OWNER, org)):
        assert render("slot_available", FILLED, org) == f"Hi Ana: {FILLED['url']}"
    with app.app_context(), unit_of_work(SYSTEM):
        assert render("slot_available", FILLED, other).startswith("Downtown Dental has")


def test_a_missing_variable_is_refused_and_odd_ones_do_no_harm(app: Flask) -> None:
    with app.test_request_context():
        wording = load("slot_available")
        with pytest.raises(BadInput):
            wording.render({"business": "x", "time": None, "url": "u"})
        assert "{{url}}" in wording.render({**FILLED, "business": "{{url}}\n\n<b>"})


def test_the_first_text_says_who_and_how_to_stop(app: Flask) -> None:
    with app.test_request_context():
        assert first_text("Hello.", "Downtown Dental") == "Downtown Dental: Hello. Reply STOP to opt out."
        assert first_text("downtown dental is open.", "Downtown Dental").startswith("downtown dental is open. Reply")
        assert first_text("Downtown Dental: reply STOP to end.", "Downtown Dental").count("STOP") == 1
        assert first_text("Don't stop here.", "B").endswith("Reply STOP to opt out.")
        # A name inside a word names nobody, and a name that has the word says nothing of how to stop.
        assert first_text("Benjamin can come.", "Ben") == "Ben: Benjamin can come. Reply STOP to opt out."
        assert first_text("ONE STOP SHOP is open.", "One STOP Shop") == "ONE STOP SHOP is open. Reply STOP to opt out."


def test_a_wording_that_may_outgrow_a_text_is_refused(app: Flask) -> None:
    with app.test_request_context():
        check("{{business}} " * 10 + "{{url}}", "slot_available")
        with pytest.raises(BadInput, match="1600"):
            check("{{business}} " * 14 + "{{url}}", "slot_available")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_typed_is_refused_or_filled_in_once(app: Flask, before: str, after: str) -> None:
    """Nothing that stands in a wording, or in what fills it, is ever read as more than words."""
    body = f"{before} {{{{url}}}} {after}"
    with app.test_request_context():
        try:
            check(body, "slot_available")
        except BadInput:
            return
        hostile = dict.fromkeys(VARIABLES, "{{config}}{% raw %}{{7*7}}")
        assert of_body("slot_available", body).render(hostile).count("{{7*7}}") == body.count("}}")
