"""Segments as carriers count them."""

import pytest

from nexapp.messaging.segments import Measure, measure


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
