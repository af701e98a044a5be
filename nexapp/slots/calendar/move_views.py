"""Moving a slot: by its form, or by a drop or keys in the calendar, which ask for no page but for a word."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import IntegerField, RadioField, SelectField, TimeField
from wtforms.validators import InputRequired, NumberRange, Optional

from nexapp.identity.business_settings import get_business
from nexapp.slots import moving, queries
from nexapp.slots.adding import LONGEST_MINUTES, SHORTEST_MINUTES
from nexapp.slots.calendar.errors import CannotMove, CannotUndo, MovedMeanwhile
from nexapp.slots.calendar.views import calendar
from nexapp.slots.errors import TimeHappensTwice
from nexapp.slots.forms import DayField, which_choices
from nexapp.slots.moving import Aim, Moved
from nexapp.slots.times import clock_words, day_words
from nexapp.slots.transitions import get_slot_for_change
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput, Conflict, NexError
from nexapp.spine.tenancy import Role
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other, told

REFUSED = (MovedMeanwhile, CannotMove, CannotUndo)


class MoveForm(PageForm):
    staff_member_id = SelectField(lazy_gettext("Who"), [InputRequired()], choices=[], coerce=str)
    on = DayField(lazy_gettext("Day"), [InputRequired(lazy_gettext("Enter the day, such as 2026-11-27."))])
    at = TimeField(lazy_gettext("Start"), [InputRequired(lazy_gettext("Enter the time, such as 09:30."))])
    which = RadioField(lazy_gettext("Which one"), [Optional()], choices=[], validate_choice=False)
    minutes = IntegerField(
        lazy_gettext("Minutes"),
        [
            InputRequired(lazy_gettext("Enter how many minutes it lasts.")),
            NumberRange(SHORTEST_MINUTES, LONGEST_MINUTES, lazy_gettext("A slot lasts from 5 minutes to 12 hours.")),
        ],
    )
    sequence = IntegerField(validators=[Optional()])

    def aim(self) -> Aim:
        at = self.at.data.replace(second=0, microsecond=0)
        return Aim(UUID(self.staff_member_id.data), self.on.data, at, self.minutes.data, self.which.data or None)


@calendar.get("/slots/<uuid:slot_id>/moves/new")
@member(Role.STAFF)
def new_move(slot_id: UUID) -> Response:
    slot = get_slot_for_change(slot_id)
    zone = get_business().time_zone
    starts = slot.starts_at.astimezone(ZoneInfo(zone))
    minutes = int((slot.ends_at - slot.starts_at).total_seconds() // 60)
    data = {
        "staff_member_id": str(slot.staff_member_id), "on": starts.date(), "at": starts.time(), "minutes": minutes,
        "sequence": slot.sequence,
    }  # fmt: skip
    return _form_page(slot_id, MoveForm(formdata=None, data=data))


@calendar.post("/slots/<uuid:slot_id>/moves")
@member(Role.STAFF)
def move(slot_id: UUID) -> Response:
    form = _offer_staff(MoveForm(), get_slot_for_change(slot_id).staff_member_id)
    try:
        _validate(form)
        moved = moving.move_slot(slot_id, form.aim(), form.sequence.data)
    except TimeHappensTwice as error:
        form.which.choices = which_choices(error.choices)
        return _refused(slot_id, form, error)
    except (BadInput, *REFUSED) as error:
        return _refused(slot_id, form, error)
    return _done(slot_id, moved)


@calendar.post("/slots/<uuid:slot_id>/moves/<uuid:move_id>/undoing")
@member(Role.STAFF)
def undo_move(slot_id: UUID, move_id: UUID) -> Response:
    try:
        moved = moving.undo_move(slot_id, move_id)
    except (BadInput, *REFUSED) as error:
        if is_fragment():
            return _told(_sentence(error), "error", status=409)
        return see_other(url_for("slots.show", slot_id=slot_id), _sentence(error), "error")
    sentence = _("Back at %(place)s.", place=_where(moved))
    if is_fragment():
        return _told(sentence)
    return see_other(url_for("slots.show", slot_id=slot_id), sentence)


def _validate(form: MoveForm) -> None:
    if not form.validate():
        first = next((sentence for sentences in form.errors.values() for sentence in sentences), "")
        raise BadInput(str(first))


def _done(slot_id: UUID, moved: Moved) -> Response:
    sentences = [_("Moved to %(place)s.", place=_where(moved))]
    if moved.tells:
        sentences.append(_("The client gets a text."))
    if moved.outside:
        sentences.append(moved.outside)
    words, kind = " ".join(sentences), "warning" if moved.outside else "success"
    undo = url_for("calendar.undo_move", slot_id=slot_id, move_id=moved.move_id) if moved.move_id else None
    if not is_fragment():
        return see_other(url_for("slots.show", slot_id=slot_id), words, kind, undo)
    return _told(words, kind, undo)


def _refused(slot_id: UUID, form: MoveForm, error: NexError) -> Response:
    if is_fragment():
        words = _sentence(error)
        if isinstance(error, TimeHappensTwice):
            words = _("%(refusal)s Open the slot and press Move… to choose.", refusal=words)
        return _told(words, "error", status=409 if isinstance(error, Conflict) else 422)
    if not isinstance(error, BadInput):
        return see_other(url_for("slots.show", slot_id=slot_id), error.sentence, "error")
    if not form.errors:
        form.bind_errors(error)
    return _form_page(slot_id, form, 422)


def _told(words: str, kind: str = "success", undo: str | None = None, status: int = 200) -> Response:
    """The calendar fetches itself again, so that a refused slot is back in its place."""
    return told(words, kind, undo, signal="slots-changed", status=status)


def _sentence(error: NexError) -> str:
    fields = getattr(error, "fields", None) or {}
    return " ".join(str(sentence) for sentence in fields.values()) or error.sentence


def _where(moved: Moved) -> str:
    zone = get_business().time_zone
    starts = moved.slot.starts_at.astimezone(ZoneInfo(zone))
    names = {person.id: person.display_name for person in queries.list_staff()}
    return _(
        "%(day)s, %(time)s, %(staff)s",
        day=day_words(starts.date()), time=clock_words(starts.time()),
        staff=names.get(moved.slot.staff_member_id, ""),
    )  # fmt: skip


def _offer_staff(form: MoveForm, present: UUID, name: str = "") -> MoveForm:
    """The team, and with whom the slot is now where they left it: their slots still may get another time."""
    choices = {str(person.id): person.display_name for person in queries.list_own_staff()}
    form.staff_member_id.choices = list(
        (choices if str(present) in choices else {str(present): name} | choices).items()
    )
    return form


def _form_page(slot_id: UUID, form: MoveForm, status: int = 200) -> Response:
    slot = queries.get_slot(slot_id)
    return page(
        "calendar/move.html", status=status, form=_offer_staff(form, slot.staff_member_id, slot.staff), slot=slot,
        business=get_business(), last_move=moving.find_last_move(slot),
    )  # fmt: skip
