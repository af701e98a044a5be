"""One row of a file, read: its values, or why it can't be used."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nexapp.spine.tables.cells import Judged, Unusable, read_cell


@dataclass(frozen=True, slots=True)
class RowJudge(ABC):
    """What a kind of files is read by: its columns, its country."""

    mapping: Mapping[str, int]
    country: str

    def judge(self, number: int, cells: Sequence[str]) -> Judged:
        given = {
            field: read_cell(cells[place]) if place < len(cells) else "" for field, place in self.mapping.items()
        }  # fmt: skip
        try:
            return {"row": number, **self.values(given)}
        except Unusable as reason:
            return {"row": number, "why": str(reason)}

    @abstractmethod
    def values(self, given: Mapping[str, str]) -> Judged:
        """Without what the file doesn't say: a part of it has a thousand rows. Raises `Unusable`."""
