"""Hours, blocked times, patterns, moves. Wall times are in the business's zone."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel


class ServiceStaff(Model):
    """Who offers a service. A service without a row is offered by everybody."""

    __tablename__ = "service_staff"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_member_id: Mapped[UUID] = mapped_column(primary_key=True)


class OpeningHours(TenantModel, Model):
    """One span of a weekday. Without a staff member it is the business's."""

    __tablename__ = "opening_hours"

    staff_member_id: Mapped[UUID | None]
    weekday: Mapped[int]
    """0 is Monday."""
    opens: Mapped[time]
    closes: Mapped[time]
    """00:00 is the midnight that ends the day."""


class HourException(TenantModel, Model):
    """A date with other hours, or closed where it has none."""

    __tablename__ = "hour_exceptions"

    staff_member_id: Mapped[UUID | None]
    on_date: Mapped[date]
    opens: Mapped[time | None]
    closes: Mapped[time | None]
    note: Mapped[str | None]


class BlockedTime(TenantModel, Model):
    """Time in which nobody can be booked. Without a staff member it is everybody's."""

    __tablename__ = "blocked_times"

    staff_member_id: Mapped[UUID | None]
    starts_on: Mapped[date]
    starts: Mapped[time]
    ends_on: Mapped[date]
    ends: Mapped[time]
    is_weekly: Mapped[bool] = mapped_column(default=False)
    weekly_until: Mapped[date | None]
    note: Mapped[str | None]
    created_by: Mapped[UUID | None]


class SlotPattern(TenantModel, Model):
    """A day's pattern under a name, as its form was filled in."""

    __tablename__ = "slot_patterns"

    name: Mapped[str]
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)


class SlotMove(TenantModel, Model):
    """What a move changed, so that it can be taken back."""

    __tablename__ = "slot_moves"

    slot_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    sequence: Mapped[int]
    """The slot's, after the move."""
    status: Mapped[str]
    offer_id: Mapped[UUID | None]
    """Of who held or booked the slot when it moved."""
    from_staff_id: Mapped[UUID]
    from_starts_at: Mapped[datetime]
    from_ends_at: Mapped[datetime]
    known_staff_id: Mapped[UUID]
    """What the client was last told by text, as the two below."""
    known_starts_at: Mapped[datetime]
    known_ends_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
