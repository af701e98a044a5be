"""The summary rows of the figures, and which slots are to be counted again. What each number means: the package."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Created, Keyed, Model


class SlotFigures(Model):
    """Everything the figures say of one slot that was opened to the list."""

    __tablename__ = "slot_figures"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_member_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    outcome: Mapped[str]
    """booked, otherwise, unfilled, cancelled, waiting."""
    no_show: Mapped[bool] = mapped_column(default=False)
    cents: Mapped[int | None]
    """What a booked slot is known to cost; None: worth the business's average."""
    fill_seconds: Mapped[int | None]
    offered: Mapped[int]
    sent: Mapped[int]
    delivered: Mapped[int]
    failed: Mapped[int]
    opened: Mapped[int]
    held: Mapped[int]
    converted: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SlotTextFigures(Keyed, Model):
    """One slot's offers whose texts have one wording. `template_id` None: the default wording of that purpose."""

    __tablename__ = "slot_text_figures"

    org_id: Mapped[UUID]
    slot_id: Mapped[UUID]
    purpose: Mapped[str]
    template_id: Mapped[UUID | None]
    staff_member_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    sent: Mapped[int]
    delivered: Mapped[int]
    failed: Mapped[int]
    opened: Mapped[int]
    held: Mapped[int]
    converted: Mapped[int]


class FiguresDue(Keyed, Model):
    """A slot that changed since it was counted. Made by triggers, taken by `counting`."""

    __tablename__ = "figures_due"

    org_id: Mapped[UUID]
    slot_id: Mapped[UUID]


class FiguresNight(Created, Model):
    """A local date whose nightly pass is done."""

    __tablename__ = "figures_nights"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
