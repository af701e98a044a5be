"""What the centre keeps beside the notices themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from nexapp.spine.db import Created, Keyed, Model


class NotificationUndo(Keyed, Created, Model):
    """A change that its person may take back."""

    __tablename__ = "notification_undos"

    user_id: Mapped[UUID]
    verb: Mapped[str]
    """Whose reverse leads back to where they stood: for what slept "unsnooze", whatever was done with it."""
    notification_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    until: Mapped[datetime | None]
    """Until when it slept before."""
