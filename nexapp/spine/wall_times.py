"""Wall time in a zone, and the instants it means. A gap is refused, a repeated time asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask_babel import get_locale
from flask_babel import gettext as _

from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput

MINUTE = timedelta(minutes=1)
FIRST, SECOND = "first", "second"


class TimeDoesNotExist(BadInput):
    """The clocks jump over this wall time."""

    code = "time_does_not_exist"


class TimeHappensTwice(BadInput):
    """The clocks go through this wall time twice; `choices` are both instants, the earlier first."""

    code = "time_happens_twice"

    def __init__(self, sentence: str, *, fields: dict[str, str], choices: tuple[datetime, datetime]) -> None:
        super().__init__(sentence, fields=fields)
        self.choices = choices


def to_instant(on: date, at: time, zone: str, which: str | None = None) -> datetime:
    """The instant of a wall time, in UTC.

    Raises `TimeDoesNotExist` where the clocks jump over it, and `TimeHappensTwice` where they pass it twice and
    `which` is neither "first" nor "second".
    """
    # A time that was read off a clock brings its fold along; here `which` says it.
    wall = datetime.combine(on, at.replace(fold=0), tzinfo=ZoneInfo(zone))
    if not _exists(wall):
        raise _gap(wall)
    later = wall.replace(fold=1)
    if wall.utcoffset() == later.utcoffset():
        return wall.astimezone(UTC)
    if which not in {FIRST, SECOND}:
        raise _fold(wall, later)
    return (wall if which == FIRST else later).astimezone(UTC)


def today_in(zone: str) -> date:
    return now().astimezone(ZoneInfo(zone)).date()


def midnight(on: date, zone: str) -> datetime:
    """When a local day begins. Where midnight itself is skipped, the first instant after it."""
    return datetime.combine(on, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def week_of(on: date) -> tuple[date, date]:
    """Monday of that week, and the Monday after."""
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=7)


def clock_words(at: datetime | time, zone: str | None = None) -> str:
    tz = ZoneInfo(zone) if zone else None
    return str(format_time(at, "h:mm a", tzinfo=tz, locale=get_locale() or "en"))


def day_words(on: date) -> str:
    return str(format_date(on, "EEEE d MMMM", locale=get_locale() or "en"))


def zone_letters(wall: datetime) -> str:
    """EDT, EST; where the zone has no letters, its distance from UTC."""
    letters = wall.tzname() or ""
    return letters if letters.isalpha() else f"UTC{letters}"


def _exists(wall: datetime) -> bool:
    there_and_back = wall.astimezone(UTC).astimezone(wall.tzinfo)
    return there_and_back.replace(tzinfo=None) == wall.replace(tzinfo=None)


def _gap(wall: datetime) -> TimeDoesNotExist:
    after = wall
    while not _exists(after):
        after += MINUTE
    sentence = _(
        "%(time)s doesn't exist on %(day)s: the clocks jump ahead. The next time that does is %(next)s.",
        time=clock_words(wall.time()),
        day=day_words(wall.date()),
        next=clock_words(after.time()),
    )
    return TimeDoesNotExist(sentence, fields={"at": sentence})


def _fold(wall: datetime, later: datetime) -> TimeHappensTwice:
    sentence = _(
        "%(time)s happens twice on %(day)s: the clocks go back. Choose which one.",
        time=clock_words(wall.time()),
        day=day_words(wall.date()),
    )
    return TimeHappensTwice(sentence, fields={"which": sentence}, choices=(wall, later))
