"""The rows of one part of a file, by what they would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nexapp.spine.tables.cells import Judged
from nexapp.spine.tables.shown import count


@dataclass(slots=True)
class Sorted:
    """`updated` has what is known as it is, the row, and what it changes."""

    added: list[Judged] = field(default_factory=list)
    updated: list[tuple[Any, Judged, dict[str, Any]]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    """Of the rows that change nothing."""

    def place(self, row: Judged, known: Any, changes: dict[str, Any], why: str | None = None) -> None:
        """`why` leaves the row out; `known` is None where it is about somebody new."""
        if why:
            self.outcomes.append({"row": row["row"], "did": "skipped", "why": why})
        elif known is None:
            self.added.append(row)
        elif changes:
            self.updated.append((known, row, changes))
        else:
            self.outcomes.append({"row": row["row"], "did": "already"})

    def counts(self) -> dict[str, int]:
        found = {"added": len(self.added), "updated": len(self.updated)} | count(self.outcomes)
        return {name: number for name, number in found.items() if number}
