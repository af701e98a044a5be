"""/settings/calendars: addresses of the team's calendars. /calendars/<token>.ics: one of them, for other programs."""

from __future__ import annotations

import hashlib
from uuid import UUID

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from nexapp.slots.booking_systems import calendars
from nexapp.slots.booking_systems.addresses import calendar_url
from nexapp.slots.booking_systems.errors import UnknownAddress
from nexapp.slots.booking_systems.hooks import blueprint
from nexapp.slots.booking_systems.views import pages
from nexapp.slots.tokens import hash_token
from nexapp.spine.access import link, member
from nexapp.spine.db import lookup
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.web.pages import page, see_other


@pages.get("/settings/calendars")
@member(Role.STAFF)
def calendar_addresses() -> Response:
    rows = [(row, calendar_url(row) if row.id else None) for row in calendars.list_calendars()]
    return page("booking_systems/calendars.html", rows=rows)


@pages.post("/settings/calendars/staff/<uuid:staff_member_id>")
@member(Role.STAFF)
def add_calendar(staff_member_id: UUID) -> Response:
    calendars.add_calendar(staff_member_id)
    return _to_calendars(_("Copy the address and subscribe to it in the calendar program."))


@pages.post("/settings/calendars/<uuid:calendar_id>/address")
@member(Role.STAFF)
def change_calendar_address(calendar_id: UUID) -> Response:
    calendars.change_address(calendar_id)
    return _to_calendars(_("This is the new address. The old one shows nothing any more."))


@pages.post("/settings/calendars/<uuid:calendar_id>/removal")
@member(Role.STAFF)
def remove_calendar(calendar_id: UUID) -> Response:
    calendars.remove_calendar(calendar_id)
    return _to_calendars(_("The address shows nothing any more."))


def resolve_calendar(token: str) -> Actor:
    found = lookup("SELECT * FROM nexapp_staff_calendar(:hash)", hash=hash_token(token))
    if found is None:
        raise UnknownAddress
    g.calendar_staff_id = found.staff_member_id
    return Actor(Role.LINK, found.org_id)


@blueprint.get("/calendars/<token>.ics")
@link(resolve_calendar)
def read_calendar(token: str) -> Response:
    body = calendars.write_calendar(g.calendar_staff_id)
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    # Kept by who asked for it alone, and asked for again each time: most answers are 304.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response.make_conditional(request)
    return response


def _to_calendars(toast: str) -> Response:
    return see_other(url_for("booking_systems.calendar_addresses"), toast)
