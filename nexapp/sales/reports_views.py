"""/reports/weekly: one's own weeks."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Response, url_for
from flask_babel import gettext as _

from nexapp.sales import reports, reports_words
from nexapp.sales.activity_kinds import KINDS
from nexapp.sales.blueprint import pages
from nexapp.spine.access import member
from nexapp.spine.errors import Forbidden, NotFound
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other

SUNDAY = 6


@pages.get("/reports/weekly")
@member(Role.VIEWER)
def weekly_reports() -> Response:
    """The newest one; without any, what will be here."""
    user_id = current_actor().user_id
    latest = reports.find_latest_report(user_id) if user_id else None
    if latest is not None:
        return see_other(url_for("sales.weekly_report", on_date=latest.on_date.isoformat()))
    return page("sales/report.html", week=None)


@pages.get("/reports/weekly/<on_date>")
@member(Role.VIEWER)
def weekly_report(on_date: str) -> Response:
    """Any day of the week leads to its Sunday."""
    user_id, day = current_actor().user_id, _read(on_date)
    if user_id is None:
        raise Forbidden
    if day.weekday() != SUNDAY:
        sunday = day + timedelta(days=SUNDAY - day.weekday())
        return see_other(url_for("sales.weekly_report", on_date=sunday.isoformat()))
    return page(
        "sales/report.html", week=reports.get_week(user_id, day), words=reports_words, kinds=KINDS,
        headlines=reports.HEADLINES, listed=reports.list_reports(user_id),
    )  # fmt: skip


def _read(on_date: str) -> date:
    try:
        day = date.fromisoformat(on_date)
        day + timedelta(days=SUNDAY)
    except (ValueError, OverflowError):
        raise NotFound(_("There is no such day.")) from None
    return day
