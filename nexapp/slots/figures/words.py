"""The figures as people read them: days, rates, wordings, and what each bar of a chart says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal

from babel.dates import format_date, format_time, get_day_names
from babel.numbers import format_decimal
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from nexapp.messaging.purposes import PURPOSES
from nexapp.slots.figures.queries import Figures, Wording
from nexapp.slots.figures.sums import Sums
from nexapp.spine.web.charts import Chart, stack
from nexapp.spine.web.templating import money

NOTHING = "\u2013"
PRESET_NAMES = {
    "week": lambda: _("This week"),
    "7": lambda: _("7 days"),
    "30": lambda: _("30 days"),
    "90": lambda: _("90 days"),
    "365": lambda: _("A year"),
    "ahead": lambda: _("Ahead"),
}


def preset_name(name: str) -> str:
    return str(PRESET_NAMES[name]())


def step_name(begin: date, step: str) -> str:
    """What a bar stands for: `Mon 3 Nov`, `Week of 3 Nov`, `November 2026`."""
    if step == "month":
        return str(format_date(begin, "LLLL yyyy", locale=_locale()))
    day = format_date(begin, "d MMM", locale=_locale())
    return _("Week of %(day)s", day=day) if step == "week" else str(format_date(begin, "EEE d MMM", locale=_locale()))


def step_marks(steps: Iterable[date]) -> list[str]:
    """The first, the middle and the last bar, in words that find room below a chart."""
    days = list(steps)
    shown = [days[0], days[len(days) // 2], days[-1]] if len(days) > 2 else days[:1]
    form = "d MMM" if days[0].year == days[-1].year else "MMM yyyy"
    return [str(format_date(day, form, locale=_locale())) for day in shown]


def weekday_name(weekday: int, width: str = "abbreviated") -> str:
    return str(get_day_names(width, locale=_locale())[weekday])  # type: ignore[arg-type]


def hour_name(hour: int) -> str:
    """An hour of the day, whatever the day: `9 AM`."""
    return str(format_time(time(hour), "h a", locale=_locale()))


def rate(value: Decimal | None, *, whole: bool = False) -> str:
    """`4.25%`, or `75%` where people want no more; a dash where there is nothing to take a rate of."""
    if value is None:
        return NOTHING
    return f"{format_decimal(value, '#,##0' if whole else '#,##0.00', locale=_locale())}%"


def number(value: int) -> str:
    return str(format_decimal(value, locale=_locale()))


def booked_words(sums: Sums) -> str:
    booked = ngettext("%(num)s booked", "%(num)s booked", sums.booked)
    if not sums.no_shows:
        return booked
    missed = ngettext("%(num)s of them a no-show", "%(num)s of them no-shows", sums.no_shows)
    return f"{booked} ({missed})"


def minutes(value: int | None) -> str:
    if value is None:
        return NOTHING
    return "<1" if value == 0 else str(value)


def wording_name(wording: Wording) -> str:
    """`Version 3`, `Default wording`; with the kind of text where it isn't the usual one."""
    if wording.template_id is None:
        name = _("Default wording")
    else:
        name = _("Version %(number)s", number=wording.version or "?")
    return str(name)


def purpose_name(purpose: str) -> str:
    known = PURPOSES.get(purpose)
    return str(known.title) if known and known.title else purpose


def wording_body(wording: Wording) -> str:
    known = PURPOSES.get(wording.purpose)
    return wording.body or (str(known.default) if known else "")


def filled_chart(figures: Figures, step: str) -> Chart:
    columns = [
        (
            f"{step_name(begin, step)}: {filled_words(sums)}",
            (("booked", sums.booked), ("rest", sums.slots - sums.booked)),
        )
        for begin, sums in figures.steps.items()
    ]
    return stack(columns)


def revenue_chart(figures: Figures, step: str, average: int, currency: str) -> Chart:
    """In whole units of the currency: cents are lost in a bar."""
    worth = {begin: sums.cents(average) for begin, sums in figures.steps.items()}
    columns = [
        (f"{step_name(begin, step)}: {money(cents, currency)}", (("booked", round(cents / 100)),))
        for begin, cents in worth.items()
    ]
    return stack(columns)


def minutes_chart(figures: Figures, step: str) -> Chart:
    columns = [
        (f"{step_name(begin, step)}: {minutes_words(sums)}", (("open", max(1, sums.minutes_to_fill or 0)),))
        if sums.minutes_to_fill is not None
        else (f"{step_name(begin, step)}: {minutes_words(sums)}", ())
        for begin, sums in figures.steps.items()
    ]
    return stack(columns)


def filled_words(sums: Sums) -> str:
    return ngettext(
        "%(booked)s of %(num)s slot filled", "%(booked)s of %(num)s slots filled", sums.slots, booked=sums.booked
    )


def minutes_words(sums: Sums) -> str:
    if sums.minutes_to_fill is None:
        return _("nothing filled")
    shown = minutes(sums.minutes_to_fill)
    return ngettext("%(shown)s minute", "%(shown)s minutes", max(1, sums.minutes_to_fill), shown=shown)


def days_words(first: date, last: date) -> str:
    """`23 Oct to 21 Nov 2026`."""
    if first == last:
        return str(format_date(last, "EEE d MMM yyyy", locale=_locale()))
    form = "d MMM" if first.year == last.year else "d MMM yyyy"
    return _(
        "%(first)s to %(last)s",
        first=format_date(first, form, locale=_locale()),
        last=format_date(last, "d MMM yyyy", locale=_locale()),
    )


def before_words(days: int) -> str:
    return ngettext("the day before", "the %(num)s days before", days)


def _locale() -> str:
    return str(get_locale() or "en")
