"""The agenda: what is to be done, in the order of time, under the headings of the reader's own days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _

from nexapp.sales import follow_ups_queries as queries
from nexapp.sales.follow_ups_queries import Place
from nexapp.spine.clock import now
from nexapp.spine.wall_times import midnight, week_of

GROUPS = {
    "overdue": _("Overdue"),
    "today": _("Today"),
    "week": _("This week"),
    "later": _("Later"),
}
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    heading: Any
    count: int
    """Of all pages."""
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Agenda:
    groups: list[Group]
    counts: dict[str, int]
    next: Place | None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def get_agenda(owner_id: UUID | None, zone: str, after: Place | None = None) -> Agenda:
    """A page of somebody's follow-ups, or of everybody's, in the days of `zone`."""
    bounds = day_bounds(now().astimezone(ZoneInfo(zone)).date(), zone)
    listed = queries.list_open(owner_id, after)
    counts = dict(zip(GROUPS, queries.count_open(owner_id, bounds), strict=True))
    groups = [
        Group(name, GROUPS[name], counts[name], list(rows))
        for name, rows in groupby(listed.rows, lambda row: group_of(row.due_at, bounds))
    ]
    return Agenda(groups, counts, listed.next)


def day_bounds(today: date, zone: str) -> list[datetime]:
    """When today begins, when it ends, and when the week does. On a Sunday the last two are one."""
    return [midnight(today, zone), midnight(today + A_DAY, zone), midnight(week_of(today)[1], zone)]


def group_of(at: datetime, bounds: Sequence[datetime]) -> str:
    return list(GROUPS)[sum(at >= bound for bound in bounds)]
