"""Missions: small goals of a day or a week, counted from what was recorded, with coins for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask_babel import LazyString, lazy_gettext, ngettext
from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from nexapp.notifications.service import Recipient, notify
from nexapp.sales import coins
from nexapp.sales.models import Activity
from nexapp.sales.progress_models import MissionCompletion
from nexapp.spine.db import db

WEEK = 7
LATE = timedelta(days=7)
"""How long after its day something that is recorded late still counts for a mission."""


@dataclass(frozen=True, slots=True)
class Mission:
    name: str
    title: LazyString
    kinds: tuple[str, ...]
    target: int
    coins: int
    days: int
    """1: of a day; 7: of a week from Monday on."""

    def starts_on(self, day: date) -> date:
        return day if self.days == 1 else day - timedelta(days=day.weekday())

    def ends_on(self, day: date) -> date:
        return self.starts_on(day) + timedelta(days=self.days - 1)


MISSIONS = (
    Mission("follow_ups", lazy_gettext("Send 3 follow-ups today"), ("follow_up_sent",), 3, 15, 1),
    Mission("calls", lazy_gettext("Make 3 calls today"), ("call",), 3, 15, 1),
    Mission("prepare", lazy_gettext("Draft a message today"), ("ai_message",), 1, 5, 1),
    Mission("prospects", lazy_gettext("Add 5 prospects this week"), ("pipeline_add",), 5, 40, WEEK),
    Mission("meetings", lazy_gettext("Hold 2 meetings this week"), ("meeting",), 2, 40, WEEK),
    Mission("decks", lazy_gettext("Make 2 pitch decks this week"), ("pitch_deck",), 2, 30, WEEK),
)


@dataclass(frozen=True, slots=True)
class Standing:
    mission: Mission
    done: int
    starts_on: date
    ends_on: date

    @property
    def is_complete(self) -> bool:
        return self.done >= self.mission.target


def complete(org_id: UUID, user_id: UUID, kind: str, on_date: date, today: date) -> list[str]:
    """Complete what an activity of this kind and day completes; the keys of these. Says which ones are nearly done.

    The caller holds the person's streak lock.
    """
    concerned = [one for one in MISSIONS if kind in one.kinds]
    if not concerned or on_date < today - LATE:
        return []
    counts = _counts(org_id, user_id, on_date, [kind for one in concerned for kind in one.kinds])
    found = []
    for standing in _standings(concerned, counts, on_date):
        if standing.is_complete and _add(org_id, user_id, standing):
            found.append(_key(standing))
            _reward(org_id, user_id, standing, today)
        elif standing.mission.target - standing.done == 1 and standing.ends_on >= today:
            _say_nearly_done(org_id, user_id, standing)
    return found


def withdraw(org_id: UUID, user_id: UUID, kind: str, on_date: date) -> list[str]:
    """Take back what is no longer complete, with its coins as far as there are any; the keys of these.

    The caller holds the person's streak lock.
    """
    concerned = [one for one in MISSIONS if kind in one.kinds]
    counts = _counts(org_id, user_id, on_date, [kind for one in concerned for kind in one.kinds]) if concerned else {}
    found = []
    for standing in _standings(concerned, counts, on_date):
        if not standing.is_complete and _remove(org_id, user_id, standing):
            found.append(_key(standing))
            coins.take_back(org_id, user_id, "mission_undone", f"mission:{_key(standing)}", on_date)
    return found


def list_standings(org_id: UUID, user_id: UUID, today: date) -> list[Standing]:
    """How far somebody is with each mission of today and this week."""
    return _standings(MISSIONS, _counts(org_id, user_id, today, None), today)


def _standings(missions: Sequence[Mission], counts: Mapping[str, tuple[int, int]], day: date) -> list[Standing]:
    return [
        Standing(
            one, sum(counts.get(kind, (0, 0))[0 if one.days == 1 else 1] for kind in one.kinds),
            one.starts_on(day), one.ends_on(day),
        )
        for one in missions
    ]  # fmt: skip


def _counts(org_id: UUID, user_id: UUID, day: date, kinds: list[str] | None) -> dict[str, tuple[int, int]]:
    """Activities by kind, on the day and in its week."""
    monday = day - timedelta(days=day.weekday())
    query = (
        select(Activity.kind, func.count().filter(Activity.on_date == day).label("day"), func.count().label("week"))
        .where(
            Activity.org_id == org_id, Activity.user_id == user_id,
            Activity.on_date.between(monday, monday + timedelta(days=WEEK - 1)),
        )
        .group_by(Activity.kind)
    )  # fmt: skip
    if kinds is not None:
        query = query.where(Activity.kind.in_(kinds))
    rows: Sequence[Any] = db.session.execute(query).all()
    return {row.kind: (row.day, row.week) for row in rows}


def _add(org_id: UUID, user_id: UUID, standing: Standing) -> bool:
    statement = insert(MissionCompletion).values(
        org_id=org_id, user_id=user_id, mission=standing.mission.name, starts_on=standing.starts_on,
        coins=standing.mission.coins,
    )  # fmt: skip
    added = db.session.scalar(statement.on_conflict_do_nothing().returning(MissionCompletion.id))
    return added is not None


def _remove(org_id: UUID, user_id: UUID, standing: Standing) -> bool:
    statement = delete(MissionCompletion).where(
        MissionCompletion.org_id == org_id, MissionCompletion.user_id == user_id,
        MissionCompletion.mission == standing.mission.name, MissionCompletion.starts_on == standing.starts_on,
    )  # fmt: skip
    return db.session.scalar(statement.returning(MissionCompletion.id)) is not None


def _reward(org_id: UUID, user_id: UUID, standing: Standing, today: date) -> None:
    message = _("Mission completed: %(title)s.", title=str(standing.mission.title))
    coins.earn(org_id, user_id, standing.mission.coins, "mission", f"mission:{_key(standing)}", today, message)


def _say_nearly_done(org_id: UUID, user_id: UUID, standing: Standing) -> None:
    mission = standing.mission
    if mission.target == 1:
        return
    values = {
        "title": str(mission.title),
        "message": ngettext(
            "One more, and %(num)s coin is yours.", "One more, and %(num)s coins are yours.", mission.coins
        ),
    }
    recipient = Recipient(user_id, values=values, dedupe_key=f"mission:{org_id}:{_key(standing)}")
    notify([recipient], "mission_alert", action_url="/progress", org_id=org_id)


def _key(standing: Standing) -> str:
    return f"{standing.mission.name}:{standing.starts_on.isoformat()}"
