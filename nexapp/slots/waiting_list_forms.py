"""The waiting list's forms: joining, wishes, the code, a pause. What was typed stays."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    DateField,
    Form,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TimeField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

from nexapp.identity.fields import one_line
from nexapp.identity.phones import PhoneNumberInput
from nexapp.slots.form_fields import NameField, Ticked, WholeNumber
from nexapp.slots.times import clock_words
from nexapp.slots.waiting_list import DAY_ENDS, DAY_STARTS, Window, Wishes, merged
from nexapp.spine.web.forms import LinkForm, Rows

WEEKDAYS = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
RANGES = {
    "any": _("Any day, until I leave the list"),
    "today": _("Today only"),
    "this_week": _("This week, until Sunday"),
    "dates": _("Between two dates"),
}
UNKNOWN = {key: _("Choose one of the list.") for key in ("invalid_value_message", "invalid_choice_message")}
MOST_WINDOWS = 10
LONGEST_AHEAD = timedelta(days=366)
CLOCKS = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p"]


class Day(DateField):  # type: ignore[misc]
    """A date in words' reach: today or later, within a year. The form carries `today`."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist if any(valuelist) else [])
        except ValueError:
            raise ValueError(gettext("Type a date such as 2026-11-21.")) from None

    def pre_validate(self, form: Any) -> None:
        if self.data is None:
            return
        if self.data < form.today:
            raise ValidationError(gettext("That day has passed."))
        if self.data > form.today + LONGEST_AHEAD:
            raise ValidationError(gettext("That is more than a year ahead."))


class Clock(TimeField):  # type: ignore[misc]
    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, format=CLOCKS, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([v.strip().upper() for v in valuelist] if any(valuelist) else [])
        except ValueError:
            raise ValueError(gettext("Type a time such as 9:30 AM or 14:00.")) from None


class Chosen(SelectField):  # type: ignore[misc]
    """One of the business's rows, or none: `data` is a UUID or None."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=lambda value: UUID(str(value)) if value else None, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(gettext("Choose one of the list.")) from None

    def pre_validate(self, form: Any) -> None:
        try:
            super().pre_validate(form)
        except ValidationError:
            raise ValidationError(gettext("Choose one of the list.")) from None

    def offer(self, nothing: str, rows: list[tuple[UUID, str]]) -> None:
        self.choices = [SelectChoice("", nothing), *(SelectChoice(str(row_id), name) for row_id, name in rows)]


class WindowForm(Form):  # type: ignore[misc]
    """One row: days, from, to. No day: every day; no time: the whole day."""

    days = SelectMultipleField(
        _("Days"), choices=[SelectChoice(str(number), name) for number, name in enumerate(WEEKDAYS)], **UNKNOWN
    )
    starts = Clock(_("From"))
    ends = Clock(_("To"))

    @property
    def is_filled(self) -> bool:
        return bool(self.days.data or self.starts.data or self.ends.data)

    def validate_ends(self, field: Any) -> None:
        if self.starts.data and field.data and field.data <= self.starts.data and field.data != time(0, 0):
            raise ValidationError(gettext("The end must be after the start on the same day."))

    def windows(self) -> list[Window]:
        days = [int(day) for day in self.days.data or []] or list(range(7))
        # Midnight as an end is the end of that day.
        ends = self.ends.data if self.ends.data and self.ends.data != time(0, 0) else DAY_ENDS
        starts = min(self.starts.data or DAY_STARTS, time(23, 58))
        return [Window(day, starts, min(ends, DAY_ENDS)) for day in days]


class WishesForm(LinkForm):
    """Everything is optional. `today` is the business's day, for what may still be chosen."""

    time_range = RadioField(
        _("When"),
        choices=[SelectChoice(value, words) for value, words in RANGES.items()],
        invalid_choice_message=UNKNOWN["invalid_choice_message"],
        default="any",
    )
    starts_on = Day(_("First day"))
    ends_on = Day(_("Last day"))
    windows = Rows(FormField(WindowForm), min_entries=1, max_entries=MOST_WINDOWS)
    staff_member_id = Chosen(_("With whom"))
    service_id = Chosen(_("Service"))
    location_id = Chosen(_("Where"))
    minutes_needed = WholeNumber(_("Minutes you need"), least=5, most=720)
    party_size = WholeNumber(_("How many people"), least=1, most=100)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)

    def validate_ends_on(self, field: Any) -> None:
        if self.time_range.data != "dates" or field.errors:
            return
        if field.data is None:
            raise ValidationError(gettext("Choose the last day."))
        if self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError(gettext("The last day is before the first."))

    def wishes(self) -> Wishes:
        dates = self.time_range.data == "dates"
        rows = [row.form for row in self.windows if row.form.is_filled]
        return Wishes(
            time_range=self.time_range.data,
            starts_on=self.starts_on.data if dates else None,
            ends_on=self.ends_on.data if dates else None,
            staff_member_id=self.staff_member_id.data,
            service_id=self.service_id.data,
            minutes_needed=self.minutes_needed.data,
            party_size=self.party_size.data,
            windows=merged([window for row in rows for window in row.windows()]),
            location_id=self.location_id.data,
        )

    @property
    def is_wishing(self) -> bool:
        """Something was chosen or refused here, so that it has to be seen."""
        chosen = (self.staff_member_id, self.service_id, self.location_id, self.minutes_needed, self.party_size)
        refused = any(f.errors for f in (*chosen, self.time_range, self.starts_on, self.ends_on, self.windows))
        rows = any(row.form.is_filled for row in self.windows) or len(self.windows) > 1
        return refused or rows or self.time_range.data != "any" or any(f.data for f in chosen)

    def add_window(self) -> None:
        if len(self.windows) < MOST_WINDOWS:
            self.windows.append_entry()


