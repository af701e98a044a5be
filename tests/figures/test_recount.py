"""Whatever happens to a business, in whatever order: its summary rows say what a recount of the raw rows says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nexapp.slots.figures.queries import get_figures, list_wordings
from nexapp.slots.figures.ranges import Range
from nexapp.spine.tenancy import Actor
from tests.figures.history import STEPS, History
from tests.figures.recount import Recount, by_wording, in_words
from tests.slots.merchant_world import Shop

RANGES = (
    Range("", date(2026, 10, 31), date(2026, 11, 1)),
    Range("", date(2026, 3, 1), date(2026, 4, 4)),
    Range("", date(2026, 3, 7), date(2026, 11, 2)),
    Range("", date(2025, 6, 1), date(2027, 1, 1)),
)
happenings = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 119)), max_size=40)

BOOKED_AND_FREED = [("add", 3), ("receipt", 1), ("book", 0), ("count", 0), ("offer", 0), ("book", 4), ("receipt", 0)]
LATE = [("add", 3), ("book", 0), ("count", 0), ("move", 9), ("count", 0), ("receipt", 1), ("change_zone", 4)]
OTHER_TIME, MOVED_HERE = [("add", 3), ("book", 2)], [("add", 3), ("book", 3)]
SEEN_LATER = [("add", 3), ("count", 0), ("look", 0), ("look", 1)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings)
@example(BOOKED_AND_FREED)
@example(LATE)
@example(OTHER_TIME)
@example(MOVED_HERE)
@example(SEEN_LATER)
def test_summaries_equal_a_recount(
    app: Flask,
    owner_sql: Callable[..., list[Any]],
    acting: Callable[[Actor], AbstractContextManager[None]],
    steps: list[tuple[str, int]],
) -> None:
    shop = Shop(app, owner_sql)
    history = History(shop, acting)
    history.run(steps)
    history.count()
    recount = Recount(owner_sql, shop.org_id)
    with acting(shop.owner):
        for wanted in RANGES:
            found = get_figures(wanted, recount.zone.key)
            assert in_words(found) == in_words(recount.figures(wanted))
            assert {person.id: sums for person, sums in found.staff} == recount.by_staff(wanted)
            assert by_wording(list_wordings(wanted, recount.zone.key)) == recount.wordings(wanted)
            assert found.total.cents(recount.average) == _revenue(recount, wanted)
    assert shop.value("SELECT count(*) FROM figures_due WHERE org_id = %s", shop.org_id) == 0


def _revenue(recount: Recount, wanted: Range) -> int:
    sums = recount.sums(recount.within(wanted.first, wanted.last))
    return sums.priced_cents + sums.unpriced * recount.average
