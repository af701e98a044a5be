"""Consumers, messages and inbound texts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Created, Keyed, Model, TenantModel

SMS = "sms"
"""The channel of texts; the rows of others are sent by others."""


class Consumer(Keyed, Created, Model):
    """A phone number that people can be reached at. Names and wishes belong to each business."""

    __tablename__ = "consumers"

    phone: Mapped[str]
    time_zone: Mapped[str]
    """IANA zone of the number's area; empty where the number is of no place."""
    region: Mapped[str]
    """ISO 3166-2 where the number tells it (`US-FL`), else the country (`US`)."""
    opted_out_at: Mapped[datetime | None]
    opt_out_source: Mapped[str | None]


class Message(Keyed, Created, Model):
    """One outbound text and its delivery state. `org_id` is None for sign-in codes."""

    __tablename__ = "messages"

    org_id: Mapped[UUID | None]
    consumer_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(default="sms")
    lane: Mapped[int]
    purpose: Mapped[str]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    to_phone: Mapped[str]
    """Empty for an e-mail."""
    to_email: Mapped[str | None]
    subject: Mapped[str | None]
    body: Mapped[str]
    html: Mapped[str | None]
    segments: Mapped[int]
    status: Mapped[str] = mapped_column(default="queued")
    send_at: Mapped[datetime]
    """Not before this: now, the end of the quiet hours, or the next try."""
    expires_at: Mapped[datetime | None]
    """Not worth sending afterwards."""
    sleeps_from: Mapped[datetime | None]
    """It must not leave from this time of a day on, which is the person's evening, ..."""
    sleeps_until: Mapped[datetime | None]
    """... until this one, their morning. The first such night after `send_at`; later ones follow daily."""
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    leased_by: Mapped[str | None]
    uncertain_since: Mapped[datetime | None]
    """Set when an attempt's outcome isn't known: the provider may have taken the text."""
    provider_sid: Mapped[str | None]
    error_code: Mapped[int | None]
    error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    request_id: Mapped[str | None]
    template_id: Mapped[UUID | None]
    """The business's own wording that wrote it; None: the default's."""
    created_by: Mapped[UUID | None]
    """Who wrote it by hand."""
    user_id: Mapped[UUID | None]
    """The signed-in person whom a notice goes to."""
    notification_id: Mapped[UUID | None]
    push_subscription_id: Mapped[UUID | None]


class MessageEvent(Keyed, Model):
    """One thing that happened to a message."""

    __tablename__ = "message_events"

    org_id: Mapped[UUID | None]
    message_id: Mapped[UUID]
    at: Mapped[datetime]
    kind: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class InboundMessage(Keyed, Created, Model):
    """A text that a person sent us. `org_id` is the business it was matched to, if any."""

    __tablename__ = "inbound_messages"

    org_id: Mapped[UUID | None]
    consumer_id: Mapped[UUID | None]
    provider_sid: Mapped[str]
    from_phone: Mapped[str]
    to_phone: Mapped[str]
    body: Mapped[str]
    handled_as: Mapped[str]
    needs_review: Mapped[bool] = mapped_column(default=False)
    """It waits for a person: nobody has read it, or it was read as a wish for no more texts."""
    is_doubtful: Mapped[bool] = mapped_column(default=False)
    """Others texted this number lately, so it may be no answer to this business."""
    review: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]


class MessageTemplate(TenantModel, Model):
    """A business's own wording for one purpose; the defaults live in `messaging.templates`."""

    __tablename__ = "message_templates"

    purpose: Mapped[str]
    version: Mapped[int]
    body: Mapped[str]
    is_current: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[UUID | None]


class CannedReply(TenantModel, Model):
    """An answer that a business gives often."""

    __tablename__ = "canned_replies"

    title: Mapped[str]
    body: Mapped[str]


class Conversation(Created, Model):
    """What a person and a business wrote to each other; its counts follow the inbound texts by a trigger."""

    __tablename__ = "conversations"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    consumer_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone: Mapped[str]
    unread: Mapped[int] = mapped_column(default=0)
    needs_review: Mapped[bool] = mapped_column(default=False)
    rank: Mapped[int] = mapped_column(default=0)
    """2: somebody may have wished for no more texts; 1: unread; 0: the rest."""
    assigned_to: Mapped[UUID | None]
    done_at: Mapped[datetime | None]
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_body: Mapped[str] = mapped_column(default="")
    last_by: Mapped[str] = mapped_column(default="person")
