"""How somebody is doing, for their own page: streak, missions, coins, achievements and what they did day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select

from nexapp.sales import achievements, coins, missions, streaks
from nexapp.sales.activities import SIGNAL, zone_of
from nexapp.sales.models import Activity
from nexapp.sales.progress_models import CoinEntry
from nexapp.sales.streaks_folding import Streak, freezes_left, month_of
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import Forbidden
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor
from nexapp.spine.wall_times import today_in

WEEKS = 13
CHART_DAYS = 30
LEDGER = 10
STRONG = (1, 3, 6, 10)
"""Actions of a day from which its square is of the next colour."""


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    actions: int
    state: str
    """active, frozen, missed, or ahead of today."""
    strength: int


@dataclass(frozen=True, slots=True)
class Overview:
    today: date
    streak: Streak
    freezes: int
    """Left for this month."""
    weeks: Sequence[Sequence[Day]]
    """Of seven days each from Monday on, the present one last."""
    missions: Sequence[missions.Standing]
    balance: int
    entries: Sequence[CoinEntry]
    achievements: Mapping[str, Any]
    daily: Mapping[date, int]

    @property
    def current(self) -> int:
        return self.streak.current_on(self.today)


def get_overview() -> Overview:
    """Of the acting member."""
    org_id, user_id = own_ids()
    today = today_in(zone_of(org_id, user_id))
    streak, bought = streaks.find_streak(org_id, user_id), coins.freezes_bought(org_id, user_id)
    first = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    days = streaks.list_days(org_id, user_id, first, today + timedelta(days=1))
    return Overview(
        today, streak, freezes_left(streak.frozen_on, month_of(today), bought), _calendar(days, streak, first, today),
        missions.list_standings(org_id, user_id, today), coins.balance_of(org_id, user_id),
        coins.list_entries(org_id, user_id, most=LEDGER + 1),
        {one.name: one.created_at for one in achievements.list_achievements(org_id, user_id)},
        _daily(org_id, user_id, today),
    )  # fmt: skip


def buy_freeze(key: UUID) -> int:
    """Another freeze for this month, once for each `key`; the coins that are left. Raises `TooFewCoins`."""
    org_id, user_id = own_ids()
    today = today_in(zone_of(org_id, user_id))
    streaks.lock(org_id, user_id)
    left = coins.spend(org_id, user_id, coins.FREEZE_COSTS, coins.FREEZE, f"freeze:{key}", today)
    streaks.rebuild(org_id, user_id)
    audit.record("freeze.bought", "user", user_id)
    publish(f"user:{user_id}", SIGNAL)
    return left


def own_ids() -> tuple[UUID, UUID]:
    """Organisation and person of the acting member. Raises `Forbidden` for who is none."""
    actor = current_actor()
    if actor.user_id is None:
        raise Forbidden
    return actor.tenant, actor.user_id


def _calendar(days: Mapping[date, int], streak: Streak, first: date, today: date) -> list[list[Day]]:
    frozen = set(streak.frozen_on)
    return [
        [_day(first + timedelta(days=7 * week + weekday), days, frozen, today) for weekday in range(7)]
        for week in range(WEEKS)
    ]


def _day(on: date, days: Mapping[date, int], frozen: set[date], today: date) -> Day:
    actions = days.get(on, 0)
    state = "active" if actions else "frozen" if on in frozen else "ahead" if on > today else "missed"
    return Day(on, actions, state, sum(actions >= least for least in STRONG))


def _daily(org_id: UUID, user_id: UUID, today: date) -> dict[date, int]:
    """Everything done, whether it counts for the streak or not, of the last days."""
    first = today - timedelta(days=CHART_DAYS - 1)
    rows: Sequence[Any] = db.session.execute(
        select(Activity.on_date, func.count().label("done"))
        .where(Activity.org_id == org_id, Activity.user_id == user_id, Activity.on_date.between(first, today))
        .group_by(Activity.on_date)
    ).all()
    done = {row.on_date: row.done for row in rows}
    return {first + timedelta(days=n): done.get(first + timedelta(days=n), 0) for n in range(CHART_DAYS)}


def reason_words(entry: CoinEntry) -> str:
    """What coins were earned by or spent on."""
    kind, _between, name = entry.entry_key.partition(":")
    if kind == "mission":
        known = next((one for one in missions.MISSIONS if one.name == name.partition(":")[0]), None)
        title = str(known.title) if known else _("Mission")
        return _("Taken back: %(title)s", title=title) if entry.amount < 0 else title
    if kind == "achievement" and name in achievements.BY_NAME:
        return str(achievements.BY_NAME[name].title)
    return _("A freeze for the month") if entry.reason == coins.FREEZE else entry.reason
