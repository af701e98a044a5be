"""The size of a step follows what the last one took."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nexapp.spine.jobs.sizes import FIRST, GROWTH, LEAST, MOST, SECONDS, size_after, size_for

SIZES = st.integers(LEAST, MOST)


@given(SIZES, st.floats(0, 10_000), st.data())
def test_it_stays_within_its_bounds(size: int, seconds: float, data: st.DataObject) -> None:
    done = data.draw(st.integers(0, size))
    found = size_after(size, done, seconds)
    assert LEAST <= found <= min(MOST, max(size * GROWTH, LEAST))


@given(st.floats(0.0002, 0.1))
def test_it_soon_takes_some_seconds_whatever_one_item_takes(each: float) -> None:
    size = FIRST
    for _ in range(6):
        size = size_after(size, size, size * each)
    assert size in (LEAST, MOST) or abs(size * each - SECONDS) < SECONDS / 2


def test_a_last_step_of_few_is_judged_by_what_it_did() -> None:
    assert size_after(1000, 10, 3.0) == LEAST
    assert size_after(1000, 500, 1.5) == 1000
    assert size_after(1000, 0, 0.01) == 1000, "nobody tells nothing of how long one takes"


@given(SIZES, st.integers(-3, 12))
def test_a_lost_step_is_tried_smaller(size: int, lost: int) -> None:
    found = size_for(size, lost)
    assert found == size if lost <= 0 else LEAST <= found <= max(size // 8, LEAST)
