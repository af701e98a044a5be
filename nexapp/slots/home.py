"""The merchant's home: today by staff, what is happening now, and what this week won back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Response, g

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.identity.business_settings import get_business
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
        "slots/home.html", "slots/_home.html", business=business, today=today,
        day=_by_staff(queries.list_day(today, zone)),
        live=queries.list_live_slots(), ahead=_changeable(queries.list_bookings_ahead(midnight(today + SOON, zone))),
        week=get_figures(preset("week", today), zone).total, words=words, waiting=waiting,
        invited=0 if waiting else queries.count_invited(), public_link=queries.public_link(business.slug),
        may_add=role.at_least(Role.STAFF), may_import=role.at_least(Role.MANAGER),
    )  # fmt: skip


def _by_staff(slots: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for slot in slots:
        found.setdefault(slot.staff, []).append(slot)
    return dict(sorted(found.items()))


def _changeable(slots: Sequence[Any]) -> list[Any]:
    actor = current_actor()
    if actor.role.at_least(Role.MANAGER):
        return list(slots)
    mine = actor.role.at_least(Role.STAFF)
    return [slot for slot in slots if mine and slot.staff_user_id == actor.user_id]
