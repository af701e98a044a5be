"""The pages of slots: the list, a new one, one with its timeline, and each step as a resource of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from nexapp.identity.business_settings import get_business
from nexapp.identity.phones import parse_phone
from nexapp.slots import opening, pending, queries
from nexapp.slots.answers import opening_words, read_asking, slot_page, told_words
from nexapp.slots.claim_errors import NotWaitingForAnswer
from nexapp.slots.errors import SlotChanged, TooLateToOffer
from nexapp.slots.forms import STATES, BookingForm, read_filter
from nexapp.slots.rounds_rows import round_number
from nexapp.slots.times import today_in
from nexapp.slots.transitions import get_slot_for_change
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page
from nexapp.spine.web.pieces import piece

pages = Blueprint("slots", __name__)
FILTERS = ("from", "to", "staff", "state")
REFUSED = (SlotChanged, TooLateToOffer, NotWaitingForAnswer)


@pages.get("/slots")
@member(Role.VIEWER)
def index() -> Response:
    business = get_business()
    wanted = read_filter(request.args, today_in(business.time_zone))
    rows, end = queries.list_slots(
        wanted, business.time_zone, after=_cursor("after"), until=_cursor("until")
    )  # fmt: skip
    return page(
        "slots/index.html", "slots/_fetched.html", business=business, wanted=wanted,
        staff=queries.list_staff(), states=STATES,
        filters=_filters(), may_add=current_actor().role.at_least(Role.STAFF),
        chunk=piece(
            "slots/_chunk.html", org_id=business.id, zone=business.time_zone, days=_by_day(rows, business.time_zone),
            after=request.args.get("after"), until=_written(end) or request.args.get("until"), more=_written(end),
            filters=tuple(_filters().items()), may_add=current_actor().role.at_least(Role.STAFF),
        ),
    )  # fmt: skip


@pages.get("/slots/<uuid:slot_id>")
@member(Role.VIEWER)
def show(slot_id: UUID) -> Response:
    return slot_page(slot_id)


@pages.post("/slots/<uuid:slot_id>/rounds")
@member(Role.STAFF)
def open_round(slot_id: UUID) -> Response:
    """Open and text the list. The form names the round it was made in: sent twice, it opens once."""
    expected = request.form.get("round", type=round_number)
    return _step(slot_id, lambda: opening_words(opening.open_slot(slot_id, expected, read_asking(request.form))))


@pages.post("/slots/<uuid:slot_id>/freeing")
@member(Role.STAFF)
def free(slot_id: UUID) -> Response:
    return _step(slot_id, lambda: opening_words(opening.free_slot(slot_id)))


@pages.post("/slots/<uuid:slot_id>/cancellation")
@member(Role.STAFF)
def cancel(slot_id: UUID) -> Response:
    return _step(slot_id, lambda: told_words(opening.cancel_slot(slot_id)))


@pages.post("/slots/<uuid:slot_id>/release")
@member(Role.STAFF)
def release(slot_id: UUID) -> Response:
    def act() -> str:
        opening.release_by_merchant(slot_id)
        return _("The hold has ended. The slot is open to everybody who was texted.")

    return _step(slot_id, act)


@pages.post("/slots/<uuid:slot_id>/booking")
@member(Role.STAFF)
def book(slot_id: UUID) -> Response:
    form = BookingForm()
    get_slot_for_change(slot_id)
    if not form.validate():
        return slot_page(slot_id, status=422, booking=form)

    def act() -> str:
        opening.book_by_hand(slot_id, form.name.data, _phone(form))
        return _("Booked for %(name)s.", name=form.name.data)

    try:
        return _step(slot_id, act)
    except BadInput as error:
        form.phone.errors = [error.sentence]
        return slot_page(slot_id, status=422, booking=form)


@pages.post("/slots/<uuid:slot_id>/approval")
@member(Role.STAFF)
def approve(slot_id: UUID) -> Response:
    get_slot_for_change(slot_id)

    def act() -> str:
        pending.approve(slot_id)
        return _("Booked. The client gets a text.")

    return _step(slot_id, act)


@pages.post("/slots/<uuid:slot_id>/refusal")
@member(Role.STAFF)
def decline(slot_id: UUID) -> Response:
    get_slot_for_change(slot_id)

    def act() -> str:
        pending.decline(slot_id)
        return _("Declined. The client gets a text, and the slot is open to the others.")

    return _step(slot_id, act)


def _step(slot_id: UUID, act: Any) -> Response:
    """Take one step and answer with the slot as it is then; a step that came too late says so there."""
    try:
        sentence = act()
    except REFUSED as error:
        return slot_page(slot_id, status=409, refusal=error.sentence)
    return slot_page(slot_id, done=sentence)


def _phone(form: BookingForm) -> str | None:
    return parse_phone(form.phone.data, get_business().country) if form.phone.data else None


def _filters() -> dict[str, str]:
    """The filters as the address has them, for the links that keep them."""
    return {name: value for name in FILTERS if (value := request.args.get(name))}


def _by_day(rows: Sequence[Any], zone: str) -> tuple[tuple[datetime, tuple[Any, ...]], ...]:
    """The slots under the local day they begin on, each day by its first slot."""
    days = groupby(rows, key=lambda slot: slot.starts_at.astimezone(ZoneInfo(zone)).date())
    return tuple((found[0].starts_at, found) for found in (tuple(slots) for _day, slots in days))


def _cursor(name: str) -> queries.Cursor | None:
    """A place in the list, as the address carries it; one that can't be read is none."""
    at, _between, slot_id = request.args.get(name, "").partition("_")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(slot_id)) if moment.tzinfo else None
    except ValueError:
        return None


def _written(place: queries.Cursor | None) -> str | None:
    return f"{place[0].isoformat()}_{place[1]}" if place else None
