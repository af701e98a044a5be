"""Notices, what people set about them, what was not sent, and the devices that get pushes."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Created, Keyed, Model


class Notification(Keyed, Created, Model):
    """One item in one person's bell and centre."""

    __tablename__ = "notifications"

    user_id: Mapped[UUID]
    org_id: Mapped[UUID | None]
    """The business that it is about; None where it concerns the account."""
    type: Mapped[str]
    title: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    icon: Mapped[str] = mapped_column(default="")
    action_url: Mapped[str | None]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, default=dict)
    priority: Mapped[str] = mapped_column(default="normal")
    dedupe_key: Mapped[str | None]
    group_key: Mapped[str | None]
    folded_into: Mapped[UUID | None]
    """The item that stands for this one and its like."""
    parts: Mapped[int] = mapped_column(default=1)
    digest_on: Mapped[date | None]
    """The local day whose digest brings it by e-mail."""
    digest_id: Mapped[UUID | None]
    """The e-mail that brought it."""
    wording: Mapped[int | None]
    """1 or 2, where its type is being tried in two."""
    seen_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    """When it was looked at by itself or led somewhere; what was only marked as read was not."""
    acted_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class NotificationSettings(Model):
    """What a person chose for all their notices; no row: the defaults."""

    __tablename__ = "notification_settings"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email_enabled: Mapped[bool] = mapped_column(default=True)
    push_enabled: Mapped[bool] = mapped_column(default=False)
    digest_enabled: Mapped[bool] = mapped_column(default=False)
    digest_at: Mapped[time] = mapped_column(default=time(8))
    quiet_enabled: Mapped[bool] = mapped_column(default=False)
    quiet_starts: Mapped[time] = mapped_column(default=time(21))
    quiet_ends: Mapped[time] = mapped_column(default=time(8))
    urgent_passes: Mapped[bool] = mapped_column(default=False)
    """Whether what is of high priority comes through the quiet hours."""
    daily_cap: Mapped[int] = mapped_column(default=20)
    paused_until: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class NotificationPreference(Model):
    """A switch that a person set otherwise than its default."""

    __tablename__ = "notification_preferences"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    """A type, or the name of a switch that several types share."""
    channel: Mapped[str] = mapped_column(primary_key=True)
    """in_app, email, push or sms; `any` for the switch itself."""
    is_on: Mapped[bool]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class NotificationSkip(Keyed, Created, Model):
    """Something that was not sent, or is held for later, and why."""

    __tablename__ = "notification_skips"

    user_id: Mapped[UUID]
    org_id: Mapped[UUID | None]
    type: Mapped[str]
    channel: Mapped[str | None]
    """None: nothing was made at all."""
    reason: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    notification_id: Mapped[UUID | None]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    held_until: Mapped[datetime | None]
    dedupe_key: Mapped[str | None]


class UnreadCount(Model):
    """How many unread items a person has of one business; kept by triggers."""

    __tablename__ = "unread_counts"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    """Nil for what concerns the account."""
    unread: Mapped[int] = mapped_column(default=0)


class PushSubscription(Keyed, Created, Model):
    """A browser or an app that gets pushes."""

    __tablename__ = "push_subscriptions"

    user_id: Mapped[UUID]
    kind: Mapped[str]
    endpoint: Mapped[str]
    """The push service's address for this browser, or the app's token."""
    p256dh: Mapped[str | None]
    auth: Mapped[str | None]
    device: Mapped[str] = mapped_column(default="")
    session_id: Mapped[UUID | None]
    """Where it was registered: a device that is signed out gets no pushes. None for an app."""
    last_used_at: Mapped[datetime | None]
