"""Numbers of a file: as `identity.phones` reads them, and a hundred thousand of them in a moment."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from nexapp.identity.phones import area_zone_of, parse_phone, region_of
from nexapp.spine.errors import BadInput

NORTH_AMERICAN = {"US", "CA"}
_PLAIN = re.compile(r"(?:\+?1[ .-]?)?\(?([2-9]\d\d)\)?[ ./-]{0,3}([2-9]\d\d)[ .-]{0,3}(\d{4})", re.ASCII)
_OF_FICTION = "555"


class Number(NamedTuple):
    phone: str
    zone: str
    region: str


def read_number(written: str, country: str, *, for_texts: bool = True) -> Number:
    """Raises `BadInput` with a sentence. What is plainly North American is judged by its first six digits."""
    plain = _PLAIN.fullmatch(written.strip()) if country in NORTH_AMERICAN else None
    if plain is None or _OF_FICTION in (plain[1], plain[2]):
        return _read(written, country, for_texts)
    place = _exchange(plain[1] + plain[2], country, for_texts)
    if isinstance(place, str):
        raise BadInput(place)
    return Number(f"+1{plain[1]}{plain[2]}{plain[3]}", *place)


def _read(written: str, country: str, for_texts: bool) -> Number:
    phone = parse_phone(written, country, for_texts=for_texts)
    return Number(phone, area_zone_of(phone), region_of(phone))


@lru_cache(maxsize=50_000)
def _exchange(digits: str, country: str, for_texts: bool) -> tuple[str, str] | str:
    """Zone and region of an exchange; a sentence where it has no numbers that can be reached."""
    try:
        found = _read(f"{digits}0123", country, for_texts)
    except BadInput as error:
        return error.sentence
    return found.zone, found.region
