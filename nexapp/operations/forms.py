"""Forms of the console, and the samples of the style guide."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from nexapp.operations.error_log import LONGEST_NOTE
from nexapp.spine.web.forms import PageForm


class NoteForm(PageForm):
    """A line for the colleagues: what was done, or why it is open again."""

    note = TextAreaField(_("Note"), [Length(max=LONGEST_NOTE, message=_("Keep the note under %(max)d characters."))])


class SampleForm(PageForm):
    """Only for the style guide: one field of each kind."""

    name = StringField(_("Name"), [InputRequired(_("Type a name.")), Length(max=80)])
    length = SelectField(_("Length"), choices=[("30", "30 min"), ("45", "45 min"), ("60", "60 min")])
    days = RadioField(_("Days"), choices=[("any", _("Any day")), ("week", _("This week"))], default="any")
    note = TextAreaField(_("Note"), [Length(max=20, message=_("Keep the note under %(max)d characters."))])
    agrees = BooleanField(_("I want texts about free times"), [InputRequired(_("Tick the box to go on."))])
