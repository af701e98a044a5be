"""How templates write amounts."""

from __future__ import annotations

import pytest
from flask import Flask

from nexapp.spine.web.templating import currency_sign, money, zone_name


@pytest.mark.parametrize(
    ("cents", "whole", "words"),
    [
        (195000, True, "$1,950"),
        (195050, True, "$1,950.50"),
        (0, True, "$0"),
        (195000, False, "$1,950.00"),
        (None, True, ""),
    ],
)
def test_only_a_round_amount_goes_without_its_cents(app: Flask, cents: int | None, whole: bool, words: str) -> None:
    with app.test_request_context():
        assert money(cents, "USD", whole=whole) == words


def test_a_currency_has_its_sign(app: Flask) -> None:
    with app.test_request_context():
        assert currency_sign("USD") == "$"


@pytest.mark.parametrize(("zone", "name"), [("America/New_York", "Eastern Time"), ("UTC", "UTC")])
def test_a_zone_has_the_name_that_people_use(app: Flask, zone: str, name: str) -> None:
    with app.test_request_context():
        assert zone_name(zone) == name
