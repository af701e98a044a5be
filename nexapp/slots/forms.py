"""What a merchant types: a new slot, a booking by hand, the filters of the list."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    DecimalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from nexapp.identity.fields import one_line, readable
from nexapp.slots.adding import LONGEST_MINUTES, SHORTEST_MINUTES, NewSlot
from nexapp.slots.queries import SlotFilter
from nexapp.slots.times import FIRST, SECOND, clock_words, zone_letters
from nexapp.spine.web.forms import PageForm

DAYS_SHOWN = 13
MOST_DAYS = 370
DEAREST = 1_000_000
STATES = ("draft", "open", "held", "pending", "booked", "completed", "no_show", "expired", "cancelled")


class PriceField(DecimalField):  # type: ignore[misc]
    data: Decimal | None

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(gettext("Enter a price from 0 to 1,000,000."))


class SlotForm(PageForm):
    key = HiddenField(validators=[DataRequired(), Length(max=64)], filters=[one_line])
    staff_member_id = SelectField(_("Who"), validators=[InputRequired()], coerce=str, validate_choice=True, choices=[])
    on = DateField(_("Day"), validators=[InputRequired(_("Enter the day, such as 2026-11-27."))])
    at = TimeField(_("Start"), validators=[InputRequired(_("Enter the time, such as 09:30."))])
    which = RadioField(_("Which one"), validators=[Optional()], choices=[], validate_choice=False)
    minutes = IntegerField(
        _("Minutes"),
        default=30,
        validators=[
            InputRequired(_("Enter how many minutes it lasts.")),
            NumberRange(SHORTEST_MINUTES, LONGEST_MINUTES, _("A slot lasts from 5 minutes to 12 hours.")),
        ],
    )
    service_id = SelectField(_("Service"), validators=[Optional()], choices=[])
    price = PriceField(
        _("Price"),
        validators=[Optional(), NumberRange(0, DEAREST, _("Enter a price from 0 to 1,000,000."))],
    )
    note = TextAreaField(
        _("Note"),
        validators=[Optional(), Length(max=500, message=_("Use at most 500 characters."))],
        filters=[readable],
    )

    def offer_choices(self, staff: list[Any], services: list[Any]) -> None:
        self.staff_member_id.choices = [(str(s.id), s.display_name) for s in staff]
        self.service_id.choices = [("", str(_("None in particular")))] + [(str(s.id), s.name) for s in services]

    def ask_which(self, choices: tuple[Any, Any]) -> None:
        """Offer both times that the wall time means; what was typed stays."""
        self.which.choices = which_choices(choices)

    def new_slot(self) -> NewSlot:
        return NewSlot(
            key=self.key.data,
            staff_member_id=UUID(self.staff_member_id.data),
            on=self.on.data,
            at=self.at.data.replace(second=0, microsecond=0),
            minutes=self.minutes.data,
            which=self.which.data or None,
            service_id=UUID(self.service_id.data) if self.service_id.data else None,
            price_cents=in_cents(self.price.data),
            note=self.note.data or None,
        )


class BookingForm(PageForm):
    """Somebody who called or came in."""

    name = StringField(
        _("Name"),
        validators=[
            DataRequired(_("Enter the client's name.")),
            Length(max=80, message=_("Use at most 80 characters.")),
        ],
        filters=[one_line],
    )
    phone = StringField(
        _("Phone"), validators=[Optional(), Length(max=40, message=_("Use at most 40 characters."))],
        filters=[one_line],
    )  # fmt: skip


def which_choices(choices: tuple[Any, Any]) -> list[tuple[str, str]]:
    """Both times that a wall time means, named by the letters of their zone."""
    named = zip((FIRST, SECOND), choices, (_("the first"), _("the second")), strict=True)
    return [(value, f"{clock_words(wall.time())} {zone_letters(wall)}, {word}") for value, wall, word in named]


def fresh_key() -> str:
    return str(uuid4())


def read_filter(args: MultiDict[str, str], today: date) -> SlotFilter:
    """The filters in the address; what can't be read counts as not given."""
    first = read_date(args.get("from")) or today
    last = read_date(args.get("to")) or first + timedelta(days=DAYS_SHOWN)
    last = min(max(first, last), first + timedelta(days=MOST_DAYS))
    state = args.get("state", "")
    return SlotFilter(first, last, read_uuid(args.get("staff")), state if state in STATES else None)


def read_uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


def read_date(value: str | None) -> date | None:
    try:
        found = date.fromisoformat(value) if value else None
    except ValueError:
        return None
    # The ends of the calendar can't be moved into another zone.
    return found if found and 2000 <= found.year <= 2200 else None


def in_cents(price: Decimal | None) -> int | None:
    return None if price is None else int((price * 100).to_integral_value())
