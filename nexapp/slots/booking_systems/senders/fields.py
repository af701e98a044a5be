"""Reading fields of a body that may hold anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from nexapp.slots.booking_systems.changes import LONGEST_UID, LONGEST_WORDS
from nexapp.slots.booking_systems.errors import Malformed
from nexapp.slots.errors import TimeDoesNotExist
from nexapp.slots.times import FIRST, to_instant

LONGEST = timedelta(days=2)


def part(body: dict[str, Any], name: str) -> dict[str, Any]:
    """A part that must be there."""
    found = body.get(name)
    if not isinstance(found, dict):
        raise Malformed(fields={name: _("“%(name)s” is missing or no object.", name=name)})
    return found


def maybe(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def first(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The first object of a list, or an empty one."""
    found = body.get(name)
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def words(body: dict[str, Any], name: str) -> str:
    found = body.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return " ".join(found.split())[:LONGEST_WORDS] if isinstance(found, str) else ""


def uid(body: dict[str, Any], name: str) -> str:
    found = body.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not (isinstance(found, str) and 0 < len(found) <= LONGEST_UID):
        raise Malformed(fields={name: _("“%(name)s” must name the booking.", name=name)})
    return found


def instant(body: dict[str, Any], name: str, zone: str | None = None) -> datetime:
    """An instant in UTC. One without an offset is wall time in `zone`; without a zone it is refused."""
    found = maybe_instant(body, name, zone)
    if found is None:
        raise Malformed(fields={name: _("“%(name)s” is missing.", name=name)})
    return found


def maybe_instant(body: dict[str, Any], name: str, zone: str | None = None) -> datetime | None:
    written = body.get(name)
    if written is None or written == "":
        return None
    try:
        at = datetime.fromisoformat(str(written))
        return _absolute(at, name, zone)
    except TimeDoesNotExist as error:
        raise Malformed(fields={name: error.sentence}) from None
    except (ValueError, OverflowError):
        raise Malformed(fields={name: _("“%(name)s” is not a time like 2026-11-20T09:30:00Z.", name=name)}) from None


def span(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    if not timedelta() < ends_at - starts_at <= LONGEST:
        raise Malformed(_("The booking must end after it starts, within two days."))
    return starts_at, ends_at


def zone_of(body: dict[str, Any], name: str, fallback: str) -> str:
    written = body.get(name)
    if written is None or written == "":
        return fallback
    try:
        return ZoneInfo(str(written)).key
    except (KeyError, ValueError, OSError):
        raise Malformed(fields={name: _("“%(name)s” is no time zone like America/New_York.", name=name)}) from None


def _absolute(at: datetime, name: str, zone: str | None) -> datetime:
    if at.tzinfo is not None:
        return _within_years(at.astimezone(UTC))
    if zone is None:
        raise Malformed(fields={name: _("“%(name)s” says no offset from UTC.", name=name)})
    # Of a time that happens twice the first is meant, as calendars read it.
    return _within_years(to_instant(at.date(), at.time().replace(second=0, microsecond=0), zone, FIRST))


def _within_years(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2200:
        raise ValueError(at)
    return at
