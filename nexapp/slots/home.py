"""The merchant's home: today by staff, what is happening now, and what this week won back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import Response, g

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.identity.business_settings import get_business
from nexapp.identity.models import Organization
from nexapp.slots import queries
from nexapp.slots.figures import words
from nexapp.slots.figures.counting import catch_up
from nexapp.slots.figures.queries import get_figures
from nexapp.slots.figures.ranges import preset
from nexapp.slots.times import midnight, today_in
from nexapp.slots.views import pages
from nexapp.spine.access import member
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other
from nexapp.spine.web.pieces import piece
from nexapp.spine.web.templating import money

SOON = timedelta(days=2)


@pages.get("/home")
@member(Role.VIEWER)
def home() -> Response:
    if g.get("org_kind", "business") not in WITH_SLOTS:
        return see_other("/")
    business, role = get_business(), current_actor().role
    zone = business.time_zone
    today = today_in(zone)
    catch_up(business.id)
    waiting = queries.count_waiting()
    return page(
        "slots/home.html", "slots/_home_fetched.html", business=business,
        content=piece(
            "slots/_home.html", org_id=business.id, zone=zone, day=_by_staff(queries.list_day(today, zone)),
            live=tuple(queries.list_live_slots()),
            ahead=_changeable(queries.list_bookings_ahead(midnight(today + SOON, zone))),
            waiting=waiting, invited=0 if waiting else queries.count_invited(),
            public_link=queries.public_link(business.slug), may_add=role.at_least(Role.STAFF),
            may_import=role.at_least(Role.MANAGER), **_week(business, today),
        ),
    )  # fmt: skip


def _week(business: Organization, today: date) -> dict[str, Any]:
    """This week's sums, and those of its words that need counting."""
    week = get_figures(preset("week", today), business.time_zone).total
    return {
        "week": week, "fill_rate": words.rate(week.fill_rate, whole=True),
        "minutes": None if week.minutes_to_fill is None else words.minutes(week.minutes_to_fill),
        "won_back": money(week.cents(business.average_value_cents), business.currency, whole=True),
    }  # fmt: skip


def _by_staff(slots: Sequence[Any]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    found: dict[str, list[Any]] = {}
    for slot in slots:
        found.setdefault(slot.staff, []).append(slot)
    return tuple((staff, tuple(theirs)) for staff, theirs in sorted(found.items()))


def _changeable(slots: Sequence[Any]) -> tuple[Any, ...]:
    actor = current_actor()
    if actor.role.at_least(Role.MANAGER):
        return tuple(slots)
    mine = actor.role.at_least(Role.STAFF)
    return tuple(slot for slot in slots if mine and slot.staff_user_id == actor.user_id)
