"""Streaks as a function of the days on which somebody was active: nothing else decides, in whatever order days come.

A missed day is bridged by a freeze of its month, of which there are two and those that were bought. Freezes are spent
only where they save the streak: a gap that they can't bridge in full ends it and costs none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

FREEZES_A_MONTH = 2
DAY = timedelta(days=1)
Month = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Streak:
    current: int = 0
    """Active days in a row up to `last_on`; frozen days bridge, but don't count."""
    longest: int = 0
    total: int = 0
    started_on: date | None = None
    last_on: date | None = None
    alive_until: date | None = None
    """The last day on which being active still goes on with it."""
    frozen_on: list[date] = field(default_factory=list)

    def current_on(self, today: date) -> int:
        return self.current if self.alive_until is not None and today <= self.alive_until else 0


def month_of(day: date) -> Month:
    return day.year, day.month


def freezes_left(frozen_on: Iterable[date], month: Month, bought: Mapping[Month, int]) -> int:
    return FREEZES_A_MONTH + bought.get(month, 0) - sum(month_of(day) == month for day in frozen_on)


def fold(days: Iterable[date], bought: Mapping[Month, int] | None = None) -> Streak:
    """The streak after these days, which may repeat and come in any order. `bought` are extra freezes by month."""
    return _Fold(bought or {}).run(sorted(set(days)))


class _Fold:
    def __init__(self, bought: Mapping[Month, int]) -> None:
        self.bought = bought
        self.spent: Counter[Month] = Counter()
        self.frozen: list[date] = []
        self.current = self.longest = 0
        self.started: date | None = None

    def run(self, days: list[date]) -> Streak:
        for before, day in zip([None, *days], days, strict=False):
            self._step(before, day)
        if not days:
            return Streak()
        alive_until = days[-1] + DAY * (1 + len(self._bridgeable(days[-1] + DAY)))
        return Streak(self.current, self.longest, len(days), self.started, days[-1], alive_until, self.frozen)

    def _step(self, before: date | None, day: date) -> None:
        missed = _between(before, day) if before else None
        if missed is not None and self._can_bridge(missed):
            self.frozen += missed
            self.spent.update(month_of(one) for one in missed)
            self.current += 1
        else:
            self.current, self.started = 1, day
        self.longest = max(self.longest, self.current)

    def _can_bridge(self, missed: list[date]) -> bool:
        needed = Counter(month_of(day) for day in missed)
        return all(self._left(month) >= count for month, count in needed.items())

    def _bridgeable(self, first: date) -> list[date]:
        """As many days from this one on as the freezes of their months bridge."""
        days: list[date] = []
        while self._can_bridge([*days, first + DAY * len(days)]):
            days.append(first + DAY * len(days))
        return days

    def _left(self, month: Month) -> int:
        return FREEZES_A_MONTH + self.bought.get(month, 0) - self.spent[month]


def _between(before: date, day: date) -> list[date]:
    missed = (day - before).days - 1
    # No month's freezes bridge more, and a gap of years needs no list.
    return [before + DAY * n for n in range(1, min(missed, 400) + 1)]
