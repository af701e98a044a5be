"""What keeps people going, as tables: scores with reasons, streaks, missions, coins, achievements, insights, decks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Model, TenantModel


class ScoreWeights(Model):
    """How much each signal counts in one organisation; no row: the defaults of `nexapp_score_weights`."""

    __tablename__ = "score_weights"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    recency: Mapped[int]
    replies: Mapped[int]
    meetings: Mapped[int]
    fit: Mapped[int]
    value: Mapped[int]
    full_value_cents: Mapped[int] = mapped_column(BigInteger)
    fit_words: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Words in a role that speak for a person who decides."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ScoreChange(TenantModel, Model):
    """One change of a score, with the points by signal before and after."""

    __tablename__ = "score_changes"

    prospect_id: Mapped[UUID]
    before: Mapped[int]
    after: Mapped[int]
    parts_before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    parts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    cause: Mapped[str]
    changed_at: Mapped[datetime]


class ActiveDay(Model):
    """A day on which somebody did something that counts."""

    __tablename__ = "active_days"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    on_date: Mapped[date] = mapped_column(primary_key=True)
    actions: Mapped[int] = mapped_column(default=1)


class StreakRow(Model):
    """Somebody's streak, folded from their active days; its row is also the lock of what they earn."""

    __tablename__ = "streaks"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    current_days: Mapped[int] = mapped_column(default=0)
    """As of `last_on`; over when `alive_until` has passed."""
    longest_days: Mapped[int] = mapped_column(default=0)
    total_days: Mapped[int] = mapped_column(default=0)
    started_on: Mapped[date | None]
    last_on: Mapped[date | None]
    alive_until: Mapped[date | None]
    """The last day on which doing something still goes on with it."""
    frozen_on: Mapped[list[date]] = mapped_column(ARRAY(Date), default=list)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MissionCompletion(TenantModel, Model):
    __tablename__ = "mission_completions"

    user_id: Mapped[UUID]
    mission: Mapped[str]
    starts_on: Mapped[date]
    coins: Mapped[int]


class CoinBalance(Model):
    __tablename__ = "coin_balances"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    balance: Mapped[int]


class CoinEntry(TenantModel, Model):
    """A line of the ledger: append-only, and no balance is below zero."""

    __tablename__ = "coin_entries"

    user_id: Mapped[UUID]
    amount: Mapped[int]
    balance: Mapped[int]
    """After it."""
    reason: Mapped[str]
    entry_key: Mapped[str]
    """What is earned or bought once has one key."""
    on_date: Mapped[date]


class Achievement(TenantModel, Model):
    __tablename__ = "achievements"

    user_id: Mapped[UUID]
    name: Mapped[str]


class Insight(TenantModel, Model):
    """Something that a stated rule found, with the figures that it rests on."""

    __tablename__ = "insights"

    user_id: Mapped[UUID]
    rule: Mapped[str]
    week_on: Mapped[date]
    """The Monday of its week."""
    prospect_id: Mapped[UUID | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class PitchDeck(TenantModel, Model):
    __tablename__ = "pitch_decks"

    prospect_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    title: Mapped[str]
    slides: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
