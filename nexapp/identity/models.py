"""Users, their sessions and codes; organisations, memberships and staff members."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Created, Keyed, Model, TenantModel


class User(Keyed, Created, Model):
    __tablename__ = "users"

    phone: Mapped[str | None]
    email: Mapped[str | None]
    name: Mapped[str] = mapped_column(default="")
    is_platform_admin: Mapped[bool] = mapped_column(default=False)
    time_zone: Mapped[str | None]
    deactivated_at: Mapped[datetime | None]


class UserSession(Keyed, Created, Model):
    """A signed-in device. The cookie carries the token, the row its SHA-256."""

    __tablename__ = "user_sessions"

    token_hash: Mapped[bytes]
    user_id: Mapped[UUID]
    org_id: Mapped[UUID | None]
    """The business chosen in the header."""
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    idle_seconds: Mapped[int]
    revoked_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]
    """A platform admin is one only in a session that has it."""


class EmailLink(Keyed, Created, Model):
    """A link on its way to an address: it proves whose the mailbox is, once. The row keeps the token's SHA-256."""

    __tablename__ = "email_links"

    token_hash: Mapped[bytes]
    purpose: Mapped[str]
    """sign_in or verify_email."""
    email: Mapped[str]
    user_id: Mapped[UUID | None]
    """Whose address it is to become; None for signing in."""
    next: Mapped[str | None]
    ip: Mapped[str | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SecondFactor(Created, Model):
    """A person's authenticator app. Its key is derived (`second_factors.key_of`) and kept nowhere."""

    __tablename__ = "second_factors"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    nonce: Mapped[bytes]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The half minute of the newest accepted code; none of it or before is taken again."""
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]


class RecoveryCode(Keyed, Created, Model):
    """Stands in for the authenticator app, once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID]
    code_hash: Mapped[bytes]
    used_at: Mapped[datetime | None]


class VerificationCode(Keyed, Created, Model):
    """A six-digit code on its way to a number, for signing in or for joining a waiting list."""

    __tablename__ = "verification_codes"

    org_id: Mapped[UUID | None]
    phone: Mapped[str]
    prefix: Mapped[str]
    """Country calling code and area, for limits on whole ranges."""
    purpose: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """What is to happen once the code is entered, e.g. the waiting-list form."""
    code_hash: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    ip: Mapped[str | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Organization(Keyed, Created, Model):
    """The tenant: a business, restaurant, shop or sales team."""

    __tablename__ = "organizations"

    name: Mapped[str]
    slug: Mapped[str]
    kind: Mapped[str] = mapped_column(default="business")
    tier: Mapped[str] = mapped_column(default="free")
    time_zone: Mapped[str]
    country: Mapped[str] = mapped_column(default="US")
    currency: Mapped[str] = mapped_column(default="USD")
    language: Mapped[str] = mapped_column(default="en")
    phone: Mapped[str | None]
    address: Mapped[str | None]
    average_value_cents: Mapped[int] = mapped_column(default=7000)
    booking_url: Mapped[str | None]
    uses_booking_system: Mapped[bool] = mapped_column(default=False)
    requires_confirmation: Mapped[bool] = mapped_column(default=False)
    hold_seconds: Mapped[int | None]
    """None: the installation's HOLD_SECONDS."""
    pending_minutes: Mapped[int] = mapped_column(default=30)
    offer_mode: Mapped[str] = mapped_column(default="everyone")
    """everyone, in_turn or waves."""
    turn_minutes: Mapped[int] = mapped_column(default=10)
    wave_size: Mapped[int] = mapped_column(default=5)
    wave_minutes: Mapped[int] = mapped_column(default=10)
    reminder_minutes: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=lambda: [1440, 120])
    """How long before its start somebody is reminded of a booking; empty: not at all."""
    notice_minutes: Mapped[int] = mapped_column(default=15)
    daily_offer_cap: Mapped[int] = mapped_column(default=3)
    quiet_starts: Mapped[time] = mapped_column(default=time(21))
    quiet_ends: Mapped[time] = mapped_column(default=time(8))
    daily_spend_cap: Mapped[int] = mapped_column(default=2000)
    """Texts a day, in segments."""
    public_page: Mapped[bool] = mapped_column(default=True)
    suspended_at: Mapped[datetime | None]


class Membership(TenantModel, Model):
    __tablename__ = "memberships"

    user_id: Mapped[UUID]
    role: Mapped[str]
    deactivated_at: Mapped[datetime | None]
    wants_booking_texts: Mapped[bool] = mapped_column(default=False)


class TeamInvitation(TenantModel, Model):
    """A place in the team, offered to a number or to an address. The link's token is kept as its SHA-256."""

    __tablename__ = "team_invitations"

    token_hash: Mapped[bytes]
    role: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    staff_member_id: Mapped[UUID | None]
    """Whose time they get to change once they have joined."""
    invited_by: Mapped[UUID | None]
    sends: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]


class Location(TenantModel, Model):
    """A place of the business. Its clock is the business's."""

    __tablename__ = "locations"

    name: Mapped[str]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class StaffMember(TenantModel, Model):
    """Somebody whose time can be booked; may exist without a sign-in."""

    __tablename__ = "staff_members"

    user_id: Mapped[UUID | None]
    display_name: Mapped[str]
    color: Mapped[str] = mapped_column(default="blue")
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    location_id: Mapped[UUID | None]
