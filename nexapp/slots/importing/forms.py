"""Which column means what, how the business knows these people, and what becomes of those on the list already."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import FieldList, RadioField, SelectField, ValidationError
from wtforms.fields import SelectChoice

from nexapp.slots.importing.columns import FIELDS
from nexapp.slots.person_forms import SourceField
from nexapp.spine.web.forms import LinkForm

NOTHING = ""


class Columns(FieldList):  # type: ignore[misc]
    """By their numbers in the form; what is no number of ours is no column."""

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        names = [name for name in formdata if re.fullmatch(r"-[0-9]{1,3}", name[len(prefix) :])]
        found: Iterator[int] = super()._extract_indices(prefix, names)
        return found


class MappingForm(LinkForm):
    """One choice for each column of the file, in its order."""

    columns = Columns(SelectField(_("Means")))
    source = SourceField(_("How did these people ask for it?"), render_kw={"autocomplete": "off"})
    on_known = RadioField(
        _("People who are on the list already"),
        choices=[
            SelectChoice("update", _("Take over what the file says about them")),
            SelectChoice("keep", _("Leave them as they are")),
        ],
        default="update",
    )

    class Meta(LinkForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            # Rows take no filters; the fields in them would.
            if unbound_field.field_class is Columns:
                return unbound_field.bind(form=form, **options)
            return super().bind_field(form, unbound_field, options)

    def offer(self, headers: Sequence[str], mapping: Mapping[str, int]) -> None:
        """As many columns as the file has, whatever was sent; what they mean by now is chosen."""
        chosen = {place: field for field, place in mapping.items()}
        sent = [field.data for field in self.columns]
        while len(self.columns) < len(headers):
            self.columns.append_entry()
        while len(self.columns) > len(headers):
            self.columns.pop_entry()
        for place, column in enumerate(self.columns):
            column.label.text = headers[place]
            column.choices = [SelectChoice(NOTHING, gettext("Leave out")), *_choices()]
            column.data = sent[place] if place < len(sent) else chosen.get(place, NOTHING)

    def validate_columns(self, field: Any) -> None:
        chosen = [column.data for column in self.columns if column.data]
        if "phone" not in chosen:
            raise ValidationError(gettext("Say which column has the mobile number."))
        repeated = next((name for name in chosen if chosen.count(name) > 1), None)
        if repeated:
            raise ValidationError(gettext("Two columns mean “%(name)s”. Leave one of them out.", name=FIELDS[repeated]))

    def mapping(self) -> dict[str, int]:
        return {column.data: place for place, column in enumerate(self.columns) if column.data}


def _choices() -> list[SelectChoice]:
    return [SelectChoice(field, str(words)) for field, words in FIELDS.items()]
