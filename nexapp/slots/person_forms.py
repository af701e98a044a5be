"""Forms about one person on the list, filled in by the business."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import StringField, TelField

from nexapp.identity.fields import Named, one_line
from nexapp.identity.phones import PhoneNumberInput
from nexapp.slots.form_fields import NAME_LENGTH
from nexapp.slots.waiting_list_forms import WishesForm

LONGEST_SOURCE = 300


class NamedField(StringField):  # type: ignore[misc]
    def __init__(self, label: Any, filters: Any = (), **kwargs: Any) -> None:
        named = Named(_("Type a name."), NAME_LENGTH)
        super().__init__(label, validators=[named], filters=[*filters, one_line], **kwargs)


class SourceField(StringField):  # type: ignore[misc]
    """How the business knows that the people want this: one sentence that it stands by."""

    def __init__(self, label: Any, filters: Any = (), **kwargs: Any) -> None:
        told = Named(_("Say how they asked for it; without that nobody may be texted."), LONGEST_SOURCE)
        super().__init__(label, validators=[told], filters=[*filters, one_line], **kwargs)


class PersonForm(WishesForm):
    name = NamedField(_("Name"), render_kw={"autocomplete": "off"})


class AddPersonForm(PersonForm):
    phone = TelField(
        _("Mobile number"), validators=[PhoneNumberInput()], filters=[one_line],
        render_kw={"autocomplete": "off", "required": True},
    )  # fmt: skip
    source = SourceField(_("How did they ask for it?"), render_kw={"autocomplete": "off"})

    def __init__(self, *args: Any, country: str, today: date, **kwargs: Any) -> None:
        self.country = country
        super().__init__(*args, today=today, **kwargs)
