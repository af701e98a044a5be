"""What a merchant types: a new slot, a booking by hand, the filters of the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
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
from nexapp.slots.adding import LONGEST_MINUTES, SHORTEST_MINUTES, NewSlot, PriceStep
from nexapp.slots.queries import SlotFilter
from nexapp.slots.rounds_rows import LARGEST_WAVE, WAVES
from nexapp.spine.errors import BadInput
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.time_fields import DayField as DayField
from nexapp.spine.web.time_fields import which_choices as which_choices

DAYS_SHOWN = 13
MOST_DAYS = 370
DEAREST = 1_000_000
USUAL_MINUTES = 30
MOST_WEEKS = 26
STATES = ("draft", "open", "held", "pending", "booked", "completed", "no_show", "expired", "cancelled")


class PriceField(DecimalField):  # type: ignore[misc]
    data: Decimal | None

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(gettext("Enter a price from 0 to 1,000,000."))


def _hours_before() -> Any:
    return IntegerField(_("Hours before"), validators=[Optional(), NumberRange(1, 720, _("From 1 to 720 hours."))])


def _price_then() -> Any:
    sentence = _("Enter a price from 0 to 1,000,000.")
    return PriceField(_("Price then"), validators=[Optional(), NumberRange(0, DEAREST, sentence)])


class SlotForm(PageForm):
    key = HiddenField(validators=[DataRequired(), Length(max=64)], filters=[one_line])
    staff_member_id = SelectField(_("Who"), validators=[InputRequired()], coerce=str, validate_choice=True, choices=[])
    on = DateField(_("Day"), validators=[InputRequired(_("Enter the day, such as 2026-11-27."))])
    at = TimeField(_("Start"), validators=[InputRequired(_("Enter the time, such as 09:30."))])
    which = RadioField(_("Which one"), validators=[Optional()], choices=[], validate_choice=False)
    minutes = IntegerField(
        _("Minutes"),
        validators=[
            Optional(),
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

    location_id = SelectField(_("Location"), validators=[Optional()], choices=[])
    hours_1, price_1 = _hours_before(), _price_then()
    hours_2, price_2 = _hours_before(), _price_then()
    hours_3, price_3 = _hours_before(), _price_then()
    weeks = IntegerField(
        _("Weeks in a row"), default=1, validators=[Optional(), NumberRange(1, MOST_WEEKS, _("Choose from 1 to 26."))]
    )
    mode = SelectField(_("How people are asked"), validators=[Optional()], choices=[])
    wave_size = IntegerField(
        _("At a time"), validators=[Optional(), NumberRange(1, LARGEST_WAVE, _("Choose from 1 to 500."))]
    )
    outside_ok = BooleanField(_("Add it all the same"))
    asks_outside = False

    def offer_choices(self, staff: list[Any], services: list[Any], locations: Sequence[Any] = ()) -> None:
        self.staff_member_id.choices = [(str(s.id), s.display_name) for s in staff]
        none = ("", str(_("None in particular")))
        self.service_id.choices = [none, *((str(s.id), s.name, _service_facts(s)) for s in services)]
        self.location_id.choices = [("", str(_("As usual"))), *((str(one.id), one.name) for one in locations)]
        if not services and not self.is_submitted() and self.minutes.data is None:
            self.minutes.data = USUAL_MINUTES

    def ask_which(self, choices: tuple[Any, Any]) -> None:
        """Offer both times that the wall time means; what was typed stays."""
        self.which.choices = which_choices(choices)

    @property
    def steps(self) -> list[tuple[Any, Any]]:
        return [(self[f"hours_{number}"], self[f"price_{number}"]) for number in (1, 2, 3)]

    def new_slot(self, known: Mapping[UUID, tuple[int, int | None]] = MappingProxyType({})) -> NewSlot:
        """`known`: length and price of each service, which fill what was left empty."""
        service_id = UUID(self.service_id.data) if self.service_id.data else None
        usual, usual_price = known.get(service_id, (USUAL_MINUTES, None)) if service_id else (USUAL_MINUTES, None)
        price = in_cents(self.price.data)
        return NewSlot(
            key=self.key.data,
            staff_member_id=UUID(self.staff_member_id.data),
            on=self.on.data,
            at=self.at.data.replace(second=0, microsecond=0),
            minutes=self.minutes.data or usual,
            which=self.which.data or None,
            service_id=service_id,
            price_cents=usual_price if price is None else price,
            note=self.note.data or None,
            price_steps=self._price_steps(usual_price if price is None else price),
            location_id=UUID(self.location_id.data) if self.location_id.data else None,
            offer_mode=self.mode.data or None,
            wave_size=self.wave_size.data if self.mode.data == WAVES else None,
        )

    def _price_steps(self, price_cents: int | None) -> tuple[PriceStep, ...]:
        """The steps that were filled in, the earliest first. Raises `BadInput` where the price does not fall."""
        typed = [(hours.data, in_cents(price.data)) for hours, price in self.steps]
        steps = [PriceStep(hours * 60, cents) for hours, cents in typed if hours is not None and cents is not None]
        if len(steps) < sum(1 for pair in typed if pair != (None, None)):
            raise BadInput(fields={"hours_1": gettext("A step needs its hours and its price.")})
        steps.sort(key=lambda step: -step.minutes)
        if steps and price_cents is None:
            raise BadInput(fields={"price": gettext("Enter the price that falls.")})
        prices = [price_cents or 0, *(step.cents for step in steps)]
        hours = [step.minutes for step in steps]
        if any(after >= before for before, after in pairwise(prices)) or len(set(hours)) < len(hours):
            raise BadInput(fields={"price_1": gettext("Each step has to be cheaper than the one before it.")})
        return tuple(steps)


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


def _service_facts(service: Any) -> dict[str, str]:
    """What the script fills in when the service is chosen."""
    price = "" if service.price_cents is None else f"{service.price_cents / 100:.2f}"
    return {"data-minutes": str(service.minutes), "data-price": price}


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
