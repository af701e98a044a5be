"""Which column means what, how the business knows these people, and what becomes of those on the list already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, ValidationError
from wtforms.fields import SelectChoice

from nexapp.slots.importing.columns import FIELDS
from nexapp.slots.person_forms import SourceField
from nexapp.spine.tables.forms import ColumnsForm


class MappingForm(ColumnsForm):
    fields_of_rows = FIELDS

    source = SourceField(_("How did these people ask for it?"), render_kw={"autocomplete": "off"})
    on_known = RadioField(
        _("People who are on the list already"),
        choices=[
            SelectChoice("update", _("Take over what the file says about them")),
            SelectChoice("keep", _("Leave them as they are")),
        ],
        default="update",
    )

    def refuse_missing(self, chosen: Sequence[str]) -> None:
        if "phone" not in chosen:
            raise ValidationError(gettext("Say which column has the mobile number."))

    def chosen(self) -> dict[str, Any]:
        return super().chosen() | {"source": self.source.data}
