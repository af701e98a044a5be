"""The countries that a business can be in: those whose numbers can be texted."""

from __future__ import annotations

import phonenumbers
from babel import Locale
from flask_babel import get_locale

FIRST = ("US", "CA")


def country_choices() -> list[tuple[str, str]]:
    """(code, name) for a select, ours first, the others by name."""
    names = (get_locale() or Locale("en")).territories
    rest = {code: names[code] for code in phonenumbers.SUPPORTED_REGIONS if code in names and code not in FIRST}
    ordered = sorted(rest.items(), key=lambda pair: pair[1].casefold())
    return [(code, names[code]) for code in FIRST] + ordered
