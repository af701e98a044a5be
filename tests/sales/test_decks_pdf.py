"""Files of pitch decks: never a failure for what stands in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexapp.sales import decks_letters
from nexapp.sales.decks_letters import BOX, shown, unshown
from nexapp.sales.decks_pdf import render
from tests.sales.pdf_letters import read_lines

NAUGHTY = (
    "", " ", "\u00c5ngstr\u00f6m \u2013 \u201cquoted\u201d \u2026", "\u0410\u043d\u0430", "\u674e\u96f7",
    "\u0645\u062d\u0645\u062f", "\u0928\u092e\u0938\u094d\u0924\u0947", "\U0001f600\U0001f3f3\ufe0f\u200d\U0001f308",
    "Z\u0351\u036b\u0343a\u0300lgo", "\u202eright to left", "\x00\x07\x1b[31m", "a" * 5000, "word " * 2000,
    "<b>**bold**</b> __u__", "%s %(x)s {0}", "\ud83d", "\u200b\ufeff", "\ufdfa", "\n\n\n", "\u20ac 12.000",
    "\u0142\u00f3d\u017a \u0153uvre \u0131I",
)  # fmt: skip

SPOKEN = (
    "Za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105 ja\u017a\u0144 (plan) \\ 100 %",
    "\u0388\u03bb\u03bb\u03b7\u03bd\u03b5\u03c2 \u03ac\u03ad\u03ae",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u0407\u0436\u0430\u043a\u0435\u0432\u0438\u0447",
    "Ti\u1ebfng Vi\u1ec7t: \u0110\u1eb7ng Th\u1ecb Ng\u1ecdc \u01af\u1edbc",
    "\u0130stanbul \u011f\u0131",
    "\u201cquoted\u201d \u2013 \u2026 \u20ac 12.000 \u2192 \u2264",
    "\u0150r\u00fclt, \u010cesk\u00fd \u0159e\u0159icha, \u00c5ngstr\u00f6m, \u0153uvre, \u00df",
)  # fmt: skip
"""Polish, Greek, Russian and Ukrainian, Vietnamese, Turkish, signs, and Hungarian to German."""


def slides(*words: str) -> list[dict[str, object]]:
    return [{"title": word, "lines": [word, word]} for word in words]


def test_naughty_words() -> None:
    assert render("".join(NAUGHTY), slides(*NAUGHTY)).startswith(b"%PDF")


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=14))
@settings(max_examples=15, deadline=None)
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
    written = read_lines(render("x", [{"title": "Title " * 50, "lines": lines}]))
    text = " ".join(line for _height, line in written)
    assert all(f"point{number} " in text for number in range(12))
    assert min(height for height, _line in written) > 20, "nothing runs over the end of the page"


def test_the_file_says_what_was_typed() -> None:
    """Letter by letter, as whoever copies it out of the file gets it; in the bold titles and below them."""
    written = read_lines(render(SPOKEN[0], [{"title": words, "lines": [words]} for words in SPOKEN]))
    places = [f"{number} / {len(SPOKEN)}" for number in range(1, len(SPOKEN) + 1)]
    assert [line for _height, line in written] == [
        line for words, place in zip(SPOKEN, places, strict=True) for line in (words, words, place)
    ]
    assert [unshown(words) for words in SPOKEN] == [""] * len(SPOKEN)


def test_an_accent_that_was_typed_by_itself_joins_its_letter() -> None:
    [title, *_rest] = read_lines(render("x", [{"title": "Z\u0307o\u0301\u0142", "lines": []}]))
    assert title[1] == "\u017b\u00f3\u0142"


@pytest.mark.parametrize(("words", "said", "boxed"), [
    ("\u674e\u96f7 Lei", f"{BOX}{BOX} Lei", "\u674e\u96f7"),
    ("\u0645\u0631 Marc", f"{BOX}{BOX} Marc", "\u0645\u0631"),
    ("\u05d3\u05df Dan", f"{BOX}{BOX} Dan", "\u05d3\u05df"),
    ("Up \U0001f680\ufe0f!", f"Up {BOX}!", "\U0001f680"),
    ("a\u00a0b\tc\u200bd", "a bcd", ""),
    (BOX, BOX, ""),
])  # fmt: skip
def test_a_letter_that_there_is_none_of_is_a_box(words: str, said: str, boxed: str) -> None:
    assert (shown(words), unshown(words)) == (said, boxed)
    [title, *_rest] = read_lines(render("x", [{"title": words, "lines": []}]))
    assert title[1] == said


def test_without_the_built_font_the_nearest_latin_letters_stand_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a machine whose pages have not been built yet: the file comes all the same."""
    monkeypatch.setattr(decks_letters, "FONTS", {"": tmp_path / "none.ttf"})
    assert shown("\u0141\u00f3d\u017a \u2013 \u0410") == "L\u00f3dz - ?"
    assert render("\u0141", slides("\u0141\u00f3d\u017a")).startswith(b"%PDF")
