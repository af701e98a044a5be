"""Counting while nobody looks: each minute, each night, once, and never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask

from nexapp.local.stack import Stack
from nexapp.slots.figures.counting import begin_nights, catch_up
from nexapp.slots.figures.jobs import nightly_figures, refresh_figures
from nexapp.spine.clock import now
from nexapp.spine.jobs.registry import KINDS
from nexapp.spine.realtime import CHANNEL
from nexapp.spine.schedule import ENTRIES
from nexapp.spine.tenancy import SYSTEM, Actor
from tests.figures.arranging import booked, offered
from tests.live import Heard
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]
COUNTED = "SELECT slot_id, outcome, sent, delivered, opened FROM slot_figures WHERE org_id = %s ORDER BY slot_id"


@pytest.fixture
def heard(app: Flask) -> Iterator[Heard]:
    found = Heard(app.extensions["redis"], CHANNEL)
    yield found
    found.close()


def run(acting: Acting, work: Callable[[], Any]) -> Any:
    with acting(SYSTEM):
        return work()


def count_and_die() -> None:
    refresh_figures()
    raise KeyboardInterrupt


def due(shop: Shop) -> int:
    return int(shop.value("SELECT count(DISTINCT slot_id) FROM figures_due WHERE org_id = %s", shop.org_id))


def test_each_minute_every_business_is_counted(shop: Shop, other_shop: Shop, acting: Acting, heard: Heard) -> None:
    slots = {shop.org_id: booked(shop), other_shop.org_id: booked(other_shop)}
    run(acting, refresh_figures)
    for place in (shop, other_shop):
        assert shop.sql(COUNTED, place.org_id) == [(slots[place.org_id], "booked", 1, 1, 1)]
        assert (f"org:{place.org_id}:slots", "figures-changed") in heard.listen()


def test_run_twice_is_once(shop: Shop, acting: Acting, heard: Heard) -> None:
    booked(shop)
    run(acting, refresh_figures)
    first = shop.sql("SELECT * FROM slot_figures")
    heard.listen()
    heard.clear()
    run(acting, refresh_figures)
    assert shop.sql("SELECT * FROM slot_figures") == first
    assert heard.listen() == []


def test_a_late_receipt_counts_on_the_slots_day(shop: Shop, acting: Acting) -> None:
    slot_id, _offers = offered(shop, now() - timedelta(days=9), status="expired")
    shop.sql("UPDATE messages SET status = 'sent'")
    run(acting, refresh_figures)
    assert shop.sql(COUNTED, shop.org_id) == [(slot_id, "unfilled", 1, 0, 0)]
    shop.sql("UPDATE messages SET status = 'delivered', delivered_at = now()")
    run(acting, refresh_figures)
    assert shop.sql(COUNTED, shop.org_id) == [(slot_id, "unfilled", 1, 1, 0)]


def test_a_killed_worker_loses_nothing(shop: Shop, acting: Acting) -> None:
    booked(shop)
    with pytest.raises(KeyboardInterrupt):
        run(acting, count_and_die)
    assert (due(shop), shop.sql(COUNTED, shop.org_id)) == (1, [])
    run(acting, refresh_figures)
    assert (due(shop), len(shop.sql(COUNTED, shop.org_id))) == (0, 1)


def test_one_that_fails_keeps_nobody_waiting(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    places = sorted((shop, other_shop), key=lambda place: place.org_id)
    for place in places:
        booked(place)
    broken, fine = places
    # More seconds than the column takes.
    shop.sql("UPDATE slots SET opened_at = '1900-01-01' WHERE org_id = %s", broken.org_id)
    run(acting, refresh_figures)
    assert [len(shop.sql(COUNTED, place.org_id)) for place in places] == [0, 1]
    assert (due(broken), due(fine)) == (1, 0)
    assert shop.sql("SELECT kind, org_id FROM system_errors") == [("job_error", broken.org_id)]


def test_counts_of_one_business_never_overlap(shop: Shop, acting: Acting, services: Stack) -> None:
    """The one that read first could write last, and older numbers would stay."""
    booked(shop)
    with psycopg.connect(services.owner_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('figures:' || %s::text, 0))", [shop.org_id])
        assert run(acting, lambda: catch_up(shop.org_id)) == 0
        assert due(shop) == 1
    assert run(acting, lambda: catch_up(shop.org_id)) == 1


def test_a_change_that_is_not_committed_yet_is_counted_later(shop: Shop, acting: Acting, services: Stack) -> None:
    slot_id = booked(shop)
    with psycopg.connect(services.owner_url) as other:
        other.execute("UPDATE slots SET status = 'cancelled' WHERE id = %s", [slot_id])
        run(acting, refresh_figures)
        assert shop.sql(COUNTED, shop.org_id)[0][1] == "booked"
        other.commit()
    run(acting, refresh_figures)
    assert shop.sql(COUNTED, shop.org_id)[0][1] == "cancelled"


def test_many_are_counted_in_batches(shop: Shop, acting: Acting, monkeypatch: pytest.MonkeyPatch) -> None:
    for hour in range(5):
        offered(shop, now() - timedelta(hours=2 + hour))
    monkeypatch.setattr("nexapp.slots.figures.counting.AT_ONCE", 2)
    assert run(acting, lambda: catch_up(shop.org_id, batches=2)) == 4
    assert due(shop) == 1
    run(acting, refresh_figures)
    assert due(shop) == 0


def test_the_night_comes_at_two_of_each_business(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    """07:00 UTC in winter is two o'clock in New York; Los Angeles follows three hours later."""
    for place in (shop, other_shop):
        booked(place, datetime(2026, 1, 10, 18, tzinfo=UTC))
        booked(place, datetime(2025, 11, 1, 18, tzinfo=UTC))
    run(acting, refresh_figures)

    def night(hour: int, minute: int) -> tuple[int, int]:
        run(acting, lambda: begin_nights(datetime(2026, 1, 20, hour, minute, tzinfo=UTC)))
        return due(shop), due(other_shop)

    night(6, 0)  # of the day before, in Los Angeles
    run(acting, refresh_figures)
    assert night(6, 59) == (0, 0)
    assert night(7, 0) == (1, 0)
    run(acting, refresh_figures)
    assert night(7, 15) == (0, 0), "once for each local date"
    assert night(10, 0) == (0, 1)


def test_the_night_without_a_two_oclock_is_not_left_out(shop: Shop, acting: Acting) -> None:
    booked(shop, datetime(2026, 3, 7, 18, tzinfo=UTC))
    run(acting, refresh_figures)
    run(acting, lambda: begin_nights(datetime(2026, 3, 8, 6, 59, tzinfo=UTC)))
    assert due(shop) == 0
    run(acting, lambda: begin_nights(datetime(2026, 3, 8, 7, 0, tzinfo=UTC)))
    assert due(shop) == 1


def test_the_night_mends_what_marks_missed(shop: Shop, acting: Acting) -> None:
    slot_id = booked(shop)
    run(acting, refresh_figures)
    shop.sql("UPDATE slot_figures SET sent = 99")
    shop.sql("DELETE FROM figures_nights")
    run(acting, lambda: begin_nights(now().replace(hour=23)))
    run(acting, nightly_figures)
    run(acting, refresh_figures)
    assert shop.sql(COUNTED, shop.org_id) == [(slot_id, "booked", 1, 1, 1)]


def test_both_are_on_the_schedule(app: Flask) -> None:
    for name in ("refresh_figures", "nightly_figures"):
        assert ENTRIES[name].job in KINDS
