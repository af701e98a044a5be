"""What the jobs of a person's day and week leave behind."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from nexapp.spine.db import Model, TenantModel


class DailyTop(TenantModel, Model):
    """The best prospects of a person's day, as the morning found them."""

    __tablename__ = "daily_top_prospects"

    user_id: Mapped[UUID]
    on_date: Mapped[date]
    prospect_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list)
    hot: Mapped[int] = mapped_column(default=0)
    warm: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)


class WeeklyReport(TenantModel, Model):
    """A week that was reported to somebody."""

    __tablename__ = "weekly_reports"

    user_id: Mapped[UUID]
    on_date: Mapped[date]
    """The Sunday that ends it."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """What was told that evening, by kind of activity."""
    streak: Mapped[int] = mapped_column(default=0)


class QuietSpell(Model):
    """A prospect's quiet spell that somebody was told of."""

    __tablename__ = "quiet_spells"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    prospect_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    """The activity after which it was quiet."""
    told_at: Mapped[datetime] = mapped_column(server_default=func.now())
