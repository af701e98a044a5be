"""What people type about a follow-up: when, what, whose."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, Optional

from nexapp.identity.fields import one_line, readable
from nexapp.sales.follow_ups import LONGEST_MESSAGE
from nexapp.sales.when import REPEATS, Due, typed
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.time_fields import DayField, which_choices

REPEAT_WORDS = {
    "": _("Not at all"), "daily": _("Every day"), "weekdays": _("Monday to Friday"), "weekly": _("Every week"),
    "monthly": _("Every month"),
}  # fmt: skip
_DAY = _("Enter the day, such as 2026-11-27.")


class WhenForm(PageForm):
    """A day and perhaps a time, by the clock of the follow-up's owner."""

    on = DayField(_("Day"), [InputRequired(_DAY)])
    at = TimeField(_("Time"), [Optional()])
    which = RadioField(_("Which one"), [Optional()], choices=[], validate_choice=False)

    def ask_which(self, choices: tuple[Any, Any]) -> None:
        """Offer both times that the wall time means; what was typed stays."""
        self.which.choices = which_choices(choices)

    def due(self, zone: str) -> Due:
        return typed(self.on.data, self.wall, zone, self.which.data or None)

    @property
    def wall(self) -> time | None:
        return self.at.data.replace(second=0, microsecond=0) if self.at.data else None


class SnoozeForm(WhenForm):
    pass


class FollowUpForm(WhenForm):
    key = HiddenField(validators=[Optional(), Length(max=64)], filters=[one_line])
    prospect_id = HiddenField(filters=[one_line])
    prospect_name = StringField(_("Prospect"), [Optional(), Length(max=120)], filters=[one_line])
    same_named = RadioField(_("Which one of them"), [Optional()], choices=[], validate_choice=False)
    message = TextAreaField(
        _("What to do"),
        [Optional(), Length(max=LONGEST_MESSAGE, message=_("Use at most 1,000 characters."))],
        filters=[readable],
    )
    repeats = SelectField(_("Repeat"), [Optional()], choices=[])
    owner_id = SelectField(_("For"), [Optional()], choices=[], validate_choice=False)

    def offer(self, team: list[tuple[str, str]]) -> None:
        self.repeats.choices = list(REPEAT_WORDS.items())
        self.owner_id.choices = team

    @property
    def repeat(self) -> str | None:
        return self.repeats.data if self.repeats.data in REPEATS else None
