"""The waiting list as the business reads it: who waits, for what, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, lateral, select, true, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import one_line
from nexapp.identity.models import StaffMember
from nexapp.messaging.models import Consumer
from nexapp.slots import queries
from nexapp.slots.models import ConsumerProfile, NotifyRequest, NotifyWindow, Service, Slot, SlotOffer
from nexapp.slots.times import clock_words, day_words
from nexapp.slots.views import pages
from nexapp.spine.access import member
from nexapp.spine.db import db
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page

PAGE = 50
LONGEST_SEARCH = 80
Cursor = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Listed:
    people: Sequence[Any]
    next: Cursor | None


@pages.get("/waiting-list")
@member(Role.VIEWER)
def waiting_list() -> Response:
    business = get_business()
    search = str(one_line(request.args.get("q", "")))[:LONGEST_SEARCH]
    listed = list_people(search, _cursor(request.args.get("after", "")))
    return page(
        "slots/waiting_list.html", "slots/_people.html", business=business, search=search, people=listed.people,
        next_after=f"{listed.next[0].isoformat()}_{listed.next[1]}" if listed.next else None,
        first_page=not request.args.get("after"), wishes=wishes, state_of=state_of,
        public_link=queries.public_link(business.slug),
    )  # fmt: skip


def list_people(search: str = "", after: Cursor | None = None) -> Listed:
    """A page of the list, the longest-waiting first; by name or by some of a number's digits."""
    query = _rows().where(NotifyRequest.status != "left")
    if search:
        query = query.where(_matches(search))
    place = tuple_(NotifyRequest.created_at, NotifyRequest.id)
    query = query.where(place > after) if after else query
    rows = db.session.execute(query.order_by(NotifyRequest.created_at, NotifyRequest.id).limit(PAGE + 1)).all()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Listed(rows[:PAGE], (last.created_at, last.id) if last else None)


def wishes(person: Any) -> list[str]:
    """What somebody asked for, one short sentence each; empty: any time with anybody."""
    spans = _spans(person.windows or [])
    named = [
        _("until %(day)s", day=day_words(person.ends_on)) if person.ends_on else "",
        _("with %(staff)s", staff=person.staff) if person.staff else "",
        person.service or "",
        ngettext("%(num)s minute", "%(num)s minutes", person.minutes_needed) if person.minutes_needed else "",
        ngettext("%(num)s person", "%(num)s people", person.party_size) if person.party_size else "",
    ]
    return [*spans, *filter(None, named)]


def state_of(person: Any) -> str:
    return "opted_out" if person.opted_out_at else str(person.status)


def _rows() -> Any:
    tenant = current_actor().tenant
    offers, bookings, windows = _offers(), _bookings(), _windows()
    return (
        select(
            NotifyRequest.id, NotifyRequest.status, NotifyRequest.created_at, NotifyRequest.ends_on,
            NotifyRequest.minutes_needed, NotifyRequest.party_size, NotifyRequest.paused_until,
            ConsumerProfile.name, Consumer.phone, Consumer.opted_out_at, StaffMember.display_name.label("staff"),
            Service.name.label("service"), offers.c.offers, windows.c.windows,
            func.coalesce(bookings.c.bookings, 0).label("bookings"),
        )
        .join(Consumer, Consumer.id == NotifyRequest.consumer_id)
        .join(
            ConsumerProfile,
            (ConsumerProfile.org_id == NotifyRequest.org_id)
            & (ConsumerProfile.consumer_id == NotifyRequest.consumer_id),
        )
        .outerjoin(
            StaffMember,
            (StaffMember.org_id == NotifyRequest.org_id) & (StaffMember.id == NotifyRequest.staff_member_id),
        )
        .outerjoin(Service, (Service.org_id == NotifyRequest.org_id) & (Service.id == NotifyRequest.service_id))
        .join(offers, true())
        .outerjoin(bookings, bookings.c.consumer_id == NotifyRequest.consumer_id)
        .join(windows, true())
        .where(NotifyRequest.org_id == tenant)
    )  # fmt: skip


def _offers() -> Any:
    return lateral(
        select(func.count().label("offers"))
        .where(SlotOffer.org_id == NotifyRequest.org_id, SlotOffer.consumer_id == NotifyRequest.consumer_id)
        .correlate(NotifyRequest)
    ).alias("offers")


def _bookings() -> Any:
    # Grouped once, not looked up for each row: completed bookings have no index of their own.
    return (
        select(Slot.booked_consumer_id.label("consumer_id"), func.count().label("bookings"))
        .where(Slot.org_id == current_actor().tenant, Slot.status.in_(queries.FILLED))
        .group_by(Slot.booked_consumer_id)
        .subquery()
    )


def _windows() -> Any:
    span = func.jsonb_build_array(NotifyWindow.weekday, NotifyWindow.starts, NotifyWindow.ends)
    ordered = aggregate_order_by(span, NotifyWindow.weekday, NotifyWindow.starts)
    return lateral(
        select(func.jsonb_agg(ordered).label("windows"))
        .where(NotifyWindow.org_id == NotifyRequest.org_id, NotifyWindow.notify_request_id == NotifyRequest.id)
        .correlate(NotifyRequest)
    ).alias("windows")


def _matches(search: str) -> Any:
    digits = "".join(c for c in search if c.isdecimal() and c.isascii())
    by_name = ConsumerProfile.name.icontains(search, autoescape=True)
    return by_name | Consumer.phone.contains(digits) if len(digits) >= 3 else by_name


def _spans(windows: Sequence[Any]) -> list[str]:
    """`Mon–Fri 9:00 AM – 12:00 PM`: days in a row with the same hours are said once."""  # noqa: RUF002
    days: dict[tuple[str, str], list[int]] = {}
    for weekday, starts, ends in windows:
        days.setdefault((starts, ends), []).append(weekday)
    return [f"{_day_names(on)} {_clock(starts)} – {_clock(ends)}" for (starts, ends), on in days.items()]  # noqa: RUF001


def _day_names(weekdays: list[int]) -> str:
    names = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
    in_a_row = weekdays == list(range(weekdays[0], weekdays[-1] + 1))
    if len(weekdays) > 2 and in_a_row:
        return f"{names[weekdays[0]]}–{names[weekdays[-1]]}"  # noqa: RUF001
    return ", ".join(names[day] for day in weekdays)


def _clock(written: str) -> str:
    return clock_words(time.fromisoformat(written))


def _cursor(written: str) -> Cursor | None:
    at, _between, request_id = written.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(request_id)) if moment.tzinfo else None
    except ValueError:
        return None
