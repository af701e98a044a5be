"""Bars: as high as their numbers, and nothing is drawn of nothing."""

from __future__ import annotations

import pytest

from nexapp.spine.web.charts import ceiling, stack


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (3, 5), (5, 5), (6, 10), (10, 10), (11, 20), (21, 50), (51, 100), (2001, 5000)]
)
def test_the_top_is_a_round_number(most: int, top: int) -> None:
    assert ceiling(most) == top


def test_parts_stand_on_each_other() -> None:
    chart = stack([("Mon", (("booked", 3), ("rest", 1))), ("Tue", (("booked", 0), ("rest", 0)))])
    assert (chart.top, chart.width) == (5, 20)
    booked, rest = chart.bars[0].parts
    assert (booked.y, booked.height) == (40, 60)
    assert (rest.y, rest.height) == (20, 20)
    assert chart.bars[1].parts == ()
