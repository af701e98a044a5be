"""The start page of a salesperson: what is new, whom to call, what is due, and what keeps them going."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response

from nexapp.identity.business_settings import get_business
from nexapp.notifications.bell import other_places
from nexapp.notifications.centre_lines import line_of
from nexapp.notifications.queries import list_page
from nexapp.sales import follow_ups_queries, home_queries, missions, streaks, when
from nexapp.sales.agenda import day_bounds
from nexapp.sales.blueprint import pages
from nexapp.sales.reports import find_latest_report
from nexapp.spine.access import member
from nexapp.spine.clock import now
from nexapp.spine.errors import Forbidden
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page

NOTICES = 4
FOLLOW_UPS = 5
DAYS = 14


@pages.get("/sales")
@member(Role.VIEWER)
def home() -> Response:
    actor = current_actor()
    user_id = _own_id()
    zone = when.zone_of(user_id)
    today = now().astimezone(ZoneInfo(zone)).date()
    places = other_places()
    overdue, due_today, *_later = follow_ups_queries.count_open(user_id, day_bounds(today, zone))
    return page(
        "sales/home.html", "sales/_home.html", business=get_business(), zone=zone, today=today, org_id=actor.tenant,
        lines=[line_of(row, places) for row in list_page(user_id, "unread", limit=NOTICES)],
        hottest=home_queries.list_hottest(user_id), counts=home_queries.count_own(user_id),
        agenda=follow_ups_queries.list_open(user_id, most=FOLLOW_UPS).rows, overdue=overdue, due_today=due_today,
        streak=streaks.find_streak(actor.tenant, user_id), days=_days(actor.tenant, user_id, today),
        missions=missions.list_standings(actor.tenant, user_id, today),
        top=home_queries.find_daily_top(user_id, today), report=find_latest_report(user_id),
        may_change=actor.role.at_least(Role.STAFF),
    )  # fmt: skip


def _own_id() -> UUID:
    user_id = current_actor().user_id
    if user_id is None:
        raise Forbidden
    return user_id


def _days(org_id: UUID, user_id: UUID, today: date) -> list[tuple[date, int]]:
    """The last two weeks, each day with the actions that counted."""
    first = today - timedelta(days=DAYS - 1)
    found = streaks.list_days(org_id, user_id, first, today)
    return [(day, found.get(day, 0)) for day in (first + timedelta(days=n) for n in range(DAYS))]
