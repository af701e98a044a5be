"""Which column means what, and what becomes of those who are prospects already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectField, ValidationError
from wtforms.fields import SelectChoice

from nexapp.sales.importing.columns import FIELDS
from nexapp.sales.prospects_forms import read_id
from nexapp.spine.tables.forms import ColumnsForm

ENOUGH = {"name", "first_name", "last_name", "company", "email"}


class MappingForm(ColumnsForm):
    fields_of_rows = FIELDS

    on_known = RadioField(
        _("People who are prospects already, by their address or number"),
        choices=[
            SelectChoice("update", _("Take over what the file says; stage and owner stay")),
            SelectChoice("keep", _("Leave them as they are")),
            SelectChoice("add", _("Add them once more")),
        ],
        default="update",
    )
    owner_id = SelectField(_("New ones belong to"), choices=[])
    stage_id = SelectField(_("New ones start in"), choices=[])

    def refuse_missing(self, chosen: Sequence[str]) -> None:
        if not ENOUGH & set(chosen):
            raise ValidationError(gettext("Say which column has the name, the company or the e-mail address."))

    def chosen(self) -> dict[str, Any]:
        new = {"owner_id": read_id(self.owner_id.data), "stage_id": read_id(self.stage_id.data)}
        return super().chosen() | new
