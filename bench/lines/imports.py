"""Goal 11: 100,000 rows of a file read, validated, deduplicated and written, progress each 100, against COPY.

COPY is given the finished rows of the same four tables, ids and hashes included: it reads no number, looks for no
repetition, asks nobody's opt-out and can't be undone. One worker's own code runs the parts, in this process, so that
its memory is seen.
"""

from __future__ import annotations

import io
import resource
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

import psycopg

from bench.product import Product, product
from bench.rounds import Contestant, Line, interleaved
from nexapp.slots.importing.batches import FILES
from nexapp.slots.tokens import hash_token, request_token
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

ROWS = 100_000
ROUNDS = 3
MOST_GROWTH_MB = 60
ORGANISATION = """
    INSERT INTO organizations (id, name, slug, time_zone, quiet_starts, quiet_ends, daily_spend_cap)
    VALUES (%s, 'Harbour Dental', 'harbour-dental', 'America/New_York', '00:00', '23:59:59', 1)
"""
EMPTY = """
    TRUNCATE list_invitations, list_import_numbers, list_import_parts, list_imports, notify_requests,
        consumer_profiles, consumers, background_jobs CASCADE
"""
TABLES = {
    "consumers": ("id", "phone", "time_zone", "region"),
    "consumer_profiles": ("org_id", "consumer_id", "name"),
    "notify_requests": ("id", "org_id", "consumer_id", "token_hash", "status", "source"),
    "list_invitations": ("id", "org_id", "consumer_id", "notify_request_id", "source"),
}


def measure() -> list[Line]:
    with product({}, services_only=True) as ours:
        org_id = new_id()
        ours.sql(ORGANISATION, org_id)
        for table in TABLES:
            # COPY is refused where row-level security holds for the owner too; the application's roles stay under it.
            ours.sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        people = [(f"Person {n:06}", 6_462_000_000 + n) for n in range(ROWS)]
        content = "Name,Phone\n" + "".join(f"{name},{phone}\n" for name, phone in people)
        finished = _finished(ours, org_id, people)
        contestants: dict[str, Contestant] = {
            "ours": partial(_import, ours, org_id, content.encode()),
            "copy": partial(_copy, ours, finished),
        }
        contestants["ours"]()
        before = _peak_mb()
        found = interleaved(contestants, ROUNDS)
        growth = _peak_mb() - before
    ratio = found.ratio("copy", "ours")
    note = f"the importing process grew by {growth} MB at its peak from one file of {ROWS:,} rows to the next"
    is_met = ratio >= 0.15 and growth < MOST_GROWTH_MB
    metric = f"CSV import of {ROWS:,} rows, validated, deduplicated, progress each 100"
    return [Line(11, metric, found.shown("ours"), found.shown("copy"), ratio, "≥ 0.15", is_met, note)]


def _import(ours: Product, org_id: UUID, content: bytes) -> float:
    ours.sql(EMPTY)
    owner = Actor(Role.OWNER, org_id)
    began = time.perf_counter()
    with ours.app.app_context():
        with unit_of_work(owner):
            import_id = FILES.upload(io.BytesIO(content), "people.csv")
        steps: list[Callable[[], None]] = [
            lambda: FILES.begin_check(
                import_id, {"name": 0, "phone": 1}, source="They asked for it", on_known="update"
            ),
            lambda: FILES.begin_run(import_id),
        ]
        for step in steps:
            with unit_of_work(owner):
                step()
            while drain_ledger("default", lambda: False):
                pass
    seconds = time.perf_counter() - began
    counts = ours.sql("SELECT status, results FROM list_imports")
    if counts != [("done", {"added": ROWS})]:
        raise RuntimeError(f"the import ended as {counts}")
    return seconds


def _copy(ours: Product, finished: dict[str, list[tuple[Any, ...]]]) -> float:
    ours.sql(EMPTY)
    began = time.perf_counter()
    with psycopg.connect(ours.stack.owner_url) as connection, connection.cursor() as cursor:
        for table, columns in TABLES.items():
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in finished[table]:
                    copy.write_row(row)
    return time.perf_counter() - began


def _finished(ours: Product, org_id: UUID, people: list[tuple[str, int]]) -> dict[str, list[tuple[Any, ...]]]:
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
    with ours.app.app_context():
        for table, row in _rows(org_id, people):
            rows[table].append(row)
    return rows


def _rows(org_id: UUID, people: list[tuple[str, int]]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for name, phone in people:
        consumer_id, request_id = new_id(), new_id()
        yield "consumers", (consumer_id, f"+1{phone}", "America/New_York", "US-NY")
        yield "consumer_profiles", (org_id, consumer_id, name)
        hashed = hash_token(request_token(request_id))
        yield "notify_requests", (request_id, org_id, consumer_id, hashed, "invited", "import")
        yield "list_invitations", (new_id(), org_id, consumer_id, request_id, "They asked for it")


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
