"""The words and drawings of the engagement pages."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.notifications.engagement import Engagement, Reception, Trial
from nexapp.notifications.engine import pieces
from nexapp.spine.proportions import FEW, SURE, distance
from nexapp.spine.wall_times import day_words
from nexapp.spine.web.charts import stack


def charts_of(engagement: Engagement) -> dict[str, Any]:
    """The drawing of the days, its sum in words, and the words below it."""
    days = list(engagement.by_day)
    columns = [
        (f"{day_words(day)}: {reception_words(figures)}", (("booked", figures.opened), ("rest", _unopened(figures))))
        for day, figures in engagement.by_day.items()
    ]
    return {
        "days": stack(columns),
        "summary": reception_words(engagement.total),
        "marks": [day_words(day) for day in (days[0], days[-1])],
        "span": span_words,
        "rate": rate_words,
        "trials": [(trial, _wordings(trial), verdict_words(trial)) for trial in engagement.trials],
    }


def reception_words(figures: Reception) -> str:
    came = ngettext("%(num)s notice", "%(num)s notices", figures.made)
    return _("%(came)s, %(opened)s opened.", came=came, opened=figures.opened)


def rate_words(figures: Reception) -> str:
    return "\u2013" if figures.open_rate is None else f"{figures.open_rate:.0f}%"


def verdict_words(trial: Trial) -> str:
    """Whether one of two wordings is opened more, and not by chance."""
    first, second = trial.first, trial.second
    if min(first.made, second.made) < FEW:
        return _("Too few to tell yet: each wording needs at least %(few)s.", few=FEW)
    better, worse = (first, second) if (first.open_rate or 0) >= (second.open_rate or 0) else (second, first)
    said = {"rate": rate_words(better), "other": rate_words(worse)}
    if distance((better.opened, better.made), (worse.opened, worse.made)) < SURE:
        return _("No clear winner: %(rate)s against %(other)s opened, which may well be chance.", **said)
    if better is first:
        return _("The first works better: %(rate)s of it were opened, against %(other)s.", **said)
    return _("The second works better: %(rate)s of it were opened, against %(other)s.", **said)


def _wordings(trial: Trial) -> list[tuple[str, Reception]]:
    second = trial.type.second
    told = [(trial.type.title, trial.type.body, trial.first)]
    told += [(second.title, second.body, trial.second)] if second else []
    return [(f"{_plain(title)} \u00b7 {_plain(body)}", figures) for title, body, figures in told]


def _plain(template: Any) -> str:
    """With an ellipsis in each place."""
    return "".join("\u2026" if n % 2 else piece for n, piece in enumerate(pieces(template)))


def span_words(seconds: float | None) -> str:
    """A median wait, in its largest sensible unit."""
    if seconds is None:
        return "\u2013"
    if seconds < 90:
        return ngettext("%(num)s second", "%(num)s seconds", round(seconds))
    if seconds < 90 * 60:
        return ngettext("%(num)s minute", "%(num)s minutes", round(seconds / 60))
    if seconds < 36 * 3600:
        return ngettext("%(num)s hour", "%(num)s hours", round(seconds / 3600))
    return ngettext("%(num)s day", "%(num)s days", round(seconds / 86400))


def _unopened(figures: Reception) -> int:
    return figures.made - figures.opened
