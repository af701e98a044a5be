"""The time zones a person can choose: those of the United States first."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel.dates import get_timezone_name
from flask_babel import get_locale
from flask_babel import gettext as _

COMMON = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico",
)  # fmt: skip
NOT_PLACES = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/", "posix/", "right/")


@cache
def zone_names() -> frozenset[str]:
    """Every place of the IANA list, old names included: browsers still tell `Asia/Calcutta`."""
    places = {name for name in available_timezones() if "/" in name and not name.startswith(NOT_PLACES)}
    return frozenset(places | {"UTC"})


def zone_choices() -> dict[str, list[tuple[str, str]]]:
    """Groups of (zone, label) for a select."""
    rest = sorted(zone_names() - set(COMMON))
    return {
        _("United States"): [(name, _label(name)) for name in COMMON],
        _("All zones"): [(name, name.replace("_", " ")) for name in rest],
    }


def _label(name: str) -> str:
    place = name.rsplit("/", 1)[-1].replace("_", " ")
    return f"{get_timezone_name(name, width='long', zone_variant='generic', locale=get_locale())} ({place})"
