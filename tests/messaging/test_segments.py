"""Segments as carriers count them, and as Twilio's own calculator does."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexapp.messaging.clusters import clusters
from nexapp.messaging.segments import Measure, measure

CALCULATED = json.loads(Path(__file__).with_name("segments.json").read_text())
"""Texts and what the npm package sms-segments-calculator 1.3.0 says of them."""

GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüàÆæßÉ"
)
EXTENDED = "\f^{}\\[~]|€"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", Measure("GSM-7", 0, 1)),
        ("a" * 160, Measure("GSM-7", 160, 1)),
        ("a" * 161, Measure("GSM-7", 161, 2)),
        ("a" * 306, Measure("GSM-7", 306, 2)),
        ("a" * 307, Measure("GSM-7", 307, 3)),
        ("é" * 160, Measure("GSM-7", 160, 1)),
        ("€" * 80, Measure("GSM-7", 160, 1)),
        ("€" * 80 + "a", Measure("GSM-7", 161, 2)),
        ("{}[]~|\\^", Measure("GSM-7", 16, 1)),
        ("ą" + "a" * 69, Measure("UCS-2", 70, 1)),
        ("ą" + "a" * 70, Measure("UCS-2", 71, 2)),
        ("ą" * 134, Measure("UCS-2", 134, 2)),
        ("ą" * 135, Measure("UCS-2", 135, 3)),
        ("😀" * 35, Measure("UCS-2", 70, 1)),
        ("😀" * 36, Measure("UCS-2", 72, 2)),
        ("\N{RIGHT SINGLE QUOTATION MARK}", Measure("UCS-2", 1, 1)),
    ],
)
def test_measure_counts_as_the_carrier_does(body: str, expected: Measure) -> None:
    assert measure(body) == expected


def test_an_escaped_character_is_never_torn_apart() -> None:
    # 152 septets, then one that needs two: it starts the second part, which leaves a septet of the first unused.
    assert measure("a" * 152 + "€" + "a" * 151).segments == 2
    assert measure("a" * 152 + "€" + "a" * 152).segments == 3


def test_a_surrogate_pair_is_never_torn_apart() -> None:
    assert measure("a" * 66 + "😀" + "a" * 65).segments == 2
    assert measure("a" * 66 + "😀" + "a" * 66).segments == 3


def test_a_family_is_never_torn_apart() -> None:
    family = "👨\u200d👩\u200d👧\u200d👦"
    assert measure("a" * 56 + family + "a" * 67).segments == 2
    assert measure("a" * 57 + family + "a" * 67).segments == 3
    assert list(clusters(f"a{family}👍🏽🇺🇸🇩🇪e\u0301")) == ["a", family, "👍🏽", "🇺🇸", "🇩🇪", "e\u0301"]


@pytest.mark.parametrize(("body", "encoding", "length", "segments"), CALCULATED)
def test_the_same_as_the_providers_calculator(body: str, encoding: str, length: int, segments: int) -> None:
    assert measure(body) == Measure(encoding, length, segments)


@given(st.text(alphabet=GSM + EXTENDED, max_size=700))
def test_gsm_texts_are_packed_in_septets(body: str) -> None:
    sizes = [2 if character in EXTENDED else 1 for character in body]
    assert measure(body) == Measure("GSM-7", sum(sizes), _packed(sizes, 160, 153))


@given(st.text(max_size=400), st.sampled_from("ą\u2019中"))
def test_other_texts_are_packed_in_utf16(body: str, odd: str) -> None:
    found = measure(body + odd)
    units = len((body + odd).encode("utf-16-le", "surrogatepass")) // 2
    assert found.encoding == "UCS-2"
    assert found.length == units
    assert "".join(clusters(body)) == body
    # Whole characters leave gaps, so never fewer parts than the units need.
    assert found.segments >= (1 if units <= 70 else -(-units // 67))
    assert (found.segments == 1) == (units <= 70)


def _packed(sizes: list[int], single: int, several: int) -> int:
    """By the definition: a part takes what fits, and what doesn't begins the next."""
    if sum(sizes) <= single:
        return 1
    parts = [0]
    for size in sizes:
        if parts[-1] + size > several:
            parts.append(0)
        parts[-1] += size
    return len(parts)
