"""Sequences, their steps, and the prospects on their way through them."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel


class Sequence(TenantModel, Model):
    __tablename__ = "sequences"

    name: Mapped[str]
    stops_on_reply: Mapped[bool] = mapped_column(default=True)
    stops_on_stage: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[UUID | None]
    archived_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SequenceStep(TenantModel, Model):
    """`wait_days` after the step before it, or after the start, at a time of its owner's own clock."""

    __tablename__ = "sequence_steps"

    sequence_id: Mapped[UUID]
    position: Mapped[int]
    wait_days: Mapped[int]
    at_time: Mapped[time] = mapped_column(default=time(9))
    channel: Mapped[str] = mapped_column(default="text")
    """text, email, call or other."""
    subject: Mapped[str] = mapped_column(default="")
    body: Mapped[str]


class SequenceEnrolment(TenantModel, Model):
    """A prospect on its way. `step` is the position that is next or due; each due step is a follow-up."""

    __tablename__ = "sequence_enrolments"

    sequence_id: Mapped[UUID]
    prospect_id: Mapped[UUID]
    owner_id: Mapped[UUID]
    step: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(default="active")
    """active, paused, finished or stopped."""
    ended_by: Mapped[str | None]
    """steps, reply, stage, person or deleted."""
    ended_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
