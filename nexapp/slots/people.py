"""The waiting list as the business reads it: who waits, for what, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy import and_, func, lateral, null, select, true, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import one_line
from nexapp.identity.models import Location, StaffMember
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
FEWEST_DIGITS = 3
Cursor = tuple[datetime, UUID]
STATES = {
    "": lazy_gettext("Everybody"),
    "active": lazy_gettext("Waiting"),
    "invited": lazy_gettext("Invited, no yes yet"),
    "paused": lazy_gettext("Paused"),
    "lapsed": lazy_gettext("Lapsed"),
    "opted_out": lazy_gettext("Opted out of texts"),
    "left": lazy_gettext("Left or taken off"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    people: Sequence[Any]
    next: Cursor | None


@pages.get("/waiting-list")
@member(Role.VIEWER)
def waiting_list() -> Response:
    business, role = get_business(), current_actor().role
    search = str(one_line(request.args.get("q", "")))[:LONGEST_SEARCH]
    state = request.args.get("state", "") if request.args.get("state") in STATES else ""
    listed = list_people(search, _cursor(request.args.get("after", "")), state)
    return page(
        "slots/waiting_list.html", "slots/_people.html", business=business, search=search, people=listed.people,
        next_after=f"{listed.next[0].isoformat()}_{listed.next[1]}" if listed.next else None,
        first_page=not request.args.get("after"), wishes=wishes, state_of=state_of, state=state, states=STATES,
        public_link=queries.public_link(business.slug), may_add=role.at_least(Role.STAFF),
        may_import=role.at_least(Role.MANAGER),
    )  # fmt: skip


def list_people(search: str = "", after: Cursor | None = None, state: str = "", most: int = PAGE) -> Listed:
    """A page of the list, the longest-waiting first; by name or by some of a number's digits."""
    wanted = select(NotifyRequest.id).where(NotifyRequest.org_id == current_actor().tenant, *_in_state(state))
    if search:
        wanted = wanted.where(NotifyRequest.consumer_id.in_(_found(search)))
    place = tuple_(NotifyRequest.created_at, NotifyRequest.id)
    wanted = wanted.where(place > after) if after else wanted
    # Who is on the page is settled by a statement of its own: in one, everybody's offers would be counted first.
    chosen = db.session.scalars(wanted.order_by(NotifyRequest.created_at, NotifyRequest.id).limit(most + 1)).all()
    about = _rows().where(NotifyRequest.id.in_(chosen))
    rows = db.session.execute(about.order_by(NotifyRequest.created_at, NotifyRequest.id)).all()
    last = rows[most - 1] if len(rows) > most else None
    return Listed(rows[:most], (last.created_at, last.id) if last else None)


def find_listed(request_id: UUID) -> Any:
    """One person as the list shows them, or None."""
    return db.session.execute(_rows().where(NotifyRequest.id == request_id)).first()


def wishes(person: Any) -> list[str]:
    """What somebody asked for, one short sentence each; empty: any time with anybody."""
    spans = _spans(person.windows or [])
    named = [
        _("until %(day)s", day=day_words(person.ends_on)) if person.ends_on else "",
        _("with %(staff)s", staff=person.staff) if person.staff else "",
        person.service or "",
        _("at %(place)s", place=person.location) if person.location else "",
        ngettext("%(num)s minute", "%(num)s minutes", person.minutes_needed) if person.minutes_needed else "",
        ngettext("%(num)s person", "%(num)s people", person.party_size) if person.party_size else "",
    ]
    return [*spans, *filter(None, named)]


def state_of(person: Any) -> str:
    return "opted_out" if person.opted_out_at else str(person.status)


def _rows() -> Any:
    offers, bookings, windows = _offers(), _bookings(), _windows()
    staff = and_(StaffMember.org_id == NotifyRequest.org_id, StaffMember.id == NotifyRequest.staff_member_id)
    profile = and_(
        ConsumerProfile.org_id == NotifyRequest.org_id, ConsumerProfile.consumer_id == NotifyRequest.consumer_id
    )
    return (
        select(
            NotifyRequest.id, NotifyRequest.consumer_id, NotifyRequest.status, NotifyRequest.created_at,
            NotifyRequest.ends_on, NotifyRequest.minutes_needed, NotifyRequest.party_size, NotifyRequest.paused_until,
            NotifyRequest.status_before, NotifyRequest.source, ConsumerProfile.name, Consumer.phone,
            Consumer.opted_out_at, StaffMember.display_name.label("staff"), Service.name.label("service"),
            Location.name.label("location"),
            offers.c.offers, windows.c.windows, bookings.c.bookings, bookings.c.no_shows,
        )
        .join(Consumer, Consumer.id == NotifyRequest.consumer_id)
        .join(ConsumerProfile, profile)
        .outerjoin(StaffMember, staff)
        .outerjoin(Location, and_(Location.org_id == NotifyRequest.org_id, Location.id == NotifyRequest.location_id))
        .outerjoin(Service, and_(Service.org_id == NotifyRequest.org_id, Service.id == NotifyRequest.service_id))
        .join(offers, true())
        .join(bookings, true())
        .join(windows, true())
        .where(NotifyRequest.org_id == current_actor().tenant)
    )  # fmt: skip


def _offers() -> Any:
    return lateral(
        select(func.count().label("offers"))
        .where(SlotOffer.org_id == NotifyRequest.org_id, SlotOffer.consumer_id == NotifyRequest.consumer_id)
        .correlate(NotifyRequest)
    ).alias("offers")


def _bookings() -> Any:
    return lateral(
        select(
            func.count().filter(Slot.status.in_(queries.FILLED)).label("bookings"),
            func.count().filter(Slot.status == "no_show").label("no_shows"),
        )
        .where(Slot.org_id == NotifyRequest.org_id, Slot.booked_consumer_id == NotifyRequest.consumer_id)
        .correlate(NotifyRequest)
    ).alias("bookings")


def _windows() -> Any:
    span = func.jsonb_build_array(NotifyWindow.weekday, NotifyWindow.starts, NotifyWindow.ends)
    ordered = aggregate_order_by(span, NotifyWindow.weekday, NotifyWindow.starts)
    return lateral(
        select(func.jsonb_agg(ordered).label("windows"))
        .where(NotifyWindow.org_id == NotifyRequest.org_id, NotifyWindow.notify_request_id == NotifyRequest.id)
        .correlate(NotifyRequest)
    ).alias("windows")


def _in_state(state: str) -> tuple[Any, ...]:
    if state == "opted_out":
        gone = select(Consumer.id).where(Consumer.opted_out_at.is_not(None))
        return NotifyRequest.status != "left", NotifyRequest.consumer_id.in_(gone)
    return (NotifyRequest.status == state,) if state else (NotifyRequest.status != "left",)


def _found(search: str) -> Any:
    """People by the index of names and numbers."""
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    digits = "".join(c for c in search if c.isdecimal() and c.isascii())
    number = f"%{digits}%" if len(digits) >= FEWEST_DIGITS else null()
    found = func.nexapp_find_people(
        f"%{escaped}%",
        number,
    ).table_valued("consumer_id")
    return select(found.c.consumer_id)


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
