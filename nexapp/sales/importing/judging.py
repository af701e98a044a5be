"""One row of a file, read: who it is, or why it can't be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from nexapp.identity.emails import parse_email
from nexapp.identity.fields import can_be_seen
from nexapp.identity.numbers import read_number
from nexapp.sales.prospects import LARGEST_CENTS
from nexapp.spine.errors import BadInput
from nexapp.spine.tables.cells import Judged, Unusable, choose, read_name
from nexapp.spine.tables.judging import RowJudge

LONGEST = {"company": 120, "role": 120, "location": 120, "source": 60}
LONGEST_NAME = 120
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]{1,30}(\.[a-z0-9_+-]{1,30})?@([a-z0-9]{1,40}\.){1,3}[a-z]{2,20}", re.IGNORECASE | re.ASCII
)
_AMOUNT = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Judge(RowJudge):
    """What an organisation's files are read by: its columns, its country, its stages and its team by their names."""

    stages: Mapping[str, str]
    owners: Mapping[str, str]

    def values(self, given: Mapping[str, str]) -> Judged:
        email = _email(given.get("email", ""))
        name = read_name(given, LONGEST_NAME) or given.get("company") or email[:LONGEST_NAME]
        if not can_be_seen(name):
            raise Unusable("no_name")
        found = {
            "name": name,
            "email": email,
            "phone": self._phone(given.get("phone", "")),
            "stage": choose(given.get("stage", ""), self.stages, "unknown_stage"),
            "owner": choose(given.get("owner", ""), self.owners, "unknown_owner"),
            "value_cents": _cents(given.get("value", "")),
        }
        found |= {field: _short(given.get(field, ""), most) for field, most in LONGEST.items()}
        return {name: value for name, value in found.items() if value}

    def _phone(self, written: str) -> str | None:
        if not written:
            return None
        try:
            return read_number(written, self.country, for_texts=False).phone
        except BadInput:
            raise Unusable("bad_phone") from None


def keys_of(row: Judged) -> list[str]:
    """What tells two rows of one file to be about one person."""
    keys = [("e", row.get("email")), ("p", row.get("phone")), ("i", row.get("known"))]
    return [f"{kind}:{value}" for kind, value in keys if value]


def _email(written: str) -> str:
    """As the forms read it: what is taken here can be saved there. What is plain is known at a glance."""
    if not written or _PLAIN_EMAIL.fullmatch(written):
        return written.lower()
    try:
        return parse_email(written).lower()
    except BadInput:
        raise Unusable("bad_email") from None


def _short(written: str, most: int) -> str:
    if len(written) > most:
        raise Unusable("too_long")
    return written


def _cents(written: str) -> int | None:
    """An amount as people write it, with or without a sign of money."""
    if not written:
        return None
    plain = re.sub(r"[\s$€£]|[A-Z]{3}", "", written)
    plain = plain.replace(",", "") if _AMOUNT.fullmatch(plain) else plain.replace(",", ".")
    try:
        cents = int(Decimal(plain) * 100) if re.fullmatch(r"[\d.]{1,18}", plain) else -1
    except InvalidOperation:
        cents = -1
    if not 0 <= cents <= LARGEST_CENTS:
        raise Unusable("bad_value")
    return cents
