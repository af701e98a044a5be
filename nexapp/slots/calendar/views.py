"""The calendar: a day with a column for each of the team, a week of one person, and the week of everybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from nexapp.identity.business_settings import get_business
from nexapp.slots import hours
from nexapp.slots.calendar.grid import build_grid, by_cell
from nexapp.slots.calendar.queries import list_calendar_slots, list_calendar_staff
from nexapp.slots.forms import read_date, read_uuid
from nexapp.slots.times import today_in, week_of
from nexapp.spine.access import member
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page

calendar = Blueprint("calendar", __name__)
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Look:
    """What the address asks for."""

    view: str
    on: date
    staff_id: UUID | None

    @property
    def days(self) -> list[date]:
        if self.view == "day":
            return [self.on]
        monday, _next = week_of(self.on)
        return [monday + number * A_DAY for number in range(7)]

    @property
    def is_grid(self) -> bool:
        """Columns with the hours; the week of everybody is a table."""
        return self.view == "day" or self.staff_id is not None

    def address(self, **changes: Any) -> str:
        values = {"view": self.view, "on": self.on.isoformat(), "staff": self.staff_id, **changes}
        return url_for("calendar.show", **values)


@calendar.get("/calendar")
@member(Role.VIEWER)
def show() -> Response:
    business = get_business()
    look = _look(today_in(business.time_zone))
    staff = list_calendar_staff(look.days[0], look.days[-1], business.time_zone)
    if look.staff_id not in {person.id for person in staff}:
        # Nobody of another business, and nobody who left: they have no column.
        look = replace(look, staff_id=None)
    shown = [person for person in staff if look.staff_id in (None, person.id)]
    slots = list_calendar_slots(look.days[0], look.days[-1], business.time_zone, [person.id for person in shown])
    rules = hours.load_rules(business.time_zone, look.days[0], look.days[-1])
    mine = {person.id for person in staff if _may_change(person)}
    pairs = [(person, on, person.id in mine and person.is_active) for on in look.days for person in shown]
    return page(
        "calendar/show.html", "calendar/_calendar.html", business=business, look=look, staff=staff, shown=shown,
        grid=build_grid(pairs, slots, rules) if look.is_grid else None, cells=by_cell(slots, business.time_zone),
        rules=rules, mine=mine, today=today_in(business.time_zone), ways=_ways(look),
    )  # fmt: skip


def _look(today: date) -> Look:
    view = "week" if request.args.get("view") == "week" else "day"
    return Look(view, read_date(request.args.get("on")) or today, read_uuid(request.args.get("staff")))


def _ways(look: Look) -> dict[str, str]:
    step = A_DAY if look.view == "day" else A_WEEK
    return {
        "previous": look.address(on=(look.on - step).isoformat()),
        "following": look.address(on=(look.on + step).isoformat()),
    }


def _may_change(person: Any) -> bool:
    actor = current_actor()
    if actor.role.at_least(Role.MANAGER):
        return True
    return actor.role.at_least(Role.STAFF) and person.user_id is not None and person.user_id == actor.user_id
