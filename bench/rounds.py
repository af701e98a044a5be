"""Contestants in turns. Single figures swing with the machine's load; the ratio of neighbours doesn't."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

Contestant = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. `ratio` is in the sense that `goal` states; None where the row has no ratio.

    `met` None: nothing was measured, and `note` says why.
    """

    number: int
    metric: str
    ours: str
    baseline: str
    ratio: float | None
    goal: str
    met: bool | None
    note: str = ""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def skipped(number: int, metric: str, goal: str, why: str) -> Line:
    return Line(number, metric, "", "", None, goal, None, why)


@dataclass(slots=True)
class Rounds:
    """The seconds of each contestant, one per round."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, over: str, under: str) -> float:
        """The median of the per-round ratios."""
        pairs = zip(self.seconds[over], self.seconds[under], strict=True)
        return statistics.median(a / b for a, b in pairs)

    def shown(self, name: str) -> str:
        return show_seconds(self.median(name))


def interleaved(contestants: Mapping[str, Contestant], rounds: int, at_most_seconds: float = 120.0) -> Rounds:
    """Let each have its turn in each round, a different one first; no further round after `at_most_seconds`."""
    names = list(contestants)
    found = Rounds({name: [] for name in names})
    began = time.monotonic()
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            found.seconds[name].append(contestants[name]())
        if time.monotonic() - began > at_most_seconds:
            break
    return found


def show_seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
