"""Goal 11: 100,000 rows of a file read, validated, deduplicated and written, progress each 100, against COPY.

Two kinds of files: people for a waiting list, and prospects. COPY is given the finished rows of the same tables, ids
and hashes included: it reads no number, looks for no repetition, asks nobody's opt-out and can't be undone. One
worker's own code runs the parts, in this process, so that its memory is seen.
"""

from __future__ import annotations

import io
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import psycopg

from bench.product import Product, product
from bench.rounds import Contestant, Line, interleaved
from nexapp.sales.importing.batches import FILES as PROSPECT_FILES
from nexapp.slots.importing.batches import FILES as LIST_FILES
from nexapp.slots.tokens import hash_token, request_token
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.tables.steps import Files
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

ROWS = 100_000
ROUNDS = 3
MOST_GROWTH_MB = 60
ORGANISATION = """
    INSERT INTO organizations (id, name, slug, time_zone, kind, quiet_starts, quiet_ends, daily_spend_cap)
    VALUES (%s, 'Harbour', %s, 'America/New_York', %s, '00:00', '23:59:59', 1)
"""
LIST_TABLES = {
    "consumers": ("id", "phone", "time_zone", "region"),
    "consumer_profiles": ("org_id", "consumer_id", "name"),
    "notify_requests": ("id", "org_id", "consumer_id", "token_hash", "status", "source"),
    "list_invitations": ("id", "org_id", "consumer_id", "notify_request_id", "source"),
}
PROSPECT_TABLES = {"prospects": ("id", "org_id", "name", "company", "email", "phone", "stage_id", "import_id")}
Rows = Iterator[tuple[str, tuple[Any, ...]]]


@dataclass(frozen=True)
class Kind:
    """One kind of files: what goes in, how it is imported, and what COPY is given instead."""

    name: str
    org_kind: str
    files: Files
    header: str
    written: Callable[[int], str]
    mapping: dict[str, int]
    chosen: dict[str, Any]
    tables: dict[str, tuple[str, ...]]
    rows: Callable[[UUID, UUID, int], Rows]
    empty: str


def measure() -> list[Line]:
    with product({}, services_only=True) as ours:
        return [_measure(ours, kind) for kind in (LIST, PROSPECTS)]


def _measure(ours: Product, kind: Kind) -> Line:
    org_id = new_id()
    ours.sql(ORGANISATION, org_id, f"harbour-{kind.name}", kind.org_kind)
    stages = ours.sql("SELECT id FROM prospect_stages WHERE org_id = %s ORDER BY position LIMIT 1", org_id)
    for table in kind.tables:
        # COPY is refused where row-level security holds for the owner too; the application's roles stay under it.
        ours.sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    content = kind.header + "".join(kind.written(number) for number in range(ROWS))
    finished = _finished(ours, kind, org_id, stages[0][0] if stages else org_id)
    contestants: dict[str, Contestant] = {
        "ours": partial(_import, ours, kind, org_id, content.encode()),
        "copy": partial(_copy, ours, kind, finished),
    }
    contestants["ours"]()
    before = _peak_mb()
    found = interleaved(contestants, ROUNDS)
    growth = _peak_mb() - before
    ratio = found.ratio("copy", "ours")
    note = f"the importing process grew by {growth} MB at its peak from one file of {ROWS:,} rows to the next"
    metric = f"CSV import of {ROWS:,} {kind.name}, validated, deduplicated, progress each 100"
    is_met = ratio >= 0.15 and growth < MOST_GROWTH_MB
    return Line(11, metric, found.shown("ours"), found.shown("copy"), ratio, "≥ 0.15", is_met, note)


def _import(ours: Product, kind: Kind, org_id: UUID, content: bytes) -> float:
    ours.sql(kind.empty)
    owner = Actor(Role.OWNER, org_id)
    began = time.perf_counter()
    with ours.app.app_context():
        with unit_of_work(owner):
            import_id = kind.files.upload(io.BytesIO(content), "people.csv")
        steps: list[Callable[[], None]] = [
            lambda: kind.files.begin_check(import_id, kind.mapping, **kind.chosen),
            lambda: kind.files.begin_run(import_id),
        ]
        for step in steps:
            with unit_of_work(owner):
                step()
            while drain_ledger("default", lambda: False):
                pass
    seconds = time.perf_counter() - began
    counts = ours.sql(f"SELECT status, results FROM {kind.files.file.__tablename__}")  # noqa: S608 - our own table
    if counts != [("done", {"added": ROWS})]:
        raise RuntimeError(f"the import ended as {counts}")
    return seconds


def _copy(ours: Product, kind: Kind, finished: dict[str, list[tuple[Any, ...]]]) -> float:
    ours.sql(kind.empty)
    began = time.perf_counter()
    with psycopg.connect(ours.stack.owner_url) as connection, connection.cursor() as cursor:
        for table, columns in kind.tables.items():
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in finished[table]:
                    copy.write_row(row)
    return time.perf_counter() - began


def _finished(ours: Product, kind: Kind, org_id: UUID, stage_id: UUID) -> dict[str, list[tuple[Any, ...]]]:
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in kind.tables}
    with ours.app.app_context():
        for number in range(ROWS):
            for table, row in kind.rows(org_id, stage_id, number):
                rows[table].append(row)
    return rows


def _people(org_id: UUID, _stage_id: UUID, number: int) -> Rows:
    consumer_id, request_id = new_id(), new_id()
    yield "consumers", (consumer_id, f"+1{6_462_000_000 + number}", "America/New_York", "US-NY")
    yield "consumer_profiles", (org_id, consumer_id, f"Person {number:06}")
    hashed = hash_token(request_token(request_id))
    yield "notify_requests", (request_id, org_id, consumer_id, hashed, "invited", "import")
    yield "list_invitations", (new_id(), org_id, consumer_id, request_id, "They asked for it")


def _prospects(org_id: UUID, stage_id: UUID, number: int) -> Rows:
    yield "prospects", (
        new_id(), org_id, f"Person {number:06}", f"Company {number % 5000}", f"p{number}@example.com",
        f"+1{6_462_000_000 + number}", stage_id, org_id,
    )  # fmt: skip


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


LIST = Kind(
    name="people", org_kind="business", files=LIST_FILES, header="Name,Phone\n",
    written=lambda number: f"Person {number:06},{6_462_000_000 + number}\n", mapping={"name": 0, "phone": 1},
    chosen={"source": "They asked for it", "on_known": "update"}, tables=LIST_TABLES, rows=_people,
    empty="TRUNCATE list_invitations, list_import_numbers, list_import_parts, list_imports, notify_requests,"
          " consumer_profiles, consumers, background_jobs CASCADE",
)  # fmt: skip
PROSPECTS = Kind(
    name="prospects", org_kind="sales", files=PROSPECT_FILES, header="Name,Company,E-mail,Phone\n",
    written=lambda number: (
        f"Person {number:06},Company {number % 5000},p{number}@example.com,{6_462_000_000 + number}\n"
    ),
    mapping={"name": 0, "company": 1, "email": 2, "phone": 3}, chosen={"on_known": "update"},
    tables=PROSPECT_TABLES, rows=_prospects,
    empty="TRUNCATE prospect_import_keys, prospect_import_parts, prospect_imports, prospects, background_jobs CASCADE",
)  # fmt: skip
