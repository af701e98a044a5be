"""An import as its page shows it: exact counts, and the first rows that can't be used."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import text

from nexapp.slots.list_models import ListImport
from nexapp.spine.db import db

MOST = 50
PROBLEMS = text("""
    SELECT (o.value->>'row')::integer AS row, o.value->>'why' AS why,
        p.cells->((o.value->>'row')::integer - 1 - p.number * :part) AS cells
    FROM list_import_parts p, jsonb_array_elements(coalesce(p.outcomes, p.judged, '[]')) o
    WHERE p.org_id = :org_id AND p.import_id = :import_id AND o.value ? 'why'
    ORDER BY p.number, 1 LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Tally:
    """Of the rows of a file; they add up to all of them."""

    added: int
    updated: int
    already: int
    skipped: int
    reasons: dict[str, int] = field(default_factory=dict)


def tally(batch: ListImport) -> Tally:
    """What the run did; before it, what it would do."""
    counts = batch.results or batch.planned
    reasons = {name.partition(".")[2]: count for name, count in counts.items() if name.startswith("skipped.")}
    ordered = dict(sorted(reasons.items(), key=lambda one: -one[1]))
    added, updated, already = (counts.get(name, 0) for name in ("added", "updated", "already"))
    return Tally(added, updated, already, sum(reasons.values()), ordered)


def list_problems(batch: ListImport) -> list[tuple[int, str, str]]:
    """Row, reason, and what stands in the row, in a few words."""
    # A file on its way is asked for again and again; its rows are told when it stands.
    if batch.status not in {"checked", "done", "undone"}:
        return []
    about = {"org_id": batch.org_id, "import_id": batch.id, "most": MOST, "part": 1000}
    rows = db.session.execute(PROBLEMS, about)
    return [(row.row, row.why, ", ".join(filter(None, row.cells or []))[:120]) for row in rows]
