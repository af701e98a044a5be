"""One row of a file, read: who it is and what they wish, or why it can't be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nexapp.identity.numbers import Number, read_number
from nexapp.slots.form_fields import NAME_LENGTH
from nexapp.spine.errors import BadInput
from nexapp.spine.tables.cells import Judged, Unusable, choose, read_cell, read_day, read_email, read_name, read_whole

_AHEAD = timedelta(days=366)
BOUNDS = {"minutes": (5, 720), "party_size": (1, 100)}


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
            "name": read_name(given, NAME_LENGTH),
            "email": read_email(given.get("email", "")),
            "staff": choose(given.get("staff", ""), self.staff, "unknown_staff"),
            "service": choose(given.get("service", ""), self.services, "unknown_service"),
            "minutes": read_whole(given.get("minutes", ""), "minutes", BOUNDS["minutes"]),
            "party_size": read_whole(given.get("party_size", ""), "party_size", BOUNDS["party_size"]),
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
        day = read_day(written, self.country)
        if day and not self.today <= day <= self.today + _AHEAD:
            raise Unusable("bad_until")
        return day.isoformat() if day else None

    def _since(self, written: str) -> str | None:
        day = read_day(written, self.country)
        if day and not date(1990, 1, 1) <= day <= self.today:
            raise Unusable("bad_since")
        return day.isoformat() if day else None
