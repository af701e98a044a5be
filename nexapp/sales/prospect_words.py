"""How prospects are spoken of: temperatures, sources of order, what happened."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

HOT, WARM = 80, 50
"""Scores from which a prospect is hot, and warm; below it is cold."""

TEMPERATURES = {"hot": _("Hot"), "warm": _("Warm"), "cold": _("Cold")}
RANGES = {"hot": (HOT, 100), "warm": (WARM, HOT - 1), "cold": (0, WARM - 1)}
SORTS = {
    "score": _("Highest score"),
    "next": _("Next follow-up"),
    "active": _("Last activity"),
    "newest": _("Newest"),
}
DUES = {
    "overdue": _("Overdue"),
    "today": _("Today or overdue"),
    "week": _("Within 7 days"),
    "none": _("No follow-up"),
}
REASONS = (
    _("Price"), _("Went with somebody else"), _("No need any more"), _("No answer"), _("Bad timing"),
)  # fmt: skip
"""Why prospects are lost, to choose from; any other words will do."""


def temperature_of(score: int) -> str:
    """hot, warm or cold."""
    return "hot" if score >= HOT else "warm" if score >= WARM else "cold"


def temperature_word(score: int) -> str:
    return str(TEMPERATURES[temperature_of(score)])
