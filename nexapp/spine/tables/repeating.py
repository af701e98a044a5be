"""Rows of a file that mean the same: the first counts, those after it are left out, in this part or a later one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text

from nexapp.spine.db import db
from nexapp.spine.tables.cells import Judged
from nexapp.spine.tables.steps import Files

# Names of tables and columns are our own.
NOTE = """
    INSERT INTO {table} (org_id, import_id, {column}, row_number)
    SELECT :org_id, :import_id, g.key, g.number
    FROM unnest(CAST(:keys AS text[]), CAST(:numbers AS integer[])) AS g(key, number)
    ON CONFLICT DO NOTHING
"""
FIRST = """
    SELECT {column} AS key, row_number FROM {table}
    WHERE org_id = :org_id AND import_id = :import_id AND {column} = ANY(CAST(:keys AS text[]))
"""


def mark_repeated(
    files: Files, batch: Any, judged: Sequence[Judged], keys_of: Callable[[Judged], Sequence[str]]
) -> list[Judged]:
    """Rows with the reason `duplicate` in the place of those that share a key with an earlier one."""
    numbers = {key: row["row"] for row in reversed(judged) if "why" not in row for key in keys_of(row)}
    about = {"org_id": batch.org_id, "import_id": batch.id, "keys": list(numbers), "numbers": list(numbers.values())}
    names = {"table": files.key.__tablename__, "column": files.key_column}
    if numbers:
        db.session.execute(text(NOTE.format(**names)), about)
    first = {row.key: row.row_number for row in db.session.execute(text(FIRST.format(**names)), about)}
    return [
        {"row": row["row"], "why": "duplicate"}
        if "why" not in row and any(first[key] != row["row"] for key in keys_of(row))
        else row
        for row in judged
    ]
