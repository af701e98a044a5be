"""Which column of a file means what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import FieldList, SelectField, ValidationError
from wtforms.fields import SelectChoice

from nexapp.spine.web.forms import LinkForm

NOTHING = ""


class Columns(FieldList):  # type: ignore[misc]
    """By their numbers in the form; what is no number of ours is no column."""

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        names = [name for name in formdata if re.fullmatch(r"-[0-9]{1,3}", name[len(prefix) :])]
        found: Iterator[int] = super()._extract_indices(prefix, names)
        return found


class ColumnsForm(LinkForm):
    """One choice for each column of the file, in its order."""

    fields_of_rows: ClassVar[Mapping[str, Any]] = {}
    """Name of a field → its words."""

    columns = Columns(SelectField(_("Means")))
    on_known: Any
    """Each kind of files words it for itself."""

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
        choices = [SelectChoice(field, str(words)) for field, words in self.fields_of_rows.items()]
        for place, column in enumerate(self.columns):
            column.label.text = headers[place]
            column.choices = [SelectChoice(NOTHING, gettext("Leave out")), *choices]
            column.data = sent[place] if place < len(sent) else chosen.get(place, NOTHING)

    def validate_columns(self, field: Any) -> None:
        chosen = [column.data for column in self.columns if column.data]
        self.refuse_missing(chosen)
        repeated = next((name for name in chosen if chosen.count(name) > 1), None)
        if repeated:
            words = self.fields_of_rows.get(repeated, repeated)
            raise ValidationError(gettext("Two columns mean “%(name)s”. Leave one of them out.", name=words))

    def refuse_missing(self, chosen: Sequence[str]) -> None:
        """Raises `ValidationError` where the file can't be used without another column."""

    def chosen(self) -> dict[str, Any]:
        """What is kept with the file besides its columns, by the names of the file's own."""
        return {"on_known": self.on_known.data}

    def mapping(self) -> dict[str, int]:
        return {column.data: place for place, column in enumerate(self.columns) if column.data}
