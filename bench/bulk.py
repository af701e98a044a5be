"""Millions of rows in minutes: written over both cores, and their indexes built once they are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

from bench.product import Product

CORES = 2
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = %s::regclass AND NOT indisprimary
"""
KEYS = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'"


def at_once(ours: Product, statements: Sequence[str]) -> None:
    """As the database's owner, as many at a time as there are cores; each is committed by itself."""
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(lambda statement: _alone(ours, statement), statements))


def in_halves(first: int, last: int) -> list[tuple[int, int]]:
    middle = (first + last) // 2
    return [(first, middle), (middle, last)]


@contextmanager
def set_aside(ours: Product, table: str) -> Iterator[None]:
    """Write rows into the table without its indexes, triggers and foreign keys. Its indexes come back afterwards.

    The keys stay away: the rows are right by how they are made, and reading doesn't ask for them.
    """
    indexes = ours.sql(INDEXES, table)
    for (name,) in ours.sql(KEYS, table):
        ours.sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        ours.sql(f"DROP INDEX {name}")
    # It would count and clean up in the middle of a measure; who fills the table does so at once.
    ours.sql(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    ours.sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    ours.sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    at_once(ours, [definition for _name, definition in indexes])


def _alone(ours: Product, statement: str) -> None:
    with psycopg.connect(ours.stack.owner_url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET max_parallel_maintenance_workers = 0")
        connection.execute(statement)
