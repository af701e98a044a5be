"""Files of pitch decks: never a failure for what stands in them."""

from __future__ import annotations

import re
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexapp.sales.decks_pdf import render

NAUGHTY = (
    "", " ", "\u00c5ngstr\u00f6m \u2013 \u201cquoted\u201d \u2026", "\u0410\u043d\u0430", "\u674e\u96f7",
    "\u0645\u062d\u0645\u062f", "\u0928\u092e\u0938\u094d\u0924\u0947", "\U0001f600\U0001f3f3\ufe0f\u200d\U0001f308",
    "Z\u0351\u036b\u0343a\u0300lgo", "\u202eright to left", "\x00\x07\x1b[31m", "a" * 5000, "word " * 2000,
    "<b>**bold**</b> __u__", "%s %(x)s {0}", "\ud83d", "\u200b\ufeff", "\ufdfa", "\n\n\n", "\u20ac 12.000",
    "\u0142\u00f3d\u017a \u0153uvre \u0131I",
)  # fmt: skip


def slides(*words: str) -> list[dict[str, object]]:
    return [{"title": word, "lines": [word, word]} for word in words]


@pytest.mark.parametrize("word", NAUGHTY, ids=range(len(NAUGHTY)))
def test_naughty_words(word: str) -> None:
    assert render(word, slides(word)).startswith(b"%PDF")


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=14))
@settings(max_examples=40, deadline=None)
def test_any_words(title: str, lines: list[str]) -> None:
    assert render(title, [{"title": title, "lines": lines}]).startswith(b"%PDF")


@pytest.mark.parametrize("count", [1, 5, 20])
def test_a_page_for_each_slide_however_full_it_is(count: int) -> None:
    full = [{"title": "word " * 60, "lines": ["word " * 60] * 12}] * count
    pages = re.findall(rb"/Type /Page\b(?!s)", render("x", full))
    assert len(pages) == count


def test_a_full_slide_loses_no_line() -> None:
    """As much as a slide may hold: the smaller the letters, the more of it stands there."""
    lines = [f"point{number} " + "word " * 58 for number in range(12)]
    written = render("x", [{"title": "Title " * 50, "lines": lines}])
    text = b"".join(zlib.decompress(part) for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", written, re.S))
    assert all(f"point{number} ".encode() in text for number in range(12))
    places = [float(y) for y in re.findall(rb"([\d.]+) Td", text)]
    assert min(places) > 20, "nothing runs over the end of the page"
