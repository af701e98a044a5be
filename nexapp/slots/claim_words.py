"""Times and lengths as a consumer reads them, always in the business's zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.slots.times import clock_words, day_words, today_in
from nexapp.spine.web.templating import zone_name


def when_words(instant: datetime, zone: str) -> str:
    """Such as "Tomorrow, Friday 21 November, 9:30 AM Eastern Time"."""
    day = instant.astimezone(ZoneInfo(zone)).date()
    return f"{_day_first(day, zone)}{day_words(day)}, {clock_words(instant, zone)} {zone_name(zone, instant)}"


def length_words(starts: datetime, ends: datetime) -> str:
    """Such as "30 minutes", "2 hours" or "1 hour 30 minutes"."""
    hours, minutes = divmod(int((ends - starts).total_seconds()) // 60, 60)
    words = []
    if hours:
        words.append(ngettext("%(num)d hour", "%(num)d hours", hours))
    if minutes:
        words.append(ngettext("%(num)d minute", "%(num)d minutes", minutes))
    return " ".join(words)


def _day_first(day: date, zone: str) -> str:
    today = today_in(zone)
    if day == today:
        return f"{_('Today')}, "
    if day == today + timedelta(days=1):
        return f"{_('Tomorrow')}, "
    return ""
