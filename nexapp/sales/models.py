"""Stages, prospects, activities and follow-ups: what every area of this part shares."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel


class ProspectStage(TenantModel, Model):
    """A stage of the organisation's pipeline."""

    __tablename__ = "prospect_stages"

    name: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="open")
    """open, won or lost."""
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]


class Prospect(TenantModel, Model):
    """A person or company that somebody works on."""

    __tablename__ = "prospects"

    owner_id: Mapped[UUID | None]
    name: Mapped[str]
    company: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(default="")
    phone: Mapped[str | None]
    """E.164."""
    email: Mapped[str | None]
    location: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    stage_id: Mapped[UUID]
    stage_changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lost_reason: Mapped[str | None]
    is_unlocked: Mapped[bool] = mapped_column(default=True)
    value_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    score: Mapped[int] = mapped_column(default=0)
    """0 to 100; hot from 80, warm from 50, cold below."""
    score_parts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """Points by signal; they add up to the score."""
    scored_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime | None]
    next_follow_up_at: Mapped[datetime | None]
    """The earliest follow-up that is still to be done."""
    created_by: Mapped[UUID | None]
    import_id: Mapped[UUID | None]
    """The file that brought it."""
    deleted_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Activity(TenantModel, Model):
    """Something that somebody did."""

    __tablename__ = "activities"

    user_id: Mapped[UUID]
    prospect_id: Mapped[UUID | None]
    kind: Mapped[str]
    on_date: Mapped[date]
    """By the person's own clock."""
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    source: Mapped[str] = mapped_column(default="app")
    external_id: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class FollowUp(TenantModel, Model):
    """Something to be done about a prospect at a time. The wall time that was meant stays beside the instant."""

    __tablename__ = "follow_ups"

    owner_id: Mapped[UUID]
    prospect_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(default="manual")
    due_at: Mapped[datetime]
    due_on: Mapped[date]
    due_time: Mapped[time | None]
    time_zone: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="pending")
    repeats: Mapped[str | None]
    notification_id: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    repeat_day: Mapped[int | None]
    """The day of the month that a monthly one means; a short month moves `due_on`."""
    repeated_from: Mapped[UUID | None]
    handed_from: Mapped[UUID | None]
    """Whose it was before they left."""
    enrolment_id: Mapped[UUID | None]
    step: Mapped[int | None]
    form_key: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
