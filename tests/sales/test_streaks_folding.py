"""Streaks against a plain model that walks through every day of the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexapp.sales.streaks_folding import FREEZES_A_MONTH, fold, freezes_left, month_of

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
offsets = st.lists(st.integers(0, 130), max_size=90)
months = st.dictionaries(st.tuples(st.just(2026), st.integers(1, 6)), st.integers(0, 3))


def on(*days: int, month: int = 3) -> list[date]:
    return [date(2026, month, day) for day in days]


def plain(days: set[date], bought: dict[tuple[int, int], int]) -> tuple[int, int, list[date]]:
    """Current, longest and frozen days, by going on from day to day with the missed ones in hand."""
    current, longest, frozen, missed, day = 0, 0, [], [], min(days)
    while day <= max(days):
        if day not in days:
            missed.append(day)
            day += DAY
            continue
        trial = frozen + missed
        is_saved = all(
            sum(month_of(one) == month for one in trial) <= FREEZES_A_MONTH + bought.get(month, 0)
            for month in {month_of(one) for one in missed}
        )
        if is_saved:
            frozen, current = trial, current + 1
        else:
            current = 1
        missed, longest = [], max(longest, current)
        day += DAY
    return current, longest, frozen


@given(offsets, months)
def test_it_is_as_the_plain_model_says(given_days: list[int], bought: dict[tuple[int, int], int]) -> None:
    days = [FIRST + DAY * offset for offset in given_days]
    found = fold(days, bought)
    if not days:
        assert (found.current, found.last_on, found.current_on(FIRST)) == (0, None, 0)
        return
    assert (found.current, found.longest, found.frozen_on) == plain(set(days), bought)
    assert (found.total, found.last_on) == (len(set(days)), max(days))


@given(offsets.filter(bool), months, st.randoms())
def test_order_and_repetition_change_nothing(given_days: list[int], bought: dict, random: object) -> None:
    days = [FIRST + DAY * offset for offset in given_days]
    shuffled = days * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(shuffled, bought) == fold(days, bought)


@given(offsets.filter(bool), months)
def test_no_month_freezes_more_than_it_has(given_days: list[int], bought: dict[tuple[int, int], int]) -> None:
    found = fold([FIRST + DAY * offset for offset in given_days], bought)
    for month in {month_of(day) for day in found.frozen_on}:
        assert freezes_left(found.frozen_on, month, bought) >= 0
    assert found.current <= found.longest <= found.total


@given(offsets.filter(bool), months)
def test_it_lives_just_until_the_last_day_that_goes_on(given_days: list[int], bought: dict) -> None:
    days = [FIRST + DAY * offset for offset in given_days]
    found = fold(days, bought)
    assert found.last_on
    assert found.alive_until
    assert fold([*days, found.alive_until], bought).current == found.current + 1
    assert fold([*days, found.alive_until + DAY], bought).current == 1
    assert found.current_on(found.alive_until) == found.current
    assert found.current_on(found.alive_until + DAY) == 0


@given(offsets.filter(bool))
def test_it_begins_on_an_active_day_and_misses_only_frozen_ones(given_days: list[int]) -> None:
    days = {FIRST + DAY * offset for offset in given_days}
    found = fold(days)
    assert found.started_on in days
    assert found.last_on
    between = {found.started_on + DAY * n for n in range((found.last_on - found.started_on).days + 1)}
    assert between - days <= set(found.frozen_on)
    assert len(between & days) == found.current


@pytest.mark.parametrize(
    ("days", "current", "longest", "frozen"),
    [
        (on(1), 1, 1, []),
        (on(1, 1, 1), 1, 1, []),
        (on(1, 2, 3), 3, 3, []),
        (on(1, 3), 2, 2, on(2)),
        (on(1, 4), 2, 2, on(2, 3)),
        (on(1, 5), 1, 1, []),
        (on(1, 3, 5, 7), 1, 3, on(2, 4)),
        ([*on(30), *on(2, month=4)], 2, 2, [*on(31), *on(1, month=4)]),
    ],
)
def test_gaps(days: list[date], current: int, longest: int, frozen: list[date]) -> None:
    found = fold(days)
    assert (found.current, found.longest, found.frozen_on) == (current, longest, frozen)


def test_a_bought_freeze_saves_one_day_more_of_its_month() -> None:
    assert fold(on(1, 5)).current == 1
    assert fold(on(1, 5), {(2026, 3): 1}).current == 2
    assert fold(on(1, 5), {(2026, 4): 1}).current == 1


def test_years_between_two_days_end_it() -> None:
    assert fold([date(1999, 1, 1), date(2026, 1, 1)]).current == 1


def test_a_dead_streak_stays_the_longest() -> None:
    found = fold([*on(1, 2, 3, 4), *on(20, 21)])
    assert (found.current, found.longest, found.started_on) == (2, 4, date(2026, 3, 20))
