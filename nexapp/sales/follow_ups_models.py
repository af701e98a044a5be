"""What somebody did to a follow-up, kept so that it can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel


class FollowUpChange(TenantModel, Model):
    __tablename__ = "follow_up_changes"

    follow_up_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    kind: Mapped[str]
    """done, cancelled or snoozed."""
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    next_id: Mapped[UUID | None]
    """The one that was made because this one was done."""
    undone_at: Mapped[datetime | None]
