"""One row of a file, read: who it is and what they wish, or why it can't be used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from nexapp.identity.fields import one_line
from nexapp.slots.form_fields import NAME_LENGTH
from nexapp.slots.importing.numbers import Number, read_number
from nexapp.spine.errors import BadInput

Judged = dict[str, Any]
"""`row` and the values that were read, or `row` and `why`."""

_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_LONGEST_EMAIL = 254
_KEPT_AS_TEXT = re.compile(r"'(?=[=+\-@\t\r])")
_AHEAD = timedelta(days=366)
BOUNDS = {"minutes": (5, 720), "party_size": (1, 100)}


class Unusable(Exception):
    """A row that is left out; its words are a key of `reasons.WORDS`."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What a business's files are read by: its columns, its country and day, its team and services by their names."""

    mapping: Mapping[str, int]
    country: str
    today: date
    staff: Mapping[str, str]
    services: Mapping[str, str]

    def judge(self, number: int, cells: Sequence[str]) -> Judged:
        try:
            return {"row": number, **self._values(cells)}
        except Unusable as reason:
            return {"row": number, "why": str(reason)}

    def _values(self, cells: Sequence[str]) -> Judged:
        given = {field: self._cell(cells, place) for field, place in self.mapping.items()}
        phone, zone, region = self._number(given["phone"])
        wanted = {
            "name": _name(given),
            "email": _email(given.get("email", "")),
            "staff": _chosen(given.get("staff", ""), self.staff, "unknown_staff"),
            "service": _chosen(given.get("service", ""), self.services, "unknown_service"),
            "minutes": _whole(given.get("minutes", ""), "minutes"),
            "party_size": _whole(given.get("party_size", ""), "party_size"),
            "until": self._until(given.get("until", "")),
            "since": self._since(given.get("since", "")),
        }
        # What the file doesn't say is left out: a part of it has a thousand rows.
        return {"phone": phone, "zone": zone, "region": region} | {k: v for k, v in wanted.items() if v}

    def _cell(self, cells: Sequence[str], place: int) -> str:
        return read_cell(cells[place]) if place < len(cells) else ""

    def _number(self, written: str) -> Number:
        if not written:
            raise Unusable("no_phone")
        try:
            return read_number(written, self.country)
        except BadInput:
            raise Unusable("bad_phone") from None

    def _until(self, written: str) -> str | None:
        day = self._day(written)
        if day and not self.today <= day <= self.today + _AHEAD:
            raise Unusable("bad_until")
        return day.isoformat() if day else None

    def _since(self, written: str) -> str | None:
        day = self._day(written)
        if day and not date(1990, 1, 1) <= day <= self.today:
            raise Unusable("bad_since")
        return day.isoformat() if day else None

    def _day(self, written: str) -> date | None:
        if not written:
            return None
        first = written.split()[0].split("T")[0]
        forms = ("%m/%d/%Y", "%m/%d/%y") if self.country == "US" else ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y")
        for form in ("%Y-%m-%d", *forms):
            try:
                return datetime.strptime(first, form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
        raise Unusable("bad_date")


def read_cell(cell: str) -> str:
    """What a cell says, on one line. An apostrophe that kept a formula as text was not part of it."""
    plain = " ".join(cell.split()) if cell.isascii() and cell.isprintable() else str(one_line(cell))
    return _KEPT_AS_TEXT.sub("", plain, count=1) if plain.startswith("'") else plain


def _name(given: Mapping[str, str]) -> str:
    name = given.get("name") or " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
    if len(name) > NAME_LENGTH:
        raise Unusable("long_name")
    return name


def _email(written: str) -> str:
    if written and (len(written) > _LONGEST_EMAIL or not _EMAIL.fullmatch(written)):
        raise Unusable("bad_email")
    return written.casefold()


def _chosen(written: str, known: Mapping[str, str], reason: str) -> str | None:
    if not written:
        return None
    if written.casefold() not in known:
        raise Unusable(reason)
    return known[written.casefold()]


def _whole(written: str, field: str) -> int | None:
    if not written:
        return None
    least, most = BOUNDS[field]
    if not re.fullmatch(r"[0-9]{1,4}(\.0+)?", written) or not least <= int(float(written)) <= most:
        raise Unusable(f"bad_{field}")
    return int(float(written))
