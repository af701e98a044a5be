"""How notices are received: what came, was seen, opened and acted on, and how long that took.

A person's own are read from their notices; a business gets sums over its people, never whose they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, Row, cast, func, null, select, text

from nexapp.notifications.models import Notification
from nexapp.notifications.preferences import own_id, own_zone
from nexapp.notifications.registry import TYPES, NoticeType
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.wall_times import today_in

DAYS = 30
_OF_ORG = text("SELECT * FROM nexapp_notice_engagement(:since)")


@dataclass(frozen=True, slots=True)
class Reception:
    """One type's figures, or one day's. `act_seconds` is the median from coming to being acted on."""

    made: int = 0
    seen: int = 0
    opened: int = 0
    acted: int = 0
    act_seconds: float | None = None

    @property
    def open_rate(self) -> float | None:
        return 100 * self.opened / self.made if self.made else None

    def __add__(self, other: Reception) -> Reception:
        return Reception(
            self.made + other.made, self.seen + other.seen, self.opened + other.opened, self.acted + other.acted
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """A type's two wordings, and how each of them is received."""

    type: NoticeType
    first: Reception
    second: Reception


@dataclass(frozen=True, slots=True)
class Engagement:
    by_type: list[tuple[NoticeType, Reception]]
    """The most frequent first."""
    by_day: dict[date, Reception]
    """Every day of the range, empty ones included."""
    trials: list[Trial]
    """Of a business only: a person always gets the same wording."""

    @property
    def total(self) -> Reception:
        return sum(self.by_day.values(), Reception())


def own_engagement() -> Engagement:
    """The actor's last 30 days, all their businesses together."""
    day = cast(func.timezone(own_zone(), Notification.created_at), Date)
    rows = db.session.execute(
        select(Notification.type, day.label("on_date"), null().label("wording"), *_figures())
        .where(
            Notification.user_id == own_id(), Notification.created_at >= _since(), Notification.folded_into.is_(None)
        )
        .group_by(func.grouping_sets(Notification.type, day))
    )  # fmt: skip
    return _engagement(rows, own_zone())


def org_engagement(zone: str) -> Engagement:
    """The last 30 days of the actor's business."""
    return _engagement(db.session.execute(_OF_ORG, {"since": _since()}), zone)


def _figures() -> list[Any]:
    wait = func.extract("epoch", Notification.acted_at - Notification.created_at)
    return [
        func.count().label("made"),
        func.count(Notification.seen_at).label("seen"),
        func.count(Notification.opened_at).label("opened"),
        func.count(Notification.acted_at).label("acted"),
        func.percentile_cont(0.5).within_group(wait.asc()).filter(Notification.acted_at.is_not(None))
        .label("act_seconds"),
    ]  # fmt: skip


def _since() -> datetime:
    return now() - timedelta(days=DAYS)


def _engagement(rows: Iterable[Row[Any]], zone: str) -> Engagement:
    types: list[tuple[NoticeType, Reception]] = []
    found: dict[date, Reception] = {}
    tried: dict[str, dict[int, Reception]] = defaultdict(dict)
    for row in rows:
        figures = Reception(row.made, row.seen, row.opened, row.acted, row.act_seconds)
        if row.on_date is not None:
            found[row.on_date] = figures
        elif row.wording is not None:
            tried[row.type][row.wording] = figures
        elif row.type in TYPES:
            types.append((TYPES[row.type], figures))
    types.sort(key=lambda pair: (-pair[1].made, pair[0].name))
    first = today_in(zone) - timedelta(days=DAYS)
    days = [first + timedelta(days=n) for n in range(DAYS + 1)]
    return Engagement(types, {day: found.get(day, Reception()) for day in days}, _trials(tried))


def _trials(tried: Mapping[str, Mapping[int, Reception]]) -> list[Trial]:
    """What is not tried any more is left out."""
    return [
        Trial(known, of.get(1, Reception()), of.get(2, Reception()))
        for name, of in sorted(tried.items())
        if (known := TYPES.get(name)) is not None and known.second is not None
    ]
