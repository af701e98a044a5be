"""A week's report as people read it: what each number is called, and its charts."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from nexapp.sales.activity_kinds import KINDS
from nexapp.sales.reports import Week
from nexapp.spine.web.charts import Chart, stack

LOOKS = {"scan": "open", "ai_message": "held", "pitch_deck": "booked"}
"""What has a colour of its own in the charts."""
REST = "rest"


def headline(kind: str, number: int) -> str:
    words = {
        "scan": ngettext("prospect scanned", "prospects scanned", number),
        "ai_message": ngettext("message generated", "messages generated", number),
        "pitch_deck": ngettext("pitch deck created", "pitch decks created", number),
        "follow_up_sent": ngettext("follow-up sent", "follow-ups sent", number),
    }
    return words[kind]


def against(number: int, before: int) -> str:
    """How it compares with the week before."""
    if number == before:
        return _("as many as last week")
    return _("%(difference)s against last week", difference=f"{number - before:+}".replace("-", "\u2212"))


def legend() -> list[tuple[str, str]]:
    return [*((LOOKS[kind], str(KINDS[kind].label)) for kind in LOOKS), (REST, _("Other"))]


def days_chart(week: Week) -> Chart:
    return stack([(f"{day_name(day)}: {_actions(sum(kinds.values()))}", _parts(kinds)) for day, kinds in week.days])


def weeks_chart(week: Week) -> Chart:
    return stack([
        (_("Week to %(day)s: %(actions)s", day=short_day(sunday), actions=_actions(number)), [("open", number)])
        for sunday, number in week.weeks
    ])  # fmt: skip


def other(kinds: dict[str, int]) -> int:
    return sum(number for kind, number in kinds.items() if kind not in LOOKS)


def day_name(day: date) -> str:
    return str(format_date(day, "EEEE d MMM", locale=get_locale()))


def short_day(day: date) -> str:
    return str(format_date(day, "d MMM", locale=get_locale()))


def week_name(ends_on: date) -> str:
    return _("Week to %(day)s", day=format_date(ends_on, "EEEE d MMMM", locale=get_locale()))


def best_day(week: Week) -> str:
    """The day with the most, in a sentence; empty where none had any."""
    day, kinds = max(week.days, key=lambda found: sum(found[1].values()))
    most = sum(kinds.values())
    return _("%(day)s was the best day: %(actions)s.", day=day_name(day), actions=_actions(most)) if most else ""


def _parts(kinds: dict[str, int]) -> list[tuple[str, int]]:
    return [*((LOOKS[kind], kinds.get(kind, 0)) for kind in LOOKS), (REST, other(kinds))]


def _actions(number: int) -> str:
    return ngettext("%(num)s action", "%(num)s actions", number)
