"""Weeks of work, counted afresh from what was recorded, so that what came late is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select

from nexapp.sales.activity_kinds import KINDS
from nexapp.sales.models import Activity
from nexapp.sales.rhythm_models import WeeklyReport
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import current_actor

WEEK = 7
WEEKS = 8
HEADLINES = ("scan", "ai_message", "pitch_deck", "follow_up_sent")


@dataclass(frozen=True, slots=True)
class Week:
    """One week, the one before it, and how it came to this."""

    ends_on: date
    streak: int
    days: list[tuple[date, dict[str, int]]]
    """What was done on each of its days, by kind."""
    before: dict[str, int]
    weeks: list[tuple[date, int]]
    """The Sundays of the last weeks, each with the actions of its week."""

    @property
    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for _day, kinds in self.days:
            for kind, number in kinds.items():
                found[kind] = found.get(kind, 0) + number
        return found

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def list_reports(user_id: UUID, most: int = 26) -> Sequence[WeeklyReport]:
    """Newest first."""
    return db.session.scalars(_own(user_id).order_by(WeeklyReport.on_date.desc()).limit(most)).all()


def find_latest_report(user_id: UUID) -> WeeklyReport | None:
    return next(iter(list_reports(user_id, 1)), None)


def get_week(user_id: UUID, ends_on: date) -> Week:
    """A week that was reported. Raises `NotFound` for any other."""
    report = db.session.scalar(_own(user_id).where(WeeklyReport.on_date == ends_on))
    if report is None:
        raise NotFound(_("There is no report of that week. One is made each Sunday evening that follows some work."))
    first = ends_on - timedelta(days=WEEK * WEEKS - 1)
    by_day = _by_day(user_id, first, ends_on)
    days = [ends_on - timedelta(days=n) for n in reversed(range(WEEK))]
    sundays = [ends_on - timedelta(days=WEEK * n) for n in reversed(range(WEEKS))]
    return Week(
        ends_on, report.streak, [(day, by_day.get(day, {})) for day in days],
        _sum(by_day, ends_on - timedelta(days=WEEK)),
        [(sunday, sum(_sum(by_day, sunday).values())) for sunday in sundays],
    )  # fmt: skip


def _own(user_id: UUID) -> Any:
    return select(WeeklyReport).where(WeeklyReport.org_id == current_actor().tenant, WeeklyReport.user_id == user_id)


def _by_day(user_id: UUID, first: date, last: date) -> dict[date, dict[str, int]]:
    rows: Sequence[Any] = db.session.execute(
        select(Activity.on_date, Activity.kind, func.count().label("number"))
        .where(
            Activity.org_id == current_actor().tenant, Activity.user_id == user_id,
            Activity.on_date.between(first, last), Activity.kind.in_(KINDS),
        )
        .group_by(Activity.on_date, Activity.kind)
    ).all()  # fmt: skip
    found: dict[date, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.on_date, {})[row.kind] = row.number
    return found


def _sum(by_day: Mapping[date, Mapping[str, int]], ends_on: date) -> dict[str, int]:
    found: dict[str, int] = {}
    for n in range(WEEK):
        for kind, number in by_day.get(ends_on - timedelta(days=n), {}).items():
            found[kind] = found.get(kind, 0) + number
    return found
