"""What the cells of a row say: on one line, as addresses, days and whole numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from nexapp.spine.plain_text import one_line

Judged = dict[str, Any]
"""`row` and the values that were read, or `row` and `why`."""

_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_LONGEST_EMAIL = 254
_KEPT_AS_TEXT = re.compile(r"'(?=[=+\-@\t\r])")


class Unusable(Exception):
    """A row that is left out, and in one word why."""


def read_cell(cell: str) -> str:
    """What a cell says, on one line. An apostrophe that kept a formula as text was not part of it."""
    plain = " ".join(cell.split()) if cell.isascii() and cell.isprintable() else str(one_line(cell))
    return _KEPT_AS_TEXT.sub("", plain, count=1) if plain.startswith("'") else plain


def read_name(given: Mapping[str, str], longest: int) -> str:
    """From the column of whole names, else from those of first and last ones."""
    name = given.get("name") or " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
    if len(name) > longest:
        raise Unusable("long_name")
    return name


def read_email(written: str) -> str:
    if written and (len(written) > _LONGEST_EMAIL or not _EMAIL.fullmatch(written)):
        raise Unusable("bad_email")
    return written.lower()


def read_day(written: str, country: str) -> date | None:
    """As people of that country write it, or as programs do."""
    if not written:
        return None
    first = written.split()[0].split("T")[0]
    forms = ("%m/%d/%Y", "%m/%d/%y") if country == "US" else ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y")
    for form in ("%Y-%m-%d", *forms):
        try:
            return datetime.strptime(first, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Unusable("bad_date")


def read_whole(written: str, field: str, bounds: tuple[int, int]) -> int | None:
    if not written:
        return None
    least, most = bounds
    if not re.fullmatch(r"[0-9]{1,4}(\.0+)?", written) or not least <= int(float(written)) <= most:
        raise Unusable(f"bad_{field}")
    return int(float(written))


def choose(written: str, known: Mapping[str, str], reason: str) -> str | None:
    """The id of what goes by that name."""
    if not written:
        return None
    if written.casefold() not in known:
        raise Unusable(reason)
    return known[written.casefold()]