class JoinForm(WishesForm):
    name = NameField(_("Your name"), render_kw={"autocomplete": "name"})
    phone = TelField(
        _("Mobile number"), validators=[PhoneNumberInput()], filters=[one_line],
        render_kw={"autocomplete": "tel", "required": True},
    )  # fmt: skip
    consent = BooleanField(
        _("Consent"), validators=[Ticked(_("Tick the box if you agree to get texts; without them there is no list."))]
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        self.country = country
        super().__init__(*args, **kwargs)


class CodeForm(LinkForm):
    code = StringField(
        _("Code"), validators=[DataRequired()], filters=[one_line],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 20},
    )  # fmt: skip


class PauseForm(LinkForm):
    until = Day(_("Pause until"), validators=[DataRequired(_("Choose a day after today."))])

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)

    def validate_until(self, field: Any) -> None:
        if not field.errors and (field.data is None or field.data <= self.today):
            raise ValidationError(gettext("Choose a day after today."))


def window_words(window: Window) -> str:
    """Such as "Mon, 9:00 AM to 12:00 PM"."""
    day = str(WEEKDAYS[window.weekday])
    if (window.starts, window.ends) == (DAY_STARTS, DAY_ENDS):
        return gettext("%(day)s, all day", day=day)
    starts, ends = clock_words(window.starts), clock_words(window.ends)
    return gettext("%(day)s, %(starts)s to %(ends)s", day=day, starts=starts, ends=ends)


def as_typed(wishes: Wishes) -> dict[str, Any]:
    """Wishes as the form's data: the windows of several days with the same times share a row."""
    rows: dict[tuple[time, time], list[str]] = {}
    for window in wishes.windows:
        rows.setdefault((window.starts, window.ends), []).append(str(window.weekday))
    typed = [{"days": days, "starts": starts, "ends": ends} for (starts, ends), days in rows.items()]
    return {**{f.name: getattr(wishes, f.name) for f in fields(wishes)}, "windows": typed}
