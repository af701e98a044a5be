"""The form of a new slot, once or for several weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.identity.business_settings import get_business
from nexapp.slots import opening, queries
from nexapp.slots.adding import NewSlot, add_slot
from nexapp.slots.answers import mode_choices, opening_words
from nexapp.slots.calendar.errors import OutsideHours
from nexapp.slots.claim_errors import NotWaitingForAnswer
from nexapp.slots.errors import SlotChanged, TimeHappensTwice, TooLateToOffer
from nexapp.slots.forms import SlotForm, fresh_key, read_date, read_uuid
from nexapp.slots.services import refuse_unoffered
from nexapp.slots.times import day_words, today_in
from nexapp.slots.views import pages
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page, see_other

REFUSED = (SlotChanged, TooLateToOffer, NotWaitingForAnswer)
A_WEEK = timedelta(days=7)


@pages.get("/slots/new")
@member(Role.STAFF)
def new() -> Response:
    """Filled in with the time that was tapped in the calendar, if one was."""
    on = read_date(request.args.get("on")) or today_in(get_business().time_zone)
    form = _slot_form(key=fresh_key(), on=on, at=_read_time(request.args.get("at")))
    if chosen := read_uuid(request.args.get("staff")):
        form.staff_member_id.data = str(chosen)
    return _new_page(form)


@pages.post("/slots")
@member(Role.STAFF)
def create() -> Response:
    form = _slot_form()
    if not form.validate():
        return _new_page(form, 422)
    try:
        wanted = replace(form.new_slot(_lengths_and_prices()), outside_ok=bool(form.outside_ok.data))
        refuse_unoffered(wanted.service_id, [wanted.staff_member_id])
        slot_id, is_new = add_slot(wanted)
    except TimeHappensTwice as error:
        form.ask_which(error.choices)
        form.bind_errors(error)
        return _new_page(form, 422)
    except OutsideHours as error:
        form.asks_outside = True
        form.bind_errors(error)
        return _new_page(form, 422)
    except BadInput as error:
        form.bind_errors(error)
        return _new_page(form, 422)
    if form.weeks.data and form.weeks.data > 1:
        return _after_repeating(wanted, slot_id, form.weeks.data)
    return _after_adding(slot_id, is_new)


def _lengths_and_prices() -> dict[UUID, tuple[int, int | None]]:
    return {service.id: (service.minutes, service.price_cents) for service in queries.list_services()}


def _after_repeating(wanted: NewSlot, first: UUID, weeks: int) -> Response:
    """The same time in the weeks that follow; what is taken or blocked there is left out and named."""
    added, skipped = [first], []
    for week in range(1, weeks):
        on = wanted.on + week * A_WEEK
        try:
            slot_id, _is_new = add_slot(wanted.again(on, f"{wanted.key}:{week}"))
            added.append(slot_id)
        except BadInput:
            skipped.append(day_words(on))
    words = [ngettext("%(num)s slot is there.", "%(num)s slots are there.", len(added))]
    if request.form.get("then") == "open":
        words.append(opened_words(added))
    if skipped:
        words.append(_("Left out, for the time is not free: %(days)s.", days=", ".join(skipped)))
    address = url_for("calendar.show", view="week", on=wanted.on.isoformat(), staff=wanted.staff_member_id)
    return see_other(address, " ".join(words), "warning" if skipped else "success")


def opened_words(slot_ids: list[UUID]) -> str:
    """Open several together, one text to each person about all. The form sent twice finds them open: nobody is
    texted a second time."""
    drafts = queries.list_drafts(slot_ids)
    opened = opening.open_slots(drafts)
    if slot_ids and not drafts:
        return _("The list has heard of them already.")
    return ngettext("%(num)s is open to the list.", "%(num)s are open to the list.", len(opened))


def _after_adding(slot_id: UUID, is_new: bool) -> Response:
    address = url_for("slots.show", slot_id=slot_id)
    if not is_new:
        return see_other(address)
    if request.form.get("then") != "open":
        return see_other(address, _("Saved as a draft. Nobody has been texted."))
    try:
        return see_other(address, opening_words(opening.open_slot(slot_id)))
    except REFUSED as error:
        return see_other(address, _("Saved as a draft. %(why)s", why=error.sentence), "warning")


def _slot_form(**values: Any) -> SlotForm:
    form = SlotForm(**values)
    form.offer_choices(list(queries.list_own_staff()), list(queries.list_services()), list(queries.list_locations()))
    form.mode.choices = mode_choices()
    return form


def _new_page(form: SlotForm, status: int = 200) -> Response:
    return page("slots/new.html", "slots/_form.html", status=status, form=form, business=get_business(),
                waiting=queries.count_waiting())  # fmt: skip


def _read_time(written: str | None) -> time | None:
    try:
        return time.fromisoformat(written).replace(tzinfo=None) if written else None
    except ValueError:
        return None
