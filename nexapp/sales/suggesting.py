"""When and how to follow up next, proposed from stated rules with its reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import text

from nexapp.sales.letter_addresses import why_no_email
from nexapp.sales.prospect_words import temperature_of
from nexapp.sales.when import NINE, SATURDAY, Due, settled
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor
from nexapp.spine.wall_times import clock_words
from nexapp.spine.web.templating import local_day

A_DAY = timedelta(days=1)
PAUSES = {"hot": 1, "warm": 3, "cold": 7}
"""Days from the last contact to the next, by temperature."""

ENOUGH = 2
"""From so many answers on, the weekday and the hour that most of them came at count."""

EARLIEST, LATEST = 8, 18

# What they did, rather than what was done to them; and where each came from.
ANSWERS = text("""
    SELECT at, kind FROM activities
    WHERE org_id = :org_id AND prospect_id = :prospect_id AND kind IN ('reply', 'meeting', 'call')
      AND at > CAST(:since AS timestamptz)
    ORDER BY at DESC LIMIT 50
""")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`channel` is call, text, email or other."""

    due: Due
    channel: str
    message: str
    reasons: tuple[str, ...]


def suggest_for(prospect: Any, zone: str) -> Suggestion:
    """For a prospect (name, score, phone, email, last_activity_at), by the clock of `zone`."""
    since = now() - timedelta(days=180)
    answers = db.session.execute(
        ANSWERS, {"org_id": current_actor().tenant, "prospect_id": prospect.id, "since": since}
    ).all()
    return suggest(prospect, answers, zone, now(), may_email=not why_no_email(prospect.email))


def suggest(
    prospect: Any, answers: Sequence[Any], zone: str, present: datetime, *, may_email: bool = True
) -> Suggestion:
    """The same for given answers (`at`, `kind`). Never in the past; on a weekend only where they answer then."""
    place = ZoneInfo(zone)
    replies = [row.at.astimezone(place) for row in answers if row.kind in ("reply", "meeting")]
    on, reasons = _pause_over(prospect, place, present)
    weekday, hour = _habit(replies)
    if weekday is not None:
        on += timedelta(days=(weekday - on.weekday()) % 7)
        count = sum(1 for at in replies if at.weekday() == weekday)
        reasons.append(_answered(count, len(replies), weekday, hour))
    else:
        on += timedelta(days=max(0, 7 - on.weekday()) if on.weekday() >= SATURDAY else 0)
    wall = time(hour) if hour is not None else NINE
    channel, why = _channel(prospect, answers, may_email)
    reasons.append(why)
    return Suggestion(
        Due(settled(on, wall, zone), on, wall, zone), channel, _message(channel, prospect), tuple(reasons)
    )


def _pause_over(prospect: Any, place: ZoneInfo, present: datetime) -> tuple[date, list[str]]:
    """The first day after the pause that suits the temperature, from tomorrow on."""
    warmth = temperature_of(prospect.score)
    today = present.astimezone(place).date()
    last = prospect.last_activity_at.astimezone(place).date() if prospect.last_activity_at else None
    wanted = (last or today) + PAUSES[warmth] * A_DAY
    words = {
        "hot": _("Hot at %(score)s: the day after the last contact.", score=prospect.score),
        "warm": _("Warm at %(score)s: three days after the last contact.", score=prospect.score),
        "cold": _("Cold at %(score)s: a week after the last contact.", score=prospect.score),
    }
    reasons = [words[warmth]]
    if last is None:
        reasons.append(_("Nobody has been in touch yet."))
    elif last < today:
        reasons.append(
            ngettext(
                "The last contact was %(num)s day ago.", "The last contact was %(num)s days ago.", (today - last).days
            )
        )
    return max(wanted, today + A_DAY), reasons


def _habit(replies: Sequence[datetime]) -> tuple[int | None, int | None]:
    """The weekday of most answers, where it has at least two and half of them; and their usual hour."""
    if len(replies) < ENOUGH:
        return None, None
    hour = min(max(round(median(at.hour for at in replies)), EARLIEST), LATEST)
    weekday, count = min(Counter(at.weekday() for at in replies).items(), key=lambda found: (-found[1], found[0]))
    return (weekday, hour) if count >= ENOUGH and 2 * count >= len(replies) else (None, hour)


def _answered(count: int, total: int, weekday: int, hour: int | None) -> str:
    # Any Monday, and the days after it: only its name is shown.
    name = local_day(date(2024, 1, 1) + weekday * A_DAY, "EEEE")
    return _(
        "They answered %(count)s of %(total)s times on a %(day)s, around %(hour)s.",
        count=count, total=total, day=name, hour=clock_words(time(hour or NINE.hour)),
    )  # fmt: skip


def _channel(prospect: Any, answers: Sequence[Any], may_email: bool) -> tuple[str, str]:
    calls = sum(1 for row in answers if row.kind == "call")
    if prospect.phone and (calls >= ENOUGH or temperature_of(prospect.score) == "hot"):
        why = _("Calls reached them before.") if calls >= ENOUGH else _("A call is the quickest with somebody hot.")
        return "call", why
    if prospect.phone:
        return "text", _("A text is read sooner than an e-mail.")
    if prospect.email and not may_email:
        return "other", _("They asked not to get e-mail, and there is no number.")
    if prospect.email:
        return "email", _("There is an address, but no number.")
    return "other", _("There is neither a number nor an address yet.")


def _message(channel: str, prospect: Any) -> str:
    words = {
        "call": _("Call %(name)s", name=prospect.name), "text": _("Text %(name)s", name=prospect.name),
        "email": _("E-mail %(name)s", name=prospect.name),
        "other": _("Find a way to reach %(name)s", name=prospect.name),
    }  # fmt: skip
    return words[channel]
