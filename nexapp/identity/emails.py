"""E-mail addresses as people write them. Kept as typed, compared without regard to case."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from flask_babel import gettext as _
from wtforms import ValidationError

from nexapp.spine.errors import BadInput

LONGEST = 254
LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def parse_email(raw: str) -> str:
    """`Ana@Example.COM` → `Ana@example.com`; an international domain in its ASCII form. Raises `BadInput`."""
    written = "".join(c for c in raw if unicodedata.category(c) not in {"Cf", "Cc"}).strip()
    if not written:
        raise BadInput(_("Type an e-mail address."))
    local, at, domain = written.rpartition("@")
    domain = _ascii_domain(domain)
    labels = domain.split(".")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    known = LOCAL.fullmatch(local) and len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels)
    if not at or dots or not known or labels[-1].isdigit() or len(local) + len(domain) + 1 > LONGEST:
        raise BadInput(_("That is not an e-mail address. It looks like name@example.com."))
    return f"{local}@{domain}"


def _ascii_domain(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode()
    except UnicodeError:
        return ""


class EmailInput:
    """WTForms validator: `field.email` is the address of what was typed, which stays in `field.data`."""

    field_flags = {"required": True}

    def __call__(self, _form: Any, field: Any) -> None:
        try:
            field.email = parse_email(field.data or "")
        except BadInput as error:
            raise ValidationError(error.sentence) from None


def masked(address: str) -> str:
    """`a•••@example.com`: enough for its owner to know it."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
