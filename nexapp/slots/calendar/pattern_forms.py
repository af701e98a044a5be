"""What is typed for many slots at once."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel import Locale
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TimeField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from nexapp.identity.fields import AtMost, Named, one_line
from nexapp.slots.adding import LONGEST_MINUTES, SHORTEST_MINUTES
from nexapp.slots.forms import DEAREST, USUAL_MINUTES, DayField, PriceField, in_cents
from nexapp.slots.patterns import MOST_WEEKS, Plan, pattern_days, pattern_times
from nexapp.spine.errors import BadInput
from nexapp.spine.web.forms import PageForm

MOST_GAP = 240
WRITTEN_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?", re.IGNORECASE)
KEPT = ("staff", "weekdays", "weeks", "starts", "ends", "minutes", "gap", "service_id", "times", "price")
"""What a saved pattern keeps: all but the day that it begins on."""


class PlanForm(PageForm):
    key = HiddenField(validators=[DataRequired(), Length(max=64)], filters=[one_line])
    staff = SelectMultipleField(_("Who"), choices=[])
    on = DayField(_("From day"), [InputRequired(_("Enter the day, such as 2026-11-27."))])
    weekdays = SelectMultipleField(_("On these days"), choices=[])
    weeks = IntegerField(
        _("Weeks"), [Optional(), NumberRange(1, MOST_WEEKS, _("Choose from 1 to 12 weeks."))], default=1
    )
    starts = TimeField(_("First starts"), [Optional()])
    ends = TimeField(_("Last ends"), [Optional()])
    minutes = IntegerField(
        _("Minutes each"),
        [Optional(), NumberRange(SHORTEST_MINUTES, LONGEST_MINUTES, _("A slot lasts from 5 minutes to 12 hours."))],
    )
    gap = IntegerField(_("Pause between"), [Optional(), NumberRange(0, MOST_GAP, _("Choose from 0 to 240 minutes."))])
    times = StringField(_("Or these times"), [AtMost(300)], filters=[one_line])
    service_id = SelectField(_("Service"), [Optional()], choices=[])
    price = PriceField(_("Price"), [Optional(), NumberRange(0, DEAREST, _("Enter a price from 0 to 1,000,000."))])

    def offer(self, staff: list[Any], services: list[Any]) -> PlanForm:
        names = (get_locale() or Locale("en")).days["format"]["abbreviated"]
        self.staff.choices = [(str(person.id), person.display_name) for person in staff]
        self.weekdays.choices = [(str(day), names[day]) for day in range(7)]
        self.service_id.choices = [("", str(_("None in particular"))), *((str(s.id), s.name) for s in services)]
        return self

    def plan(self, known: dict[UUID, tuple[int, int | None]]) -> Plan:
        """Raises `BadInput` for what doesn't go together."""
        service_id = UUID(self.service_id.data) if self.service_id.data else None
        usual, usual_price = known.get(service_id, (USUAL_MINUTES, None)) if service_id else (USUAL_MINUTES, None)
        minutes = self.minutes.data or usual
        price = in_cents(self.price.data)
        weekdays = frozenset(int(day) for day in self.weekdays.data or ()) or frozenset({self.on.data.weekday()})
        return Plan(
            staff_ids=tuple(UUID(one) for one in self.staff.data or ()),
            days=pattern_days(self.on.data, weekdays, self.weeks.data or 1),
            times=self._times(minutes), minutes=minutes, service_id=service_id,
            price_cents=usual_price if price is None else price,
        )  # fmt: skip

    def kept(self) -> dict[str, Any]:
        """What a saved pattern keeps of it, as the fields read it again."""
        return {name: _kept(self[name].data) for name in KEPT}

    def _times(self, minutes: int) -> tuple[time, ...]:
        if self.times.data:
            return read_times(self.times.data)
        if self.starts.data is None or self.ends.data is None:
            raise BadInput(fields={"starts": gettext("Enter when the first starts and the last ends, or the times.")})
        return pattern_times(self.starts.data, self.ends.data, minutes, self.gap.data or 0)


def _kept(value: Any) -> Any:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return str(value) if isinstance(value, Decimal) else value


class PatternNameForm(PlanForm):
    name = StringField(_("Name of the pattern"), [Named(_("Type a name, such as Mornings."), 80)], filters=[one_line])


def read_times(written: str) -> tuple[time, ...]:
    """`9:00, 10.30 2pm`: the wall times in it. Raises `BadInput` for what is none."""
    found = set()
    for piece in re.split(r"[,;]+|\s+(?=\d)", written):
        if piece.strip():
            found.add(_read_time(piece.strip()))
    if not found:
        raise BadInput(fields={"times": gettext("Write times such as 9:00, 10:30, 2 pm.")})
    return tuple(sorted(found))


def _read_time(piece: str) -> time:
    parts = WRITTEN_TIME.fullmatch(piece)
    hour, minute = (int(parts[1]), int(parts[2] or 0)) if parts else (99, 0)
    half = (parts[3] or "").lower() if parts else ""
    if half and not 1 <= hour <= 12:
        hour = 99
    elif half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        sentence = gettext("%(piece)s is no time. Write times such as 9:00, 10:30, 2 pm.", piece=piece)
        raise BadInput(fields={"times": sentence})
    return time(hour, minute)


def stored(plan: dict[str, Any]) -> dict[str, Any]:
    """A saved pattern as the data of a form."""
    found = {name: plan[name] for name in KEPT if name in plan}
    for name in ("starts", "ends"):
        if found.get(name):
            found[name] = time.fromisoformat(found[name])
    if found.get("price"):
        found["price"] = Decimal(found["price"])
    return found
