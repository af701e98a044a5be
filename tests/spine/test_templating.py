"""How templates write amounts."""

from __future__ import annotations

import pytest
from flask import Flask

from nexapp.spine.web.templating import currency_sign, money


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
