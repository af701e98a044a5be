"""The tables of a file; each kind of file has its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import TenantModel


class FileColumns(TenantModel):
    """One uploaded file. `status`: uploaded, checking, checked, running, done, undoing, undone."""

    filename: Mapped[str]
    encoding: Mapped[str]
    delimiter: Mapped[str]
    headers: Mapped[list[str]] = mapped_column(JSONB)
    has_headers: Mapped[bool]
    row_count: Mapped[int]
    part_count: Mapped[int]
    mapping: Mapped[dict[str, int] | None] = mapped_column(JSONB)
    """What a column means, by its place: `{"phone": 0, …}`."""
    on_known: Mapped[str] = mapped_column(default="update")
    """What becomes of rows that are known already."""
    status: Mapped[str] = mapped_column(default="uploaded")
    run: Mapped[int] = mapped_column(default=0)
    """Rises with each start, so that the jobs of an earlier one end by themselves."""
    rows_done: Mapped[int] = mapped_column(default=0)
    planned: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    results: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    undone: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    created_by: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class PartColumns:
    """A thousand rows: the cells as they came, as they were read, and what became of each."""

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[list[list[str]]] = mapped_column(JSONB)
    judged: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    outcomes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
