"""/progress: one's own streak, missions, coins and achievements."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date
from flask import Response, request, url_for
from flask_babel import get_locale, ngettext

from nexapp.identity.business_settings import get_business
from nexapp.sales import achievements, coins, insights
from nexapp.sales.blueprint import pages
from nexapp.sales.coins import TooFewCoins
from nexapp.sales.progress_overview import LEDGER, Overview, buy_freeze, get_overview, own_ids, reason_words
from nexapp.sales.prospects_forms import read_id
from nexapp.spine.access import member
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from nexapp.spine.wall_times import day_words
from nexapp.spine.web.charts import Chart, stack
from nexapp.spine.web.pages import page, see_other


@pages.get("/progress")
@member(Role.VIEWER)
def progress() -> Response:
    found = get_overview()
    return page(
        "sales/progress.html", "sales/_progress.html", found=found, chart=_chart(found), business=get_business(),
        known=achievements.KNOWN, costs=coins.FREEZE_COSTS, shown=found.entries[:LEDGER],
        has_more=len(found.entries) > LEDGER, insights=insights.list_insights(), reason_words=reason_words,
        day_words=day_words, weekdays=[_weekday(day.on) for day in found.weeks[0]],
        freeze_key=new_id(),
        marks=[_short(one) for one in _ends(found)], total=sum(found.daily.values()),
    )  # fmt: skip


@pages.get("/progress/coins")
@member(Role.VIEWER)
def coin_entries() -> Response:
    """More lines of the ledger, from the one that was shown last."""
    own = own_ids()
    rows = coins.list_entries(*own, read_id(request.args.get("before")), LEDGER * 5 + 1)
    return page(
        "sales/progress_coins.html", "sales/_progress_coins.html", shown=rows[: LEDGER * 5],
        has_more=len(rows) > LEDGER * 5, reason_words=reason_words, business=get_business(),
        balance=coins.balance_of(*own),
    )  # fmt: skip


@pages.post("/progress/freezes")
@member(Role.VIEWER)
def buy_a_freeze() -> Response:
    try:
        left = buy_freeze(read_id(request.form.get("key")) or new_id())
    except TooFewCoins as error:
        return see_other(url_for("sales.progress"), error.sentence, "error")
    words = ngettext("You have one more freeze this month, and %(num)s coin left.",
                     "You have one more freeze this month, and %(num)s coins left.", left)  # fmt: skip
    return see_other(url_for("sales.progress"), words)


def _chart(found: Overview) -> Chart:
    return stack([
        (ngettext("%(day)s: %(num)s action", "%(day)s: %(num)s actions", done, day=day_words(on)), [("booked", done)])
        for on, done in found.daily.items()
    ])  # fmt: skip


def _ends(found: Overview) -> list[date]:
    days = list(found.daily)
    return [days[0], days[len(days) // 2], days[-1]]


def _short(on: date) -> str:
    return format_date(on, "d MMM", locale=get_locale())


def _weekday(on: date) -> str:
    return format_date(on, "EEE", locale=get_locale())
