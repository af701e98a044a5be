"""What counts as a wish for no more texts: the keywords however they are typed, and words that mean it; not others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexapp.messaging.keywords import HELP, START, STOP, YES, read

AROUND = st.text(alphabet=" \t\n.,!?;:'\"-_*()[]{}<>/\\#~…“”\u2018\u2019👍🙏\u200b\ufe0f", max_size=8)


def cased(words: frozenset[str]) -> st.SearchStrategy[str]:
    """One of them, each letter large or small by chance."""
    return st.sampled_from(sorted(words)).flatmap(
        lambda word: st.tuples(*(st.sampled_from([letter.lower(), letter]) for letter in word)).map("".join)
    )


@given(AROUND, cased(STOP), AROUND, st.booleans())
def test_a_stop_word_stops_in_any_dress(before: str, word: str, after: str, opted_out: bool) -> None:
    meaning = read(before + word + after, opted_out=opted_out)
    assert (meaning.kind, meaning.word, meaning.in_words) == ("stop", word.upper(), False)


@given(AROUND, cased(START | HELP), AROUND, st.booleans())
def test_so_do_start_and_help(before: str, word: str, after: str, opted_out: bool) -> None:
    assert read(before + word + after, opted_out=opted_out).kind == ("help" if word.upper() in HELP else "start")


@given(AROUND, cased(frozenset({YES})), AROUND)
def test_yes_means_start_after_a_stop_only(before: str, word: str, after: str) -> None:
    assert read(before + word + after, opted_out=True).kind == "start"
    assert read(before + word + after, opted_out=False).kind == "other"


ORDINARY = st.sampled_from([
    "appointment", "tuesday", "parking", "bus", "stopwatch", "nonstop", "stopover", "end-of-day", "weekend",
    "quitting", "cancellation", "canceled", "ending", "starter", "information", "helper", "unstoppable", "revoked",
    "yes", "no", "maybe", "thanks", "doctor", "tooth", "the", "at", "my", "is", "when",
])  # fmt: skip
WISHES = st.sampled_from(["stop texting me", "no more texts", "remove me", "unsubscribe"])


@given(st.lists(ORDINARY, min_size=2, max_size=12))
def test_ordinary_words_that_hold_a_keyword_are_left_alone(words: list[str]) -> None:
    assert read(" ".join(words), opted_out=False).kind == "other"


@given(st.lists(ORDINARY, max_size=4), WISHES, st.lists(ORDINARY, max_size=4))
def test_a_wish_within_other_words_is_found(before: list[str], wish: str, after: list[str]) -> None:
    meaning = read(" ".join([*before, wish, *after]), opted_out=False)
    assert (meaning.kind, meaning.in_words) == ("stop", bool(before or after) or wish != "unsubscribe")


@pytest.mark.parametrize(
    "body",
    [
        "I can't stop by today", "The bus stop is closed", "Can I cancel my 3pm and take this one?",
        "Does it end at 5?",
        "Please stop by at noon", "I want to start earlier", "Never stop smiling", "Could you end by 4?",
        "nonstop pain",
        "Quit smoking, so I come for a cleaning", "I need help with the link", "",
    ],
)  # fmt: skip
def test_sentences_that_only_sound_like_it(body: str) -> None:
    assert read(body, opted_out=False).kind == "other"


@given(st.text(max_size=1600), st.booleans())
def test_anything_can_be_read(body: str, opted_out: bool) -> None:
    assert read(body, opted_out=opted_out).kind in {"stop", "start", "help", "other"}
