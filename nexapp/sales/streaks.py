"""Streaks of active days: kept as each day's first action comes, and folded anew from the days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.sales import coins
from nexapp.sales.activity_kinds import COUNTING
from nexapp.sales.progress_models import ActiveDay, StreakRow
from nexapp.sales.streaks_folding import Streak, fold
from nexapp.spine.clock import now
from nexapp.spine.db import db

COUNT_ALL = text("""
    INSERT INTO active_days (org_id, user_id, on_date, actions)
    SELECT org_id, user_id, on_date, count(*) FROM activities WHERE org_id = :org AND kind = ANY (:kinds)
    GROUP BY org_id, user_id, on_date
    ON CONFLICT (org_id, user_id, on_date) DO UPDATE SET actions = EXCLUDED.actions
""")
DAYS_OF_ALL = text("""
    SELECT user_id, array_agg(on_date ORDER BY on_date) AS days FROM active_days
    WHERE org_id = :org AND on_date <= coalesce(CAST(:until AS date), 'infinity') GROUP BY user_id
""")


def lock(org_id: UUID, user_id: UUID) -> None:
    """Wait for whoever else counts something of this person; the row stands from now on."""
    statement = insert(StreakRow).values(org_id=org_id, user_id=user_id, frozen_on=[])
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[StreakRow.org_id, StreakRow.user_id], set_={"updated_at": now()}
        )
    )


def count_day(org_id: UUID, user_id: UUID, on_date: date) -> bool:
    """Count one action of the day; True for its first."""
    statement = insert(ActiveDay).values(org_id=org_id, user_id=user_id, on_date=on_date, actions=1)
    actions = db.session.scalar(
        statement.on_conflict_do_update(
            index_elements=[ActiveDay.org_id, ActiveDay.user_id, ActiveDay.on_date],
            set_={"actions": ActiveDay.actions + 1},
        ).returning(ActiveDay.actions)
    )
    return actions == 1


def uncount_day(org_id: UUID, user_id: UUID, on_date: date) -> bool:
    """Count one action of the day less; True where it was the only one."""
    mine = (ActiveDay.org_id == org_id, ActiveDay.user_id == user_id, ActiveDay.on_date == on_date)
    only = delete(ActiveDay).where(*mine, ActiveDay.actions == 1).returning(ActiveDay.on_date)
    if db.session.scalar(only) is not None:
        return True
    db.session.execute(update(ActiveDay).where(*mine).values(actions=ActiveDay.actions - 1))
    return False


def rebuild(org_id: UUID, user_id: UUID) -> Streak:
    """Fold the streak from its days. The caller holds its lock."""
    days = db.session.scalars(
        select(ActiveDay.on_date).where(ActiveDay.org_id == org_id, ActiveDay.user_id == user_id)
    ).all()
    streak = fold(days, coins.freezes_bought(org_id, user_id))
    db.session.execute(
        update(StreakRow)
        .where(StreakRow.org_id == org_id, StreakRow.user_id == user_id)
        .values(**_columns(streak), updated_at=now())
    )
    return streak


def rebuild_all(org_id: UUID) -> int:
    """Count the days of everybody from the activities and fold their streaks: for what was written in bulk."""
    db.session.execute(COUNT_ALL, {"org": org_id, "kinds": list(COUNTING)})
    return fold_all(org_id)


def fold_all(org_id: UUID, until: date | None = None) -> int:
    """Everybody's streak from the days that were counted; with `until`, as it stood in the evening of that day."""
    people = db.session.execute(DAYS_OF_ALL, {"org": org_id, "until": until}).all()
    bought = coins.freezes_bought_by(org_id)
    rows = [
        {"org_id": org_id, "user_id": one.user_id, **_columns(fold(one.days, bought.get(one.user_id)))}
        for one in people
    ]
    if rows:
        statement = insert(StreakRow)
        kept = {name: statement.excluded[name] for name in _columns(Streak())}
        db.session.execute(
            statement.on_conflict_do_update(index_elements=[StreakRow.org_id, StreakRow.user_id], set_=kept), rows
        )
    return len(rows)


def find_streak(org_id: UUID, user_id: UUID) -> Streak:
    """Somebody's streak; an empty one where they have none."""
    row = db.session.execute(
        select(StreakRow.__table__).where(StreakRow.org_id == org_id, StreakRow.user_id == user_id)
    ).first()
    if row is None:
        return Streak()
    return Streak(
        row.current_days, row.longest_days, row.total_days, row.started_on, row.last_on, row.alive_until,
        list(row.frozen_on),
    )  # fmt: skip


def list_days(org_id: UUID, user_id: UUID, first: date, last: date) -> Mapping[date, int]:
    """Actions by day, of the days that had some."""
    rows: Sequence[Any] = db.session.execute(
        select(ActiveDay.on_date, ActiveDay.actions).where(
            ActiveDay.org_id == org_id, ActiveDay.user_id == user_id, ActiveDay.on_date.between(first, last)
        )
    ).all()
    return {row.on_date: row.actions for row in rows}


def _columns(streak: Streak) -> dict[str, Any]:
    found = asdict(streak)
    names = {"current": "current_days", "longest": "longest_days", "total": "total_days"}
    return {names.get(name, name): value for name, value in found.items()}
