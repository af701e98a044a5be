"""Pages about whom a slot is offered to: people chosen by hand, and why somebody did or did not get a text."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.identity.fields import one_line
from nexapp.slots import queries
from nexapp.slots.answers import slot_page
from nexapp.slots.errors import SlotChanged, TooLateToOffer
from nexapp.slots.forms import read_uuid
from nexapp.slots.reasons import reason_words
from nexapp.slots.rounds_by_hand import Chosen, list_choices, offer_by_hand
from nexapp.slots.rounds_rows import round_number
from nexapp.slots.views import pages
from nexapp.spine.access import member
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page

LONGEST_SEARCH = 80


@pages.get("/slots/<uuid:slot_id>/picks")
@member(Role.STAFF)
def picks(slot_id: UUID) -> Response:
    return _choices(slot_id)


@pages.post("/slots/<uuid:slot_id>/picks")
@member(Role.STAFF)
def pick(slot_id: UUID) -> Response:
    chosen = [found for value in request.form.getlist("person") if (found := read_uuid(value)) is not None]
    if not chosen:
        return _choices(slot_id, status=422, refusal=_("Choose at least one person."))
    try:
        result = offer_by_hand(slot_id, chosen, request.form.get("round", type=round_number))
    except (SlotChanged, TooLateToOffer) as error:
        return slot_page(slot_id, status=409, refusal=error.sentence)
    return slot_page(slot_id, done=chosen_words(result))


def chosen_words(result: Chosen) -> str:
    if not result.texted:
        return _("Nobody was texted: none of those you chose can be texted about it.")
    texted = ngettext("Texting %(num)s person you chose.", "Texting %(num)s people you chose.", result.texted)
    if not result.left_out:
        return texted
    left_out = ngettext(
        "%(num)s can't be texted about it and was left out.", "%(num)s can't be texted about it and were left out.",
        result.left_out,
    )  # fmt: skip
    return f"{texted} {left_out}"


def _choices(slot_id: UUID, **context: Any) -> Response:
    search = str(one_line(request.args.get("q", "")))[:LONGEST_SEARCH]
    slot = queries.get_slot(slot_id)
    choices, after = list_choices(slot_id, search, read_uuid(request.args.get("after")))
    more = url_for("slots.picks", slot_id=slot_id, q=search or None, after=after) if after else None
    return page(
        "slots/picks.html", "slots/_picks.html", status=context.pop("status", 200), slot=slot, search=search,
        choices=choices, more=more, first_page=not request.args.get("after"), reason_words=reason_words, **context,
    )  # fmt: skip
