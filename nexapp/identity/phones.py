"""Phone numbers as people write them, kept as E.164."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import phonenumbers
from babel.core import get_global
from flask_babel import gettext as _
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult
from phonenumbers import timezone as phone_zones
from wtforms import ValidationError

from nexapp.identity.regions import ELSEWHERE, HOME_ZONES, STATE_OF_AREA
from nexapp.spine.config import settings
from nexapp.spine.errors import BadInput

LONGEST = 60
NORTH_AMERICA = 1
NATIONWIDE = 10
"""A number that may be in so many zones is bound to none; an area code spans two or three at most."""

FICTION = re.compile(r"\+1(555\d{7}|[2-9]\d{2}55501\d{2})")
"""The area code 555, and 555-0100 to 555-0199 of every other: nobody can own these."""

NEVER_TEXTED = {
    PhoneNumberType.PREMIUM_RATE, PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL, PhoneNumberType.PAGER,
}  # fmt: skip


def parse_phone(raw: str, country: str = "US", *, for_texts: bool = True) -> str:
    """Read a number in any human form, by default one of `country`. Raises `BadInput` with a sentence.

    `for_texts=False` also takes numbers that only answer calls, such as a shop's toll-free line.
    """
    written = _plain(raw)
    if not written:
        raise BadInput(_("Type a phone number."))
    if len(written) > LONGEST:
        raise BadInput(_("That is too long for a phone number."))
    found = _read(written, country)
    phone = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    _refuse_impossible(found, phone)
    if for_texts:
        _refuse_untextable(found)
    return phone


class PhoneNumberInput:
    """WTForms validator: `field.phone` is the E.164 form of what was typed, which stays in `field.data`."""

    def __init__(self, *, for_texts: bool = True, required: bool = True) -> None:
        self.for_texts = for_texts
        self.field_flags = {"required": True} if required else {}

    def __call__(self, form: Any, field: Any) -> None:
        try:
            field.phone = parse_phone(field.data or "", _country_of(form), for_texts=self.for_texts)
        except BadInput as error:
            raise ValidationError(error.sentence) from None


def _country_of(form: Any) -> str:
    """Whose numbers may be typed without a calling code: a form's own choice, or what it was told."""
    told = getattr(form, "country", None)
    return str(getattr(told, "data", told) or "US")


def is_fiction(phone: str) -> bool:
    """Reserved for films and examples; the demo's people have such numbers."""
    return FICTION.fullmatch(phone) is not None


def may_be_texted(phone: str) -> bool:
    """False for a number of fiction at a real provider, which charges for the attempt."""
    return settings().uses_local_phone or not is_fiction(phone)


def zone_of(phone: str) -> str:
    """The IANA zone of the number's area; the most populous of the country where it doesn't say."""
    number = phonenumbers.parse(phone)
    country = phonenumbers.region_code_for_country_code(number.country_code or 1)
    zones = _zones_told(number)
    home = HOME_ZONES.get(country)
    if len(zones) == 1 or (zones and home is None):
        return str(zones[0])
    return home or _only_zone(country)


def area_zone_of(phone: str) -> str:
    """As `zone_of`, but empty for a North American number that is of no place: toll-free, or of fiction.

    Who has one lives where the business is that they wait for, rather than in New York.
    """
    number = phonenumbers.parse(phone)
    of_no_place = number.country_code == NORTH_AMERICA and not 0 < len(_zones_told(number)) < NATIONWIDE
    return "" if of_no_place else zone_of(phone)


def _zones_told(number: PhoneNumber) -> list[str]:
    return [str(zone) for zone in phone_zones.time_zones_for_number(number) if zone != "Etc/Unknown"]


def region_of(phone: str) -> str:
    """`US-FL` where the area code tells the state, else the country: `US`."""
    number = phonenumbers.parse(phone)
    if number.country_code == NORTH_AMERICA and (state := STATE_OF_AREA.get(str(number.national_number)[:3])):
        return state
    country = phonenumbers.region_code_for_number(number)
    return country or phonenumbers.region_code_for_country_code(number.country_code or NORTH_AMERICA)


def prefix_of(phone: str) -> str:
    """Country calling code and area, the range that a swindler would buy: `+1305`."""
    number = phonenumbers.parse(phone)
    return f"+{number.country_code}{str(number.national_number)[:3]}"


def _plain(raw: str) -> str:
    # Copied contacts carry invisible marks of direction; keyboards of other scripts type their own digits.
    shown = "".join(c for c in raw if unicodedata.category(c) not in {"Cf", "Cc"} or c.isspace())
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in shown).strip()


def _read(written: str, country: str) -> PhoneNumber:
    country = country if country in phonenumbers.SUPPORTED_REGIONS else "US"
    if written.startswith("00") and country in {"US", "CA"}:
        # The way to dial abroad from most of the world; no North American number begins so.
        written = "+" + written[2:]
    try:
        return phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        raise BadInput(_("That is not a phone number. Type it with its area code, like (305) 555-0123.")) from None


def _refuse_impossible(number: PhoneNumber, phone: str) -> None:
    if is_fiction(phone):
        if not may_be_texted(phone):
            raise BadInput(_("That number is reserved for examples. Type your own."))
    elif not phonenumbers.is_valid_number(number):
        raise BadInput(_why_impossible(number))


def _why_impossible(number: PhoneNumber) -> str:
    reason = phonenumbers.is_possible_number_with_reason(number)
    sentences = {
        ValidationResult.TOO_SHORT: _("That number is too short. Type it with its area code."),
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: _("Add the area code to that number."),
        ValidationResult.TOO_LONG: _("That number has too many digits."),
        ValidationResult.INVALID_COUNTRY_CODE: _("No country has that calling code."),
    }
    return str(sentences.get(reason) or _("No phone has that number. Check the digits."))


def _refuse_untextable(number: PhoneNumber) -> None:
    if number.extension:
        raise BadInput(_("A text can't reach an extension. Type a mobile number."))
    if phonenumbers.number_type(number) in NEVER_TEXTED:
        raise BadInput(_("That number can't get texts. Type a mobile number."))


def _only_zone(country: str) -> str:
    zones = get_global("territory_zones").get(country)
    return str(zones[0]) if zones else ELSEWHERE
