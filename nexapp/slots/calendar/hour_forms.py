"""What is typed about hours and blocked times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from typing import Any
from uuid import UUID

from babel import Locale
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, TimeField
from wtforms.validators import InputRequired, Optional

from nexapp.identity.fields import AtMost, one_line
from nexapp.slots.forms import DayField
from nexapp.slots.hours import A_DAY, MIDNIGHT
from nexapp.slots.hours_settings import Block, Hours
from nexapp.spine.web.forms import PageForm

WEEK = range(7)
SPANS = ("", "_again")


def _time() -> Any:
    return TimeField(_("Time"), validators=[Optional()])


class HoursForm(PageForm):
    """Two spans for each day; a day left empty is closed."""

    staff = SelectField(_("For"), choices=[], validators=[Optional()])
    opens_0, closes_0, opens_again_0, closes_again_0 = _time(), _time(), _time(), _time()
    opens_1, closes_1, opens_again_1, closes_again_1 = _time(), _time(), _time(), _time()
    opens_2, closes_2, opens_again_2, closes_again_2 = _time(), _time(), _time(), _time()
    opens_3, closes_3, opens_again_3, closes_again_3 = _time(), _time(), _time(), _time()
    opens_4, closes_4, opens_again_4, closes_again_4 = _time(), _time(), _time(), _time()
    opens_5, closes_5, opens_again_5, closes_again_5 = _time(), _time(), _time(), _time()
    opens_6, closes_6, opens_again_6, closes_again_6 = _time(), _time(), _time(), _time()

    def days(self) -> list[tuple[str, list[tuple[Any, Any]]]]:
        """Each day's name and its pairs of fields."""
        names = (get_locale() or Locale("en")).days["format"]["wide"]
        return [
            (str(names[day]), [(self[f"opens{span}_{day}"], self[f"closes{span}_{day}"]) for span in SPANS])
            for day in WEEK
        ]

    def hours(self) -> list[Hours] | None:
        """None where a span has one time only; its field then says so."""
        found: list[Hours] = []
        for day, (_name, pairs) in enumerate(self.days()):
            for opens, closes in pairs:
                if (opens.data is None) != (closes.data is None):
                    missing = closes if closes.data is None else opens
                    missing.errors = [str(_("Enter both times."))]
                    return None
                if opens.data is None:
                    continue
                if closes.data <= opens.data and closes.data != MIDNIGHT:
                    closes.errors = [str(_("It has to close after it opens."))]
                    return None
                found.append((day, opens.data, closes.data))
        return found

    def repeat_monday(self) -> None:
        """Until Friday, as most businesses are open."""
        for day in WEEK[1:5]:
            for span in SPANS:
                self[f"opens{span}_{day}"].data = self[f"opens{span}_0"].data
                self[f"closes{span}_{day}"].data = self[f"closes{span}_0"].data

    def fill(self, hours: Sequence[Any]) -> None:
        for day in WEEK:
            spans = [row for row in hours if row.weekday == day]
            for span, row in zip(SPANS, spans, strict=False):
                self[f"opens{span}_{day}"].data = row.opens
                self[f"closes{span}_{day}"].data = row.closes


class ExceptionForm(PageForm):
    on_date = DayField(_("Day"), [InputRequired(_("Enter the day, such as 2026-12-25."))])
    staff = SelectField(_("For"), choices=[], validators=[Optional()])
    opens = TimeField(_("Opens"), [Optional()])
    closes = TimeField(_("Closes"), [Optional()])
    note = StringField(_("What for"), [AtMost(80)], filters=[one_line])


class BlockForm(PageForm):
    staff = SelectField(_("Who"), choices=[], validators=[Optional()])
    starts_on = DayField(_("From day"), [InputRequired(_("Enter the day, such as 2026-11-27."))])
    starts = TimeField(_("From"), [InputRequired(_("Enter the time, such as 12:00."))])
    ends_on = DayField(_("Until day"), [Optional()])
    ends = TimeField(_("Until"), [InputRequired(_("Enter the time, such as 13:00."))])
    is_weekly = BooleanField(_("Every week"))
    also_on = SelectMultipleField(_("Also on"), choices=[])
    weekly_until = DayField(_("Last day"), [Optional()])
    note = StringField(_("What for"), [AtMost(80)], filters=[one_line])

    def offer_days(self) -> None:
        names = (get_locale() or Locale("en")).days["format"]["abbreviated"]
        self.also_on.choices = [(str(day), str(names[day])) for day in WEEK]

    def blocks(self) -> list[Block]:
        """The time as typed, and the same on the other days of its week that are ticked."""
        first = self.block()
        ahead = {(int(day) - first.starts_on.weekday()) % len(WEEK) for day in self.also_on.data or ()}
        return [
            replace(first, starts_on=first.starts_on + days * A_DAY, ends_on=first.ends_on + days * A_DAY)
            for days in sorted({0} | ahead)
        ]

    def block(self) -> Block:
        ends: time = self.ends.data
        # As in the opening hours, 00:00 without a day is the midnight that ends the first.
        same_day = self.starts_on.data + A_DAY if ends == MIDNIGHT else self.starts_on.data
        return Block(
            staff_id=read_staff(self.staff), starts_on=self.starts_on.data, starts=self.starts.data,
            ends_on=self.ends_on.data or same_day, ends=ends, is_weekly=bool(self.is_weekly.data),
            weekly_until=self.weekly_until.data, note=self.note.data or None,
        )  # fmt: skip


def read_staff(field: Any) -> UUID | None:
    """The chosen person; validated against the choices before."""
    return UUID(field.data) if field.data else None
