"""The forms of claim pages."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import RadioField
from wtforms.validators import InputRequired

from nexapp.identity.fields import AtMost
from nexapp.slots.cancelling import reason_choices
from nexapp.slots.form_fields import NameField, NoteField
from nexapp.spine.web.forms import LinkForm

WORDS_LENGTH = 300


class ConfirmForm(LinkForm):
    name = NameField(_("Your name"), render_kw={"autocomplete": "name"})
    note = NoteField(_("A note for the business"), render_kw={"rows": 2})


class CancelForm(LinkForm):
    """The business learns the reason; it is asked for, and any of them will do."""

    reason = RadioField(_("Why?"), validators=[InputRequired(_("Choose a reason."))], validate_choice=True)
    words = NoteField(_("Anything to add"), render_kw={"rows": 2})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = reason_choices()
        self.words.validators = [AtMost(WORDS_LENGTH)]
