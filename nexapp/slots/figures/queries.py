"""What the pages of figures show: a few statements over summary rows, whatever the number of texts behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from nexapp.slots.figures.ranges import DAY, Range
from nexapp.slots.figures.sums import Sums, TextSums
from nexapp.slots.times import midnight
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

# The range before comes along for its totals alone.
SUMS = text("""
    WITH chosen AS (
        SELECT f.*, f.starts_at AT TIME ZONE :zone AS wall, f.starts_at >= :first AS is_now
        FROM slot_figures f
        WHERE f.org_id = :org AND f.starts_at >= :before AND f.starts_at < :until
          AND (CAST(:staff AS uuid) IS NULL OR f.staff_member_id = CAST(:staff AS uuid))
    ), placed AS (
        SELECT c.*, date_trunc(:step, c.wall)::date AS step, extract(isodow FROM c.wall)::int - 1 AS weekday,
            extract(hour FROM c.wall)::int AS hour
        FROM chosen c
    ), summed AS (
        SELECT grouping(step, staff_member_id, weekday) AS level, is_now, step, staff_member_id, weekday, hour,
            count(*) AS slots,
            count(*) FILTER (WHERE outcome = 'booked') AS booked,
            count(*) FILTER (WHERE outcome = 'otherwise') AS otherwise,
            count(*) FILTER (WHERE outcome = 'unfilled') AS unfilled,
            count(*) FILTER (WHERE outcome = 'cancelled') AS cancelled,
            count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
            count(*) FILTER (WHERE no_show) AS no_shows,
            sum(offered) AS offered, sum(sent) AS sent, sum(delivered) AS delivered, sum(failed) AS failed,
            sum(opened) AS opened, sum(held) AS held, sum(converted) AS converted,
            coalesce(sum(cents) FILTER (WHERE NOT no_show), 0) AS priced_cents,
            count(*) FILTER (WHERE outcome = 'booked' AND cents IS NULL AND NOT no_show) AS unpriced,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY fill_seconds) AS fill_seconds
        FROM placed
        GROUP BY GROUPING SETS ((is_now), (is_now, step), (is_now, staff_member_id), (is_now, weekday, hour))
        HAVING is_now OR grouping(step, staff_member_id, weekday) = 7
    )
    SELECT summed.*, m.display_name, m.color FROM summed
    LEFT JOIN staff_members m ON m.org_id = :org AND m.id = summed.staff_member_id
    ORDER BY m.position, m.display_name
""")
ALL, BY_STEP, BY_STAFF, BY_HOUR = 7, 3, 5, 6
"""What PostgreSQL's `grouping` says of a row: a bit for each of step, staff and weekday that it runs over."""

WORDINGS = text("""
    SELECT t.purpose, t.template_id, w.version, w.body, coalesce(w.is_current, false) AS is_current,
        sum(t.sent) AS sent, sum(t.delivered) AS delivered, sum(t.failed) AS failed, sum(t.opened) AS opened,
        sum(t.held) AS held, sum(t.converted) AS converted
    FROM slot_text_figures t
    LEFT JOIN message_templates w ON w.org_id = t.org_id AND w.id = t.template_id
    WHERE t.org_id = :org AND t.starts_at >= :first AND t.starts_at < :until
      AND (CAST(:staff AS uuid) IS NULL OR t.staff_member_id = CAST(:staff AS uuid))
    GROUP BY t.purpose, t.template_id, w.version, w.body, w.is_current
    ORDER BY t.purpose, w.version DESC NULLS LAST
""")

HAS_ANY = text("SELECT EXISTS (SELECT FROM slot_figures WHERE org_id = :org)")

_COUNTED = tuple(each.name for each in fields(Sums) if each.name != "fill_seconds")


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    name: str
    color: str


@dataclass(slots=True)
class Figures:
    """The sums of one range, in all the ways that the page shows them."""

    total: Sums = field(default_factory=Sums)
    before: Sums = field(default_factory=Sums)
    """Of the equally long range before."""
    steps: dict[date, Sums] = field(default_factory=dict)
    staff: list[tuple[Person, Sums]] = field(default_factory=list)
    hours: dict[tuple[int, int], Sums] = field(default_factory=dict)
    """By weekday (0 is Monday) and hour."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Texts of one wording. `template_id` None: the default of its purpose."""

    purpose: str
    template_id: UUID | None
    version: int | None
    body: str | None
    is_current: bool
    sums: TextSums

    @property
    def key(self) -> str:
        """As an address names it."""
        return str(self.template_id) if self.template_id else f"default-{self.purpose}"


def get_figures(wanted: Range, zone: str, staff_member_id: UUID | None = None, step: str | None = None) -> Figures:
    """Every step of the range is there, empty ones too: as long as the range's bars, unless one is named."""
    step = step or wanted.step
    found = Figures(steps={begin: Sums() for begin in wanted.steps(step)})
    values = _values(wanted, zone, staff_member_id)
    for row in db.session.execute(SUMS, values | {"before": midnight(wanted.before, zone), "step": step, "zone": zone}):
        _sort_in(found, row)
    return found


def list_wordings(wanted: Range, zone: str, staff_member_id: UUID | None = None) -> list[Wording]:
    """The wordings whose texts offered slots of the range, newest version first."""
    rows = db.session.execute(WORDINGS, _values(wanted, zone, staff_member_id)).all()
    return [_wording(row) for row in rows]


def has_any() -> bool:
    """Whether the business ever opened a slot to its list."""
    return bool(db.session.scalar(HAS_ANY, {"org": current_actor().tenant}))


def _values(wanted: Range, zone: str, staff_member_id: UUID | None) -> dict[str, Any]:
    return {
        "org": current_actor().tenant, "staff": staff_member_id, "first": midnight(wanted.first, zone),
        "until": midnight(wanted.last + DAY, zone),
    }  # fmt: skip


def _sort_in(found: Figures, row: Row[Any]) -> None:
    sums = _sums(row)
    if row.level == BY_STEP:
        found.steps[row.step] = sums
    elif row.level == BY_STAFF:
        found.staff.append((Person(row.staff_member_id, row.display_name, row.color), sums))
    elif row.level == BY_HOUR:
        found.hours[row.weekday, row.hour] = sums
    elif row.is_now:
        found.total = sums
    else:
        found.before = sums


def _sums(row: Row[Any]) -> Sums:
    return Sums(**{name: int(getattr(row, name)) for name in _COUNTED}, fill_seconds=row.fill_seconds)


def _wording(row: Row[Any]) -> Wording:
    sums = TextSums(**{each.name: int(getattr(row, each.name)) for each in fields(TextSums)})
    return Wording(row.purpose, row.template_id, row.version, row.body, row.is_current, sums)


def choose(wordings: Sequence[Wording], first: str, second: str) -> tuple[str, str]:
    """The keys asked for; where one isn't given, the newest wording that is not the other."""
    keys = [wording.key for wording in wordings]
    first = first or next((key for key in keys if key != second), "")
    return first, second or next((key for key in keys if key != first), "")


def find_pair(wordings: Sequence[Wording], first: str, second: str) -> tuple[Wording, Wording] | None:
    """Two different wordings by their keys; None where one isn't there."""
    known = {wording.key: wording for wording in wordings}
    return (known[first], known[second]) if first != second and {first, second} <= set(known) else None
