"""One row of a file, read: who it is and what they wish, or why it can't be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from nexapp.identity.numbers import Number, read_number
from nexapp.slots.form_fields import NAME_LENGTH
from nexapp.spine.errors import BadInput
from nexapp.spine.tables.cells import Judged, Unusable, choose, read_day, read_email, read_name, read_whole
from nexapp.spine.tables.judging import RowJudge

_AHEAD = timedelta(days=366)
BOUNDS = {"minutes": (5, 720), "party_size": (1, 100)}


@dataclass(frozen=True, slots=True)
class Judge(RowJudge):
    """What a business's files are read by: its columns, its country and day, its team and services by their names."""

    today: date
    staff: Mapping[str, str]
    services: Mapping[str, str]

    def values(self, given: Mapping[str, str]) -> Judged:
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
        return {"phone": phone, "zone": zone, "region": region} | {k: v for k, v in wanted.items() if v}

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
