"""Notices as the bell and the centre show them: words, colours, the day they belong to, and when they may come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _

from nexapp.notifications.centre_actions import Shown, shown_actions
from nexapp.notifications.registry import find_type
from nexapp.spine.clock import now

PLAIN = ("gray", "slate")
MORNING, EVENING = time(8), time(18)
A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Line:
    id: UUID
    title: str
    message: str
    icon: str
    colours: tuple[str, str]
    label: str
    at: datetime
    is_unread: bool
    is_high: bool
    is_archived: bool
    parts: int
    opens: bool
    """Whether it leads somewhere."""
    place: str
    """The business that it is about, where another one is chosen."""
    snoozed_until: datetime | None
    actions: list[Shown] = field(default_factory=list)
    day: str = ""
    """The heading that stands above it, if one does."""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A time that a notice may come back at."""

    words: str
    at: datetime


def line_of(row: Any, places: Mapping[UUID, str]) -> Line:
    """`places`: names of the person's other businesses."""
    known = find_type(row.type)
    icon = row.icon or (known.icon if known else "")
    return Line(
        id=row.id, title=_bare(row.title, icon), message=row.message, icon=icon,
        colours=known.colours if known else PLAIN, label=str(known.label) if known else "", at=row.created_at,
        is_unread=row.read_at is None, is_high=row.priority == "high", is_archived=row.archived_at is not None,
        parts=row.parts, opens=bool(row.action_url), place=places.get(row.org_id, ""),
        snoozed_until=row.snoozed_until, actions=shown_actions(row),
    )  # fmt: skip


def with_days(lines: Iterable[Line], zone: str, after: datetime | None = None) -> list[Line]:
    """The same lines, each that begins a day with its heading; `after`: the line that stands above the first."""
    today = now().astimezone(ZoneInfo(zone)).date()
    above = day_words(_day(after, zone), today) if after else ""
    headed = []
    for line in lines:
        words = day_words(_day(line.at, zone), today)
        headed.append(replace(line, day=words if words != above else ""))
        above = words
    return headed


def with_heading(lines: list[Line], words: str) -> list[Line]:
    return [replace(line, day="" if place else words) for place, line in enumerate(lines)]


def day_words(on: date, today: date) -> str:
    """Each day of the last week by its own name, what is older by its month."""
    days = (today - on).days
    if days <= 0:
        return str(_("Today"))
    if days == 1:
        return str(_("Yesterday"))
    locale = get_locale() or "en"
    form = "EEEE d MMMM" if days < A_WEEK else "MMMM" if on.year == today.year else "MMMM yyyy"
    if days >= A_WEEK and (on.year, on.month) == (today.year, today.month):
        return str(_("Earlier in %(month)s", month=format_date(on, form, locale=locale)))
    return str(format_date(on, form, locale=locale))


def snooze_choices(zone: str) -> list[Choice]:
    """Later today, this evening, tomorrow, next week: by the person's own clock, and only what lies ahead."""
    here = now().astimezone(ZoneInfo(zone))
    monday = here.date() + timedelta(days=A_WEEK - here.weekday())
    choices = [
        Choice(_("In 3 hours"), (now() + timedelta(hours=3)).replace(second=0, microsecond=0)),
        Choice(_("This evening"), _instant(here.date(), EVENING, zone)),
        Choice(_("Tomorrow"), tomorrow(zone)),
        Choice(_("Next week"), _instant(monday, MORNING, zone)),
    ]
    return [choice for choice in choices if choice.at > now() + timedelta(hours=1)]


def tomorrow(zone: str) -> datetime:
    """The next morning."""
    return _instant(now().astimezone(ZoneInfo(zone)).date() + timedelta(days=1), MORNING, zone)


def _instant(on: date, at: time, zone: str) -> datetime:
    # Where the clocks jump over that time, the moment they jump to; of two alike, the first.
    return datetime.combine(on, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _bare(title: str, icon: str) -> str:
    """Without the sign that stands beside it already."""
    return (title.removeprefix(icon).lstrip() or title) if icon else title
