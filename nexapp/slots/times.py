"""How a slot's time is written in a text. Wall times and their instants are the spine's."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_name
from flask_babel import get_locale

from nexapp.spine.wall_times import (
    FIRST,
    SECOND,
    clock_words,
    day_words,
    midnight,
    to_instant,
    today_in,
    week_of,
    zone_letters,
)

__all__ = [
    "FIRST", "SECOND", "clock_words", "day_words", "midnight", "text_time", "to_instant", "today_in", "week_of",
    "zone_letters",
]  # fmt: skip


def text_time(at: datetime, zone: str) -> str:
    """A slot's time as a text says it: `Fri 21 Nov, 9:30 AM ET`."""
    locale = get_locale() or "en"
    tz = ZoneInfo(zone)
    words = format_datetime(at, "EEE d MMM, h:mm a", tzinfo=tz, locale=locale)
    return f"{words} {get_timezone_name(tz, width='short', zone_variant='generic', locale=locale)}"
