"""How people come onto the list by the business's hand: invitations, and imports of whole files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel
from nexapp.spine.tables.models import FileColumns, PartColumns


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


class ListImport(FileColumns, Model):
    """One uploaded file. `on_known`: update, keep."""

    __tablename__ = "list_imports"

    source: Mapped[str | None]


class ListImportPart(PartColumns, Model):
    __tablename__ = "list_import_parts"


class ListImportNumber(Model):
    """Which row of a file has a number first."""

    __tablename__ = "list_import_numbers"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(primary_key=True)
    row_number: Mapped[int]
