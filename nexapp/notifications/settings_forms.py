"""The forms of the settings page. Times of a day are chosen by the half hour: one tap, and nothing to mistype."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, RadioField, SelectField, ValidationError
from wtforms.validators import InputRequired, StopValidation

from nexapp.identity.fields import WholeNumberField
from nexapp.spine.wall_times import clock_words
from nexapp.spine.web.forms import PageForm

HALF_HOURS = tuple(time(hour, minute) for hour in range(24) for minute in (0, 30))

PAUSES = (
    ("1", _("For an hour")),
    ("4", _("For 4 hours")),
    ("tomorrow", _("Until tomorrow morning")),
    ("168", _("For a week")),
    ("day", _("Until the morning of a day")),
)


def _to_time(value: Any) -> time:
    return value if isinstance(value, time) else time.fromisoformat(str(value))


class HalfHourSelectField(SelectField):  # type: ignore[misc]
    """A time of a day. One that was set elsewhere to the minute stays among the choices."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=_to_time, choices=[], **kwargs)
        self.flags.required = True

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        present = {self.object_data} if isinstance(self.object_data, time) else set()
        self.choices = [(f"{at:%H:%M}", clock_words(at)) for at in sorted({*HALF_HOURS, *present})]

    def pre_validate(self, form: Any) -> None:
        if self.data not in HALF_HOURS and self.data != self.object_data:
            raise ValidationError(gettext("Choose a time from the list."))

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(gettext("Choose a time from the list.")) from None


class MastersForm(PageForm):
    email_enabled = BooleanField(_("E-mail"))
    push_enabled = BooleanField(_("Push to your devices"))


class DigestForm(PageForm):
    digest_enabled = BooleanField(_("One e-mail a day instead of many"))
    digest_at = HalfHourSelectField(_("It comes at"))


class QuietForm(PageForm):
    quiet_enabled = BooleanField(_("Keep quiet at night"))
    quiet_starts = HalfHourSelectField(_("From"))
    quiet_ends = HalfHourSelectField(_("Until"))
    urgent_passes = BooleanField(_("Let what is urgent through"))

    def validate_quiet_ends(self, field: Any) -> None:
        if field.data == self.quiet_starts.data:
            raise ValidationError(gettext("Choose an end that differs from the start."))


class LimitForm(PageForm):
    daily_cap = WholeNumberField(_("Notices a day, at most"), least=1, most=200)


class DayOfPause:
    """Validator: a day, where the pause is to last until one; else whatever stands there doesn't matter."""

    def __call__(self, form: Any, field: Any) -> None:
        if form.until.data != "day":
            field.errors = []
            raise StopValidation
        if field.data is None:
            field.errors = []
            raise StopValidation(gettext("Choose a day."))


class PauseForm(PageForm):
    until = RadioField(_("Send nothing"), [InputRequired(_("Choose how long."))], choices=PAUSES)
    day = DateField(_("Which day"), [DayOfPause()])
