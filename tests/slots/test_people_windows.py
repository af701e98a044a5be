"""Days and times that suit somebody: whatever overlaps or touches becomes one, and nothing else changes."""

from __future__ import annotations

import itertools
from datetime import time

from hypothesis import example, given
from hypothesis import strategies as st

from nexapp.slots.waiting_list import DAY_ENDS, DAY_STARTS, Window, Wishes, merged

MINUTES = st.integers(0, 23 * 60 + 59)


def clock(minute: int) -> time:
    return time(minute // 60, minute % 60)


WINDOW = st.builds(
    lambda day, ends: Window(day, clock(min(ends)), clock(max(ends))),
    st.integers(0, 6),
    st.tuples(MINUTES, MINUTES).filter(lambda ends: ends[0] != ends[1]),
)
WINDOWS = st.lists(WINDOW, max_size=12)


def suits(windows: list[Window] | tuple[Window, ...]) -> set[tuple[int, int]]:
    """Every minute of the week that begins inside one of them."""
    spans = [(w.weekday, w.starts.hour * 60 + w.starts.minute, w.ends.hour * 60 + w.ends.minute) for w in windows]
    return {(day, minute) for day, starts, ends in spans for minute in range(starts, ends)}


@given(WINDOWS)
@example([Window(0, DAY_STARTS, time(12)), Window(0, time(12), DAY_ENDS)])
@example([Window(6, time(22), DAY_ENDS), Window(0, DAY_STARTS, time(2))])
def test_merging_keeps_every_minute_and_no_two_windows_touch(windows: list[Window]) -> None:
    found = merged(windows)
    assert suits(found) == suits(windows)
    assert list(found) == sorted(found)
    for one, next_one in itertools.pairwise(found):
        assert one.weekday != next_one.weekday or one.ends < next_one.starts, "midnight parts two days"


@given(WINDOWS)
def test_merging_again_and_any_order_change_nothing(windows: list[Window]) -> None:
    assert merged(list(merged(windows))) == merged(windows)
    assert merged(windows[::-1]) == merged(windows)


@given(WINDOWS, st.one_of(st.none(), st.integers(5, 720)), st.one_of(st.none(), st.integers(1, 100)))
def test_wishes_wait_for_their_code_unchanged(windows: list[Window], minutes: int | None, people: int | None) -> None:
    wishes = Wishes(minutes_needed=minutes, party_size=people, windows=merged(windows))
    assert Wishes.from_json(wishes.to_json()) == wishes
