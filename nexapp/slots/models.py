"""Slots, the waiting list and the offers between them."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Created, Model, TenantModel


class Service(TenantModel, Model):
    __tablename__ = "services"

    name: Mapped[str]
    minutes: Mapped[int] = mapped_column(default=30)
    price_cents: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(default=True)


class ConsumerProfile(Created, Model):
    """What one business knows of a consumer. Never shown in another."""

    __tablename__ = "consumer_profiles"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    consumer_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    email: Mapped[str | None]


class Consent(TenantModel, Model):
    """Proof of what a person agreed to, kept word for word."""

    __tablename__ = "consents"

    consumer_id: Mapped[UUID]
    kind: Mapped[str]
    wording: Mapped[str]
    source: Mapped[str]
    ip: Mapped[str | None]


class NotifyRequest(TenantModel, Model):
    """A consumer's place on one business's waiting list. `status`: invited, active, paused, left, lapsed."""

    __tablename__ = "notify_requests"

    consumer_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default="active")
    status_before: Mapped[str | None]
    """What it was when the business took the person off; None where they left by themselves."""
    token_hash: Mapped[bytes]
    time_range: Mapped[str] = mapped_column(default="any")
    """any, today, this_week, dates."""
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    """Last local date on which the request counts; None: until the person leaves."""
    staff_member_id: Mapped[UUID | None]
    service_id: Mapped[UUID | None]
    minutes_needed: Mapped[int | None]
    party_size: Mapped[int | None]
    paused_until: Mapped[date | None]
    location_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(default="public_page")
    confirmed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class NotifyWindow(TenantModel, Model):
    """A weekday and wall-clock span that suits the person, in the business's zone. None at all: any time."""

    __tablename__ = "notify_windows"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "notify_request_id"],
            ["notify_requests.org_id", "notify_requests.id"],
            ondelete="CASCADE",
        ),
    )

    notify_request_id: Mapped[UUID]
    weekday: Mapped[int]
    """0 is Monday."""
    starts: Mapped[time]
    ends: Mapped[time]


class Slot(TenantModel, Model):
    """A bookable time of one staff member. Its verbs are in `slots.opening` and `slots.holds`."""

    __tablename__ = "slots"

    staff_member_id: Mapped[UUID]
    service_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    price_cents: Mapped[int | None]
    note: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="draft")
    round: Mapped[int] = mapped_column(default=0)
    public_token: Mapped[str]
    """Names the live topic of the claim pages; tells nothing."""
    opened_at: Mapped[datetime | None]
    held_by_offer_id: Mapped[UUID | None]
    held_consumer_id: Mapped[UUID | None]
    held_until: Mapped[datetime | None]
    pending_until: Mapped[datetime | None]
    pending_for: Mapped[str | None]
    """Who has to say yes by then: business or booking_system."""
    booked_consumer_id: Mapped[UUID | None]
    booked_offer_id: Mapped[UUID | None]
    booked_name: Mapped[str | None]
    booked_note: Mapped[str | None]
    booked_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    location_id: Mapped[UUID | None]
    offer_mode: Mapped[str | None]
    """None: as the business offers; else everyone, in_turn or waves."""
    wave_size: Mapped[int | None]
    source: Mapped[str] = mapped_column(default="merchant")
    """Who made it: merchant, pattern, hook, feed or consumer."""
    sequence: Mapped[int] = mapped_column(default=0)
    """Rises with each change that a calendar which knows the booking must learn of."""
    price_steps: Mapped[list[dict[str, int]]] = mapped_column(JSONB, default=list)
    """A falling price: `[{"minutes": before the start, "cents": from then on}, …]`, read by `nexapp_price_at`."""
    booked_price_cents: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class SlotOffer(TenantModel, Model):
    """One slot offered to one consumer in one round."""

    __tablename__ = "slot_offers"

    slot_id: Mapped[UUID]
    round: Mapped[int]
    consumer_id: Mapped[UUID]
    notify_request_id: Mapped[UUID | None]
    message_id: Mapped[UUID | None]
    token_hash: Mapped[bytes]
    opened_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    lapsed_at: Mapped[datetime | None]
    """When this person let a hold run out."""
    released_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    """When the business declined this person's booking, or let it lapse without an answer."""
    source: Mapped[str] = mapped_column(default="list")
    """How the person came by it: list (a text), other_times (their choice), move (of a booking) or rebook."""
    confirmed_at: Mapped[datetime | None]
    """When the person took the time; stays where the booking ends."""
    cancelled_at: Mapped[datetime | None]
    """When the person gave their booking up."""
    cancel_reason: Mapped[str | None]
    moved_to_offer_id: Mapped[UUID | None]
    replaces_offer_id: Mapped[UUID | None]
    """The booking that ends once this one stands."""
    calendar_uid: Mapped[UUID | None]
    """Of the first booking in a row of moves, so that calendars move the entry; None: this row's id."""
    calendar_base: Mapped[int] = mapped_column(default=0)
    """The sequence that the moves before this one left; the slot's own is added."""
    bundle_id: Mapped[UUID | None]
    """The text that offers it together with other slots."""
    turn: Mapped[int | None]
    """In which turn or wave of its round it was made; None: everybody was asked at once."""
    passed_at: Mapped[datetime | None]
    """When this person answered that they don't want it."""


class SlotMatch(Model):
    """What opening a slot meant for one request: offered, skipped and why, or in line to be asked."""

    __tablename__ = "slot_matches"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_id: Mapped[UUID] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    notify_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    consumer_id: Mapped[UUID]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    send_at: Mapped[datetime | None]
    place: Mapped[int | None]
    """In which place of the line, where people are asked one after the other."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SlotRound(TenantModel, Model):
    """How far the asking of one round has come; moved on by `slots.rounds`."""

    __tablename__ = "slot_rounds"

    slot_id: Mapped[UUID]
    round: Mapped[int]
    mode: Mapped[str]
    """everyone, in_turn, waves or picked."""
    state: Mapped[str]
    """matching, asking or done."""
    at_once: Mapped[int]
    wait_minutes: Mapped[int]
    listed: Mapped[int] = mapped_column(default=0)
    fitting: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=0)
    step: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class OfferBundle(TenantModel, Model):
    """Several slots offered to one person by one text."""

    __tablename__ = "offer_bundles"

    consumer_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    message_id: Mapped[UUID | None]


class SlotEvent(TenantModel, Model):
    """One line of a slot's history: opened, held, lapsed, released, booked, cancelled …"""

    __tablename__ = "slot_events"

    slot_id: Mapped[UUID]
    round: Mapped[int]
    kind: Mapped[str]
    user_id: Mapped[UUID | None]
    consumer_id: Mapped[UUID | None]
    offer_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
