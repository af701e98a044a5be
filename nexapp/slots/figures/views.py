"""The pages of figures. They read summary rows; only slots that changed since the last look are counted before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, request

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.identity.business_settings import get_business
from nexapp.identity.models import Organization
from nexapp.slots.figures import files, words
from nexapp.slots.figures.comparing import Comparison
from nexapp.slots.figures.counting import catch_up
from nexapp.slots.figures.queries import choose, find_pair, get_figures, has_any, list_wordings
from nexapp.slots.figures.ranges import PRESETS, Range, read_range
from nexapp.slots.forms import read_uuid
from nexapp.slots.queries import list_staff
from nexapp.slots.times import today_in
from nexapp.spine.access import member
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page

pages = Blueprint("figures", __name__)
TABLES = ("days", "team", "hours", "texts")


@pages.get("/analytics")
@member(Role.VIEWER)
def index() -> Response:
    business = _business()
    wanted, who = _wanted(business)
    catch_up(business.id)
    figures = get_figures(wanted, business.time_zone, who)
    shown = figures.total.slots > 0
    return page(
        "figures/index.html", "figures/_figures.html", figures=figures, words=words,
        wordings=list_wordings(wanted, business.time_zone, who) if shown else [],
        has_any=shown or has_any(), charts=_charts(figures, wanted, business) if shown else {},
        **_frame(business, wanted, who),
    )  # fmt: skip


@pages.get("/analytics/wordings")
@member(Role.VIEWER)
def compare() -> Response:
    """Two wordings side by side: `first` and `second` name versions by their id, or `default-<purpose>`."""
    business = _business()
    wanted, who = _wanted(business)
    catch_up(business.id)
    wordings = list_wordings(wanted, business.time_zone, who)
    chosen = choose(wordings, request.args.get("first", ""), request.args.get("second", ""))
    pair = find_pair(wordings, *chosen)
    return page(
        "figures/wordings.html", "figures/_wordings.html", words=words, wordings=wordings, chosen=chosen,
        comparison=Comparison(*pair) if pair else None, **_frame(business, wanted, who),
    )  # fmt: skip


@pages.get("/analytics.csv")
@member(Role.VIEWER)
def download() -> Response:
    business = _business()
    wanted, who = _wanted(business)
    catch_up(business.id)
    name = request.args.get("table", TABLES[0])
    table = _table(name if name in TABLES else TABLES[0], wanted, business, who)
    answer = Response(files.written(table), mimetype="text/csv")
    days = f"{wanted.first.isoformat()}-{wanted.last.isoformat()}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name if name in TABLES else "days"}-{days}.csv"'
    return answer


def _business() -> Organization:
    if g.get("org_kind", "business") not in WITH_SLOTS:
        raise NotFound
    return get_business()


def _wanted(business: Organization) -> tuple[Range, UUID | None]:
    return read_range(request.args, today_in(business.time_zone)), read_uuid(request.args.get("staff"))


def _frame(business: Organization, wanted: Range, who: UUID | None) -> dict[str, Any]:
    """What every page of figures says above its numbers: whose, of which days, and how to see others."""
    kept = {"staff": str(who)} if who else {}
    return {
        "business": business, "wanted": wanted, "who": who, "staff": list_staff(), "kept": kept,
        "presets": [(name, words.preset_name(name)) for name in PRESETS], "query": wanted.address() | kept,
    }  # fmt: skip


def _charts(figures: Any, wanted: Range, business: Organization) -> dict[str, Any]:
    return {
        "filled": words.filled_chart(figures, wanted.step),
        "revenue": words.revenue_chart(figures, wanted.step, business.average_value_cents, business.currency),
        "minutes": words.minutes_chart(figures, wanted.step),
    }


def _table(name: str, wanted: Range, business: Organization, who: UUID | None) -> files.Table:
    zone, average = business.time_zone, business.average_value_cents
    if name == "texts":
        return files.texts_table(list_wordings(wanted, zone, who))
    figures = get_figures(wanted, zone, who, step="day")
    tables = {"days": files.days_table, "team": files.team_table, "hours": files.hours_table}
    return tables[name](figures, average)
