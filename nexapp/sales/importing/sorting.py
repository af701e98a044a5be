"""What a row means for the prospects as they are: added, updated, there already, or skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from nexapp.spine.db import db
from nexapp.spine.tables.cells import Judged
from nexapp.spine.tables.sorting import Sorted
from nexapp.spine.tenancy import current_actor

KNOWN = text("""
    SELECT p.id, lower(p.email) AS key, p.name, p.company, p.role, p.email, p.phone, p.location, p.source, p.value_cents
    FROM nexapp_known_prospects(CAST(:emails AS text[]), CAST(:phones AS text[])) k
    JOIN prospects p ON p.org_id = :org_id AND p.id = k.prospect_id AND p.deleted_at IS NULL
    ORDER BY p.id
""")
# In one order everywhere: whoever else changes some of them waits, and never in a circle.
HELD = text(f"{KNOWN.text} FOR NO KEY UPDATE OF p")
COMPARED = ("name", "company", "role", "email", "phone", "location", "source", "value_cents")
"""What a file may change about a known one: only what it says. Stage and owner are for new ones."""

Known = Mapping[str, Any]
"""Prospects by their address and by their number; of several the first."""


def find_known(judged: Sequence[Judged], *, held: bool = False) -> Known:
    """Those who are prospects already, without the trash; `held` until the unit ends, so that they stay as read."""
    emails = [row["email"] for row in judged if row.get("email")]
    phones = [row["phone"] for row in judged if row.get("phone")]
    about = {"org_id": current_actor().tenant, "emails": emails, "phones": phones}
    known: dict[str, Any] = {}
    for prospect in db.session.execute(HELD if held else KNOWN, about) if emails or phones else ():
        for key in filter(None, (prospect.key, prospect.phone)):
            known.setdefault(key, prospect)
    return known


def find_one(known: Known, row: Judged) -> Any:
    """By the address first, then by the number; else None."""
    return known.get(row.get("email", "")) or known.get(row.get("phone", ""))


def sort_out(judged: Sequence[Judged], known: Known, on_known: str) -> Sorted:
    """`on_known`: add, update or keep."""
    found = Sorted()
    for row in judged:
        prospect = None if on_known == "add" else find_one(known, row)
        changes = _changes(prospect, row) if prospect is not None and on_known == "update" else {}
        found.place(row, prospect, changes, row.get("why"))
    return found


def _changes(prospect: Any, row: Judged) -> dict[str, Any]:
    said = {name: row[name] for name in COMPARED if name in row}
    if said.get("email") == prospect.key:
        del said["email"]
    return {name: value for name, value in said.items() if value != getattr(prospect, name)}
