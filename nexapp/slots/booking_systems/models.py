"""Addresses and feeds of other booking systems, what came in by them, and the bookings known from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Created, Model, TenantModel

FEED = "feed"


class BookingSystem(TenantModel, Model):
    """`kind`: cal_com, calendly, square, generic (these post to us), feed (that we read)."""

    __tablename__ = "booking_systems"

    kind: Mapped[str]
    name: Mapped[str]
    staff_member_id: Mapped[UUID | None]
    """Whose bookings these are; None: each booking says so."""
    opens_moved: Mapped[bool] = mapped_column(default=True)
    """Whether a booking that moves away opens the time that it leaves."""
    token_hash: Mapped[bytes | None]
    generation: Mapped[int] = mapped_column(default=1)
    """Which address it is on: a new one makes the old one unknown."""
    signing_key: Mapped[str | None]
    daily_limit: Mapped[int] = mapped_column(default=5)
    """So many unsigned changes open or take slots in a day; the others ask first."""
    url: Mapped[str | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    first_read_at: Mapped[datetime | None]
    """None: the next reading only learns what is booked, and opens nothing."""
    read_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)
    unreadable: Mapped[int] = mapped_column(default=0)
    """Events of the last reading whose time could not be understood."""
    created_by: Mapped[UUID | None]


class BookingStaff(Created, Model):
    __tablename__ = "booking_staff"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    booking_system_id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(primary_key=True)
    staff_member_id: Mapped[UUID]


class ExternalBooking(TenantModel, Model):
    """`status`: booked, cancelled."""

    __tablename__ = "external_bookings"

    booking_system_id: Mapped[UUID]
    uid: Mapped[str]
    status: Mapped[str]
    staff_member_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """When its sender said so; what is older changes nothing."""
    version: Mapped[int | None] = mapped_column(BigInteger)
    slot_id: Mapped[UUID | None]
    """The slot of ours that it filled."""


class BookingDelivery(TenantModel, Model):
    """`outcome`: see `outcomes`."""

    __tablename__ = "booking_deliveries"

    booking_system_id: Mapped[UUID]
    action: Mapped[str]
    uid: Mapped[str | None]
    reference: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    signed: Mapped[bool]
    change: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    outcome: Mapped[str] = mapped_column(default="received")
    reason: Mapped[str | None]
    slot_id: Mapped[UUID | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    handled_at: Mapped[datetime | None]


class StaffCalendar(TenantModel, Model):
    __tablename__ = "staff_calendars"

    staff_member_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    generation: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[UUID | None]
