"""Charts as plain numbers: where each bar begins and how high it is. The template draws them; no script is needed.

A drawing is stretched to its place, so its units are arbitrary: 10 for each bar across, 100 from the bottom to the top.
Words stand beside it as HTML, where they keep their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 100.0
WIDTH = 10.0
NICE = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar; `look` names its colour."""

    look: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    label: str
    """What it stands for and how much that is, in words."""
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    top: int
    bars: tuple[Bar, ...]

    @property
    def width(self) -> float:
        return WIDTH * len(self.bars)


def stack(columns: Sequence[tuple[str, Sequence[tuple[str, int]]]]) -> Chart:
    """Bars of stacked parts, the first part at the bottom: label and, for each part, its look and amount."""
    top = ceiling(max((sum(amount for _look, amount in parts) for _label, parts in columns), default=0))
    bars = (Bar(place * WIDTH, label, _parts(parts, top)) for place, (label, parts) in enumerate(columns))
    return Chart(top, tuple(bars))


def ceiling(most: int) -> int:
    """The least 1, 2, 5, 10, 20, 50 … that isn't exceeded."""
    scale = 1
    while scale * 10 < most:
        scale *= 10
    return next(scale * nice for nice in NICE if scale * nice >= most)


def _parts(parts: Sequence[tuple[str, int]], top: int) -> tuple[Part, ...]:
    found, below = [], 0
    for look, amount in parts:
        below += amount
        if amount:
            found.append(Part(look, round(HEIGHT * (1 - below / top), 3), round(HEIGHT * amount / top, 3)))
    return tuple(found)
