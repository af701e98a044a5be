"""The merchant's steps with a booking: the client came, or didn't, or comes again. Routes of the slots' pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from nexapp.identity.business_settings import get_business
from nexapp.slots import queries
from nexapp.slots.answers import slot_page
from nexapp.slots.attendance import count_missed, mark_attendance
from nexapp.slots.errors import SlotChanged, TimeHappensTwice
from nexapp.slots.forms import SlotForm, fresh_key
from nexapp.slots.models import ConsumerProfile, Slot
from nexapp.slots.rebooking import book_again, get_former
from nexapp.slots.times import today_in
from nexapp.slots.views import pages
from nexapp.spine.access import member
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page, see_other


@pages.post("/slots/<uuid:slot_id>/attendance")
@member(Role.STAFF)
def attended(slot_id: UUID) -> Response:
    def act() -> str:
        mark_attendance(slot_id, came=True)
        return _("Noted: the client came.")

    return _step(slot_id, act)


@pages.post("/slots/<uuid:slot_id>/absence")
@member(Role.STAFF)
def missed(slot_id: UUID) -> Response:
    def act() -> str:
        mark_attendance(slot_id, came=False)
        return " ".join(filter(None, [_("Noted: the client did not come."), _missed_words(get_former(slot_id))]))

    return _step(slot_id, act)


@pages.get("/slots/<uuid:slot_id>/rebooking")
@member(Role.STAFF)
def rebook(slot_id: UUID) -> Response:
    try:
        former = get_former(slot_id)
    except SlotChanged as error:
        return slot_page(slot_id, status=409, refusal=error.sentence)
    return _rebook_page(former, _form_after(former))


@pages.post("/slots/<uuid:slot_id>/rebookings")
@member(Role.STAFF)
def book_once_more(slot_id: UUID) -> Response:
    form = _with_choices(SlotForm())
    try:
        former = get_former(slot_id)
        if not form.validate():
            return _rebook_page(former, form, 422)
        return _booked(*_book(former, form))
    except SlotChanged as error:
        return slot_page(slot_id, status=409, refusal=error.sentence)
    except BadInput as error:
        if isinstance(error, TimeHappensTwice):
            form.ask_which(error.choices)
        form.bind_errors(error)
        return _rebook_page(former, form, 422)


def _book(former: Slot, form: SlotForm) -> tuple[UUID, bool]:
    # A refusal is shown by a unit that goes on to commit: the slot that was added must not stay behind.
    with db.session.begin_nested():
        return book_again(former.id, form.new_slot())


def _booked(slot_id: UUID, told: bool) -> Response:
    words = _("Booked. The client gets a text.") if told else _("Booked. Nobody is texted.")
    return see_other(url_for("slots.show", slot_id=slot_id), words)


def _step(slot_id: UUID, act: Callable[[], str]) -> Response:
    try:
        sentence = act()
    except SlotChanged as error:
        return slot_page(slot_id, status=409, refusal=error.sentence)
    return slot_page(slot_id, done=sentence)


def _missed_words(slot: Slot) -> str:
    times = count_missed(slot.booked_consumer_id) if slot.booked_consumer_id else 0
    if times < 2:
        return ""
    return ngettext("It was %(num)s time so far.", "It was %(num)s times so far.", times)


def _form_after(former: Slot) -> SlotForm:
    """Everything but the day and the time as it was."""
    business = get_business()
    form = SlotForm(
        formdata=None, key=fresh_key(), on=today_in(business.time_zone),
        minutes=int((former.ends_at - former.starts_at).total_seconds() // 60),
        staff_member_id=str(former.staff_member_id), service_id=str(former.service_id or ""),
        price=former.price_cents / 100 if former.price_cents is not None else None,
    )  # fmt: skip
    return _with_choices(form)


def _with_choices(form: SlotForm) -> SlotForm:
    form.offer_choices(list(queries.list_own_staff()), list(queries.list_services()))
    return form


def _rebook_page(former: Slot, form: SlotForm, status: int = 200) -> Response:
    return page(
        "slots/rebook.html", status=status, form=form, former=former, client=_client(former), business=get_business(),
        is_told=former.booked_offer_id is not None,
        missed=count_missed(former.booked_consumer_id) if former.booked_consumer_id else 0,
    )  # fmt: skip


def _client(slot: Slot) -> Any:
    named = select(ConsumerProfile.name).where(
        ConsumerProfile.org_id == slot.org_id, ConsumerProfile.consumer_id == slot.booked_consumer_id
    )
    return slot.booked_name or db.session.scalar(named) or _("The client")
