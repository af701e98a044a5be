"""Large files, killed workers, a flushed Redis, repeated jobs: every row once, and counts that add up."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexapp.slots.importing.batches import FILES
from nexapp.slots.importing.jobs import check_import_part, run_import_part, undo_import_part
from tests.importing.importer import Importer
from tests.slots.merchant_world import Shop

Acting = Callable[..., Any]
NUMBERS = [f"(646) 555-01{n:02}" for n in range(12)]


class Killed(BaseException):
    """As a worker ends that is killed: nothing it did stands."""


def many(rows: int) -> str:
    return "Name,Phone\n" + "".join(f"Person {n},646{2_000_000 + n}\n" for n in range(rows))


def run_and_die(acting: Acting, shop: Shop, import_id: str, run: int) -> None:
    with acting(shop.owner):
        run_import_part(import_id, run, 0)
        raise Killed


def invited(shop: Shop) -> int:
    return int(shop.value("SELECT count(*) FROM notify_requests WHERE status = 'invited'"))


def test_a_killed_worker_leaves_whole_parts_and_the_next_goes_on(
    shop: Shop, importer: Importer, acting: Acting, app: Flask
) -> None:
    address = importer.check(many(2500))
    importer.browser.post(f"{address}/run")
    import_id = address.rsplit("/", 1)[1]
    run = shop.value("SELECT run FROM list_imports")
    for _ in range(2):
        with pytest.raises(Killed):
            run_and_die(acting, shop, import_id, run)
        assert invited(shop) == 0
    app.extensions["redis"].flushdb()
    with acting(shop.owner):
        run_import_part(import_id, run, 0)
    assert invited(shop) == 1000
    assert "1000 of 2500" in importer.browser.page(address)
    for late in ((run, 0), (run - 1, 1), (run, 2)):
        with acting(shop.owner):
            run_import_part(import_id, *late)
    assert invited(shop) == 1000, "a job that comes twice, or too early, changes nothing"
    importer.run_jobs()
    assert invited(shop) == 2500
    assert importer.counts(address) == {"Added": 2500, "Updated": 0, "There already": 0, "Skipped": 0}
    assert shop.value("SELECT count(*) FROM list_invitations") == 2500


def test_checking_and_undoing_repeat_nothing(shop: Shop, importer: Importer, acting: Acting) -> None:
    address = importer.run(many(1200))
    import_id, run = address.rsplit("/", 1)[1], shop.value("SELECT run FROM list_imports")
    importer.browser.post(f"{address}/undo")
    for job, number in ((check_import_part, run), (undo_import_part, run + 1), (undo_import_part, run + 1)):
        with acting(shop.owner):
            job(import_id, number, 0)
    importer.run_jobs()
    assert shop.value("SELECT undone->>'removed' FROM list_imports") == "1200"
    assert invited(shop) == 0
    assert shop.value("SELECT count(*) FROM consumer_profiles") == 60, "those whose text was written are remembered"


def test_repeated_numbers_far_apart_are_found(shop: Shop, importer: Importer) -> None:
    address = importer.check(many(2100) + "Again,6462000005\nAgain,+1 (646) 200-0005\n")
    assert importer.counts(address) == {"Added": 2100, "Updated": 0, "There already": 0, "Skipped": 2}
    assert "Row 2101" in importer.browser.page(address)


def test_a_hundred_thousand_rows_are_read_in_flat_memory(shop: Shop, acting: Acting) -> None:
    content = many(100_000).encode()
    file = io.BytesIO(content)
    tracemalloc.start()
    with acting(shop.owner):
        import_id: UUID = FILES.upload(file, "people.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert shop.sql("SELECT row_count, part_count FROM list_imports WHERE id = %s", import_id) == [(100_000, 100)]
    assert peak < 8_000_000, f"{peak:,} bytes at most"


def test_a_file_over_the_limit_is_refused_and_other_forms_keep_theirs(shop: Shop, importer: Importer) -> None:
    assert importer.upload(b"Phone\n" + b"6462000000,\n" * 250_000).status_code == 422, "3 MB, too many rows"
    assert importer.upload(b"x" * (20 * 1024 * 1024 + 1)).status_code == 413
    large = "x" * (2 * 1024 * 1024 + 1)
    assert importer.browser.post("/waiting-list/people", name=large).status_code == 413
    assert shop.value("SELECT count(*) FROM list_imports") == 0


ROW = st.tuples(
    st.sampled_from(["", "Ana", "=1+1", "Zoë", "n" * 90]),
    st.one_of(st.sampled_from(NUMBERS), st.sampled_from(["", "12", "+", "'+16465550101", "+44 20 7183 8750"])),
    st.sampled_from(["", "30", "0", "x", "45.0"]),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=40), on_known=st.sampled_from(["update", "keep"]))
def test_whatever_the_rows_the_counts_add_up(
    shop: Shop, importer: Importer, rows: list[tuple[str, str, str]], on_known: str
) -> None:
    content = "Name,Phone,Minutes\n" + "".join(f'"{name}","{phone}",{minutes}\n' for name, phone, minutes in rows)
    kept = [row for row in rows if any(row)]
    answer = importer.upload(content)
    if not kept:
        assert answer.status_code == 422
        return
    address = answer.location
    fields = {"columns-0": "name", "columns-1": "phone", "columns-2": "minutes", "source": "s", "on_known": on_known}
    importer.browser.post(f"{address}/mapping", **fields)
    importer.run_jobs()
    planned = importer.counts(address)
    before = shop.value("SELECT count(*) FROM notify_requests")
    importer.browser.post(f"{address}/run")
    importer.run_jobs()
    assert importer.counts(address) == planned
    assert sum(planned.values()) == len(kept)
    assert shop.value("SELECT count(*) FROM notify_requests") - before == planned["Added"]
