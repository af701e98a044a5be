"""Quiet hours of the people we text: until when a text waits, and when the next begin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import has_app_context

from nexapp.spine.config import settings

_EVENING, _MORNING = time(20), time(8)
_NINE = time(9)

REGIONS: dict[str, tuple[time, time]] = {
    # When a state's own law on sales calls and texts begins and ends its quiet hours, where that is stricter
    # than 21:00 to 08:00.
    "US-AL": (_EVENING, _MORNING),
    "US-CT": (_EVENING, _NINE),
    "US-FL": (_EVENING, _MORNING),
    "US-KY": (time(21), time(10)),
    "US-LA": (_EVENING, _MORNING),
    "US-MA": (_EVENING, _MORNING),
    "US-MD": (_EVENING, _MORNING),
    "US-MS": (_EVENING, _MORNING),
    "US-NV": (_EVENING, _NINE),
    "US-OK": (_EVENING, _MORNING),
    "US-TX": (time(21), _NINE),
    "US-WA": (_EVENING, _MORNING),
    "US-WY": (_EVENING, _MORNING),
}


FLOOR = (time(21), time(8))
"""The night that the law keeps free of such texts in every region: a business may keep more of it free, not less."""

_COMMON_WITHIN = timedelta(days=2)

Rule = tuple[ZoneInfo, tuple[time, time]]


def quiet_until(at: datetime, *, zones: Iterable[str], region: str, starts: time, ends: time) -> datetime | None:
    """The first instant after `at` that is quiet in none of the zones; None where `at` isn't quiet.

    `starts` and `ends` are the business's own hours; the region's make them stricter, never laxer. The first zone is
    where the person is surest to be: where zones half a world apart are never awake together, it alone decides.
    """
    moment = _quiet_end_in_all(at, _rules(zones, region, (starts, ends)))
    return None if moment == at else moment


def next_quiet(
    at: datetime, *, zones: Iterable[str], region: str, starts: time, ends: time
) -> tuple[datetime, datetime] | None:
    """The first quiet span that begins after `at`, a moment that isn't quiet itself; None where there is none."""
    rules = _rules(zones, region, (starts, ends))
    for begin in sorted(begin for place, span in rules for begin in _evenings(at, place, span[0])):
        until = _quiet_end_in_all(begin, rules)
        if until > begin:
            return begin, until
    return None


def _rules(zones: Iterable[str], region: str, own: tuple[time, time]) -> list[Rule]:
    spans = dict.fromkeys([own, REGIONS.get(region, FLOOR if _keeps_floor() else own)])
    return [(ZoneInfo(zone), span) for zone in dict.fromkeys(zones) for span in spans]


def _keeps_floor() -> bool:
    """Not at the local phone: nobody sleeps beside it, and a demo has to work at any hour."""
    return has_app_context() and settings().keeps_quiet_floor


def _evenings(at: datetime, place: ZoneInfo, starts: time) -> list[datetime]:
    """When the quiet hours of one rule begin in the days after `at`."""
    today = at.astimezone(place).date()
    begins = [datetime.combine(today + timedelta(days=n), starts, place).astimezone(at.tzinfo) for n in range(3)]
    return [begin for begin in begins if begin > at]


def _quiet_end_in_all(at: datetime, rules: list[Rule]) -> datetime:
    """When nobody's quiet hours hold any more; `at` itself where none do."""
    moment = at
    # One zone's morning may still be another's night; what is awake together once a day is so within two.
    while moment <= at + _COMMON_WITHIN:
        later = max((_quiet_end(moment, place, span) for place, span in rules), default=moment)
        if later == moment:
            return moment
        moment = later
    surest = [rule for rule in rules if rule[0] == rules[0][0]]
    # A business that is quiet all day has hours the law's night fills up: then only the law's hold.
    return _quiet_end_in_all(at, surest if len(surest) < len(rules) else rules[-1:])


def _quiet_end(moment: datetime, place: ZoneInfo, span: tuple[time, time]) -> datetime:
    """When the quiet hours around `moment` end in one zone; `moment` itself where it isn't quiet there."""
    starts, ends = span
    local = moment.astimezone(place)
    wall = local.time()
    if not (starts <= wall < ends if starts < ends else starts != ends and (wall >= starts or wall < ends)):
        return moment
    day = local.date() + timedelta(days=1 if starts > ends and wall >= starts else 0)
    return datetime.combine(day, ends, place).astimezone(moment.tzinfo)
