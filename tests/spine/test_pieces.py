"""Pieces of pages: the same for the same inputs, and never another's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, session
from flask_wtf.csrf import generate_csrf
from jinja2 import DictLoader, UndefinedError

from nexapp.spine.web import pieces
from nexapp.spine.web.pieces import Hole, Pieces

TEMPLATES = {
    "said.html": "<p>{{ words }}</p>",
    "form.html": "<form>{{ csrf_token() }} {{ words }} {{ at }}</form>",
    "asks.html": "{{ request.path }}",
    "clock.html": "{{ at|relative }}",
}


@dataclass(frozen=True)
class Fixed:
    words: str


@dataclass
class Changing:
    words: str

    def __hash__(self) -> int:
        return 1


@pytest.fixture
def kept() -> Any:
    app = Flask(__name__)
    app.secret_key = "secret"
    app.jinja_loader = DictLoader(TEMPLATES)
    app.jinja_env.filters["relative"] = str
    from flask_babel import Babel

    Babel(app)
    with app.test_request_context("/here"):
        yield Pieces(app)


def test_the_same_inputs_are_rendered_once(kept: Pieces) -> None:
    assert kept.render("said.html", {"words": "a<b"}) == "<p>a&lt;b</p>" == kept.render("said.html", {"words": "a<b"})
    assert len(kept._kept) == 1


def test_other_inputs_are_another_piece(kept: Pieces) -> None:
    assert [kept.render("said.html", {"words": words}) for words in "ab"] == ["<p>a</p>", "<p>b</p>"]


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "alike",
    [
        (1, True, 1.0, Decimal(1)),
        (Decimal("1.5"), Decimal("1.50")),
        (NOON, NOON.astimezone(ZoneInfo("Asia/Tokyo"))),
        ((1, 2), (True, 2)),
    ],
    ids=["numbers", "digits", "zones", "within"],
)
def test_what_is_equal_and_looks_different_is_another_piece(kept: Pieces, alike: tuple[Any, ...]) -> None:
    assert [kept.render("said.html", {"words": value}) for value in alike] == [f"<p>{value}</p>" for value in alike]


def test_a_token_is_the_request_s_own(kept: Pieces) -> None:
    given = {"words": "a", "at": Hole("<1>")}
    first = kept.render("form.html", dict(given))
    assert f"<form>{generate_csrf()} a &lt;1&gt;</form>" == first
    with kept_app(kept).test_request_context("/there"):
        session["csrf_token"] = "another"
        second = kept.render("form.html", {**given, "at": Hole("2")})
        assert f"<form>{generate_csrf()} a 2</form>" == second
    assert first != second
    assert len(kept._kept) == 1


def test_a_text_cannot_hold_a_hole(kept: Pieces) -> None:
    assert "hole-csrf-x" in kept.render("said.html", {"words": "hole-csrf-x"})


def test_it_sees_no_request_and_no_clock(kept: Pieces) -> None:
    with pytest.raises(UndefinedError):
        kept.render("asks.html", {})
    with pytest.raises(TypeError, match="what time"):
        kept.render("clock.html", {"at": "now"})


def test_what_may_change_is_rendered_each_time(kept: Pieces) -> None:
    for words in (Changing("a"), ["a"], {"a": 1}, (Changing("a"),)):
        kept.render("said.html", {"words": words})
    assert not kept._kept
    kept.render("said.html", {"words": (Fixed("a"),)})
    assert len(kept._kept) == 1


def test_the_longest_unused_goes_first(kept: Pieces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MOST_LETTERS", 20)
    for words in ("a", "b", "a", "c"):
        kept.render("said.html", {"words": words})
    assert [key[-1] for key in kept._kept] == ["a", "c"]


def kept_app(kept: Pieces) -> Flask:
    return kept._env.app  # type: ignore[attr-defined, no-any-return]
