"""What belongs to a prospect: its story, its notes; and views and files of prospects."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel
from nexapp.spine.tables.models import FileColumns, PartColumns


class ProspectEvent(TenantModel, Model):
    """Something that happened to a prospect."""

    __tablename__ = "prospect_events"

    prospect_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    kind: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class ProspectNote(TenantModel, Model):
    __tablename__ = "prospect_notes"

    prospect_id: Mapped[UUID]
    author_id: Mapped[UUID | None]
    body: Mapped[str]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class ProspectView(TenantModel, Model):
    """Filters of the list under a name."""

    __tablename__ = "prospect_views"

    user_id: Mapped[UUID]
    name: Mapped[str]
    filters: Mapped[dict[str, str]] = mapped_column(JSONB)
    is_shared: Mapped[bool] = mapped_column(default=False)


class ProspectImport(FileColumns, Model):
    __tablename__ = "prospect_imports"

    owner_id: Mapped[UUID | None]
    """Whose the new ones are where the file doesn't say; None: nobody's."""
    stage_id: Mapped[UUID | None]


class ProspectImportPart(PartColumns, Model):
    __tablename__ = "prospect_import_parts"


class ProspectImportKey(Model):
    """Which row of a file has an address or a number first."""

    __tablename__ = "prospect_import_keys"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    row_number: Mapped[int]
