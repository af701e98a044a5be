"""Fields that consumers fill in: what can't be read is taken out, what can't be used gets a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from wtforms import IntegerField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from nexapp.identity.fields import AtMost, Named, one_line, readable

NAME_LENGTH = 80
NOTE_LENGTH = 500


class NameField(StringField):  # type: ignore[misc]
    def __init__(self, label: Any, filters: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(
            label, validators=[Named(_("Type your name."), NAME_LENGTH)], filters=[*filters, one_line], **kwargs
        )


class NoteField(TextAreaField):  # type: ignore[misc]
    def __init__(self, label: Any, filters: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(label, validators=[AtMost(NOTE_LENGTH)], filters=[*filters, readable], **kwargs)


class WholeNumber(IntegerField):  # type: ignore[misc]
    """A whole number within bounds, or nothing."""

    def __init__(self, label: Any, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        written = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if not written:
            return
        if not (written.isdecimal() and len(written) < 10 and self.least <= int(written) <= self.most):
            raise ValueError(_("Type a whole number from %(least)s to %(most)s.", least=self.least, most=self.most))
        self.data = int(written)


class Ticked(InputRequired):  # type: ignore[misc]
    """A box that must be ticked by the person's own hand."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(message=sentence)

    def __call__(self, form: Any, field: Any) -> None:
        if not field.data:
            raise ValidationError(str(self.message))
