"""The figures as files for spreadsheets: plain numbers, a point for decimals, dates as ISO writes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from nexapp.slots.figures.queries import Figures, Wording
from nexapp.slots.figures.sums import Sums, TextSums
from nexapp.slots.figures.words import purpose_name, weekday_name, wording_body, wording_name

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets know UTF-8."""

Table = tuple[list[str], list[list[Any]]]


def days_table(figures: Figures, average: int) -> Table:
    rows = [[begin.isoformat(), *_numbers(sums, average)] for begin, sums in figures.steps.items()]
    return [_("Day"), *_headers()], rows


def team_table(figures: Figures, average: int) -> Table:
    return [_("With"), *_headers()], [[person.name, *_numbers(sums, average)] for person, sums in figures.staff]


def hours_table(figures: Figures, average: int) -> Table:
    rows = [
        [weekday_name(weekday, "wide"), f"{hour:02}:00", *_numbers(sums, average)]
        for (weekday, hour), sums in sorted(figures.hours.items())
    ]
    return [_("Weekday"), _("Hour"), *_headers()], rows


def texts_table(wordings: Sequence[Wording]) -> Table:
    headers = [
        _("Text"), _("Version"), _("Wording"), _("Sent"), _("Delivered"), _("Failed"), _("Opened"), _("Open rate"),
        _("Held"), _("Booked"), _("Conversion rate"),
    ]  # fmt: skip
    return headers, [
        [purpose_name(w.purpose), wording_name(w), wording_body(w), *_text_numbers(w.sums)] for w in wordings
    ]


def written(table: Table) -> str:
    """As CSV. A cell that a spreadsheet would run as a formula gets an apostrophe before it."""
    page = io.StringIO()
    writer = csv.writer(page)
    headers, rows = table
    writer.writerow(headers)
    writer.writerows(map(_plain, rows))
    return BYTE_ORDER_MARK + page.getvalue()


def _headers() -> list[str]:
    return [
        _("Slots"), _("Booked"), _("Booked otherwise"), _("Unfilled"), _("Cancelled"), _("Still open"), _("No-shows"),
        _("Fill rate"), _("Offered"), _("Sent"), _("Delivered"), _("Failed"), _("Opened"), _("Held"), _("Converted"),
        _("Conversion rate"), _("Median minutes to fill"), _("Estimated revenue"),
    ]  # fmt: skip


def _numbers(sums: Sums, average: int) -> list[Any]:
    return [
        sums.slots, sums.booked, sums.otherwise, sums.unfilled, sums.cancelled, sums.waiting, sums.no_shows,
        sums.fill_rate, sums.offered, sums.sent, sums.delivered, sums.failed, sums.opened, sums.held, sums.converted,
        sums.conversion_rate, _minutes(sums), Decimal(sums.cents(average)) / 100,
    ]  # fmt: skip


def _minutes(sums: Sums) -> Decimal | None:
    return None if sums.fill_seconds is None else round(Decimal(sums.fill_seconds) / 60, 1)


def _text_numbers(sums: TextSums) -> list[Any]:
    return [
        sums.sent, sums.delivered, sums.failed, sums.opened, sums.open_rate, sums.held, sums.converted,
        sums.conversion_rate,
    ]  # fmt: skip


def _plain(row: Iterable[Any]) -> list[Any]:
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell for cell in row]
