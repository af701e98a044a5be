"""How people come onto the list by the business's hand: invitations, and imports of whole files."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel


class Invitation(TenantModel, Model):
    """The one text that asks somebody whom the business put down; one for each person and business, ever."""

    __tablename__ = "list_invitations"

    consumer_id: Mapped[UUID]
    notify_request_id: Mapped[UUID]
    import_id: Mapped[UUID | None]
    source: Mapped[str]
    """How the business says it knows that the person wants this."""
    attested_by: Mapped[UUID | None]
    message_id: Mapped[UUID | None]
    texted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class ListImport(TenantModel, Model):
    """One uploaded file. `status`: uploaded, checking, checked, running, done, undoing, undone."""

    __tablename__ = "list_imports"

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
    """What becomes of people who are on the list already: update, keep."""
    source: Mapped[str | None]
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


class ListImportPart(Model):
    """A thousand rows: the cells as they came, as they were read, and what became of each."""

    __tablename__ = "list_import_parts"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[list[list[str]]] = mapped_column(JSONB)
    judged: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    outcomes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)


class ListImportNumber(Model):
    """Which row of a file has a number first."""

    __tablename__ = "list_import_numbers"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(primary_key=True)
    row_number: Mapped[int]
