"""Form fields that read what people type: money, whole numbers, one line of text, a web address."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from wtforms import SelectMultipleField, StringField, ValidationError

from nexapp.spine.plain_text import one_line as one_line
from nexapp.spine.plain_text import readable as readable

LARGEST_CENTS = 100_000_000


class AtMost:
    """Validator: at most `longest` characters; the sentence says how many there are."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.field_flags = {"maxlength": longest}

    def __call__(self, _form: Any, field: Any) -> None:
        length = len(field.data or "")
        if length > self.longest:
            sentence = _("At most %(most)s characters; this has %(length)s.", most=self.longest, length=length)
            raise ValidationError(sentence)


def can_be_seen(words: str) -> bool:
    """Whether there is more to it than spaces and marks without a shape."""
    return any(unicodedata.category(c)[0] not in "CZ" for c in words)


class Named(AtMost):
    """Validator: something that can be seen, of at most `longest` characters."""

    def __init__(self, missing: Any, longest: int) -> None:
        super().__init__(longest)
        self.missing = missing
        self.field_flags = {"required": True, "maxlength": longest}

    def __call__(self, form: Any, field: Any) -> None:
        if not can_be_seen(field.data or ""):
            raise ValidationError(str(self.missing))
        super().__call__(form, field)


class MoneyField(StringField):  # type: ignore[misc]
    """An amount as people write it; `cents` once it is valid."""

    cents = 0

    def __init__(self, *args: Any, most_cents: int = LARGEST_CENTS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most_cents = most_cents

    def pre_validate(self, form: Any) -> None:
        written = re.sub(r"[\s$€£]", "", self.data or "")
        if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d*)?", written):
            written = written.replace(",", "")
        try:
            amount = Decimal(written.replace(",", "."))
        except InvalidOperation:
            raise ValidationError(_("Type an amount, like 70.00.")) from None
        if not amount.is_finite() or amount < 0:
            raise ValidationError(_("Type an amount of 0 or more."))
        if amount > Decimal(self.most_cents) / 100:
            raise ValidationError(_("That is more than can be kept here."))
        self.cents = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


class WholeNumberField(StringField):  # type: ignore[misc]
    """A whole number between two; `number` once it is valid. None for an empty one that may be left out."""

    number: int | None = None

    def __init__(self, *args: Any, least: int, most: int, may_be_empty: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.least, self.most, self.may_be_empty = least, most, may_be_empty
        if not may_be_empty:
            self.flags.required = True

    def pre_validate(self, form: Any) -> None:
        written = (self.data or "").strip()
        if not written and self.may_be_empty:
            return
        sentence = _("Type a whole number from %(least)d to %(most)d.", least=self.least, most=self.most)
        if not re.fullmatch(r"\d{1,9}", written) or not self.least <= int(written) <= self.most:
            raise ValidationError(sentence)
        self.number = int(written)


class MultipleMinutesField(SelectMultipleField):  # type: ignore[misc]
    """Several of the choices, the longest first; none is an answer, too."""

    data: list[int] | None

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        self.data = sorted(set(self.data or []), reverse=True)


class WebAddressField(StringField):  # type: ignore[misc]
    """A web address, with or without `https://`; `url` once it is valid, None when left empty."""

    url: str | None = None

    def pre_validate(self, form: Any) -> None:
        written = self.data or ""
        if not written:
            return
        self.url = written if "://" in written else f"https://{written}"
        if len(self.url) > 500 or not _is_web_address(self.url):
            raise ValidationError(_("That is not a web address. It looks like https://example.com/book."))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    has_credentials = "@" in parts.netloc
    plain = not re.search(r"[\s\\<>\"]", url)
    return parts.scheme in {"http", "https"} and "." in host.strip(".") and plain and not has_credentials
