"""Form bases: one for people with a session, one for pages that are reached by a link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField

from nexapp.spine.errors import BadInput


def _stripped(value: Any) -> Any:
    # No column stores a zero byte, and no person types one.
    return value.replace("\x00", "").strip() if isinstance(value, str) else value


class PageForm(FlaskForm):  # type: ignore[misc]
    """Carries a CSRF token. `bind_errors` puts a service's refusal next to its fields."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            if issubclass(unbound_field.field_class, (FieldList, FormField)):
                # They take no filters; the fields within have their own.
                return unbound_field.bind(form=form, **options)
            filters = [*unbound_field.kwargs.get("filters", []), _stripped]
            return unbound_field.bind(form=form, filters=filters, **options)

    def bind_errors(self, error: BadInput) -> None:
        attach(self, error)


class Rows(FieldList):  # type: ignore[misc]
    """Rows by their numbers in the form; what is no number of ours is no row."""

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        names = [name for name in formdata if re.match(r"-[0-9]{1,3}-", name[len(prefix) :])]
        found: Iterator[int] = super()._extract_indices(prefix, names)
        return found


class LinkForm(PageForm):
    """For link pages: no session cookie, no token; the origin is checked instead."""

    class Meta(PageForm.Meta):
        csrf = False


def attach(form: Form, error: BadInput) -> None:
    """Put each sentence next to its field; what belongs to none heads the form."""
    for name, sentence in error.fields.items():
        if name in form._fields:
            form._fields[name].errors = [*form._fields[name].errors, sentence]
        else:
            form.form_errors.append(sentence)
    if not error.fields:
        form.form_errors.append(error.sentence)
