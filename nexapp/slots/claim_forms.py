"""The one form of a claim page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.slots.form_fields import NameField, NoteField
from nexapp.spine.web.forms import LinkForm


class ConfirmForm(LinkForm):
    name = NameField(_("Your name"), render_kw={"autocomplete": "name"})
    note = NoteField(_("A note for the business"), render_kw={"rows": 2})
