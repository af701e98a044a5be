"""A file as its page shows it: exact counts, the first rows that can't be used, and all of them as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, text

from nexapp.spine.db import db
from nexapp.spine.tables.reading import Row
from nexapp.spine.tables.steps import PART, Files

MOST = 50
PROBLEMS = """
    SELECT (o.value->>'row')::integer AS row, o.value->>'why' AS why,
        p.cells->((o.value->>'row')::integer - 1 - p.number * :part) AS cells
    FROM {table} p, jsonb_array_elements(coalesce(p.outcomes, p.judged, '[]')) o
    WHERE p.org_id = :org_id AND p.import_id = :import_id AND o.value ? 'why'
    ORDER BY p.number, 1 LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """Of the rows of a file; they add up to all of them."""

    added: int
    updated: int
    already: int
    skipped: int
    reasons: dict[str, int] = field(default_factory=dict)


def count(outcomes: Sequence[dict[str, Any]]) -> dict[str, int]:
    """By what became of the rows; those left out by the reason, too."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        name = f"skipped.{outcome['why']}" if outcome["did"] == "skipped" else str(outcome["did"])
        counts[name] = counts.get(name, 0) + 1
    return counts


def merge(counts: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) + more.get(name, 0) for name in {**counts, **more}}


def tally(batch: Any) -> Tally:
    """What the run did; before it, what it would do."""
    counts = batch.results or batch.planned
    reasons = {name.partition(".")[2]: count for name, count in counts.items() if name.startswith("skipped.")}
    ordered = dict(sorted(reasons.items(), key=lambda one: -one[1]))
    added, updated, already = (counts.get(name, 0) for name in ("added", "updated", "already"))
    return Tally(added, updated, already, sum(reasons.values()), ordered)


def list_problems(files: Files, batch: Any) -> list[tuple[int, str, str]]:
    """Row, reason, and what stands in the row, in a few words."""
    # A file on its way is asked for again and again; its rows are told when it stands.
    if batch.status not in {"checked", "done", "undone"}:
        return []
    about = {"org_id": batch.org_id, "import_id": batch.id, "most": MOST, "part": PART}
    rows = db.session.execute(text(PROBLEMS.format(table=files.part.__tablename__)), about)
    return [(row.row, row.why, ", ".join(filter(None, row.cells or []))[:120]) for row in rows]


def list_skipped(files: Files, batch: Any, words_of: Callable[[str], str]) -> Iterator[list[str]]:
    """The skipped rows in the file's own columns, and why; first the names of the columns."""
    width = len(batch.headers)
    yield [*batch.headers, _("Reason")]
    parts = (
        select(files.part.cells, files.part.judged, files.part.outcomes)
        .where(files.part.org_id == batch.org_id, files.part.import_id == batch.id)
        .order_by(files.part.number)
    )
    first = 1
    for cells, judged, outcomes in db.session.execute(parts, execution_options={"yield_per": 1}):
        for row, why in _skipped(judged, outcomes):
            found = cells[row - first]
            yield [*found, *[""] * (width - len(found)), words_of(why)]
        first += len(cells)


def list_samples(files: Files, batch: Any) -> list[list[str]]:
    """The first cells of each column that say something."""
    mine = (files.part.org_id == batch.org_id, files.part.import_id == batch.id, files.part.number == 0)
    rows: list[Row] = (db.session.scalar(select(files.part.cells).where(*mine)) or [])[:50]
    columns = range(len(batch.headers))
    return [[row[c][:40] for row in rows if c < len(row) and row[c].strip()][:3] for c in columns]


def _skipped(judged: Any, outcomes: Any) -> Iterator[tuple[int, str]]:
    """What became of the rows of a part, or would, as far as they are left out."""
    for outcome in outcomes if outcomes is not None else judged or []:
        if "why" in outcome:
            yield outcome["row"], outcome["why"]
