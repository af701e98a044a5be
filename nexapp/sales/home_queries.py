"""What a salesperson's start page shows, beside what other pages have queries for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select

from nexapp.sales.models import Prospect, ProspectStage
from nexapp.sales.prospect_words import HOT, WARM
from nexapp.sales.rhythm_models import DailyTop
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor


def list_hottest(owner_id: UUID, most: int = 5) -> Sequence[Any]:
    """Somebody's open prospects worth a call, the best first."""
    at_stage = and_(ProspectStage.org_id == Prospect.org_id, ProspectStage.id == Prospect.stage_id)
    return db.session.execute(
        select(
            Prospect.id, Prospect.name, Prospect.company, Prospect.score, Prospect.phone, Prospect.last_activity_at,
            Prospect.value_cents, ProspectStage.name.label("stage"),
        )
        .join(ProspectStage, at_stage)
        .where(
            Prospect.org_id == current_actor().tenant, Prospect.owner_id == owner_id, Prospect.deleted_at.is_(None),
            Prospect.score >= WARM, ProspectStage.outcome == "open",
        )
        .order_by(Prospect.score.desc(), Prospect.id)
        .limit(most)
    ).all()  # fmt: skip


def count_own(owner_id: UUID) -> tuple[int, int]:
    """All of somebody's prospects, and the hot ones."""
    row = db.session.execute(
        select(func.count(), func.count().filter(Prospect.score >= HOT)).where(
            Prospect.org_id == current_actor().tenant, Prospect.owner_id == owner_id, Prospect.deleted_at.is_(None)
        )
    ).one()
    return row[0], row[1]


def find_daily_top(user_id: UUID, on: date) -> DailyTop | None:
    """What the morning ranked."""
    found: DailyTop | None = db.session.scalar(
        select(DailyTop).where(
            DailyTop.org_id == current_actor().tenant, DailyTop.user_id == user_id, DailyTop.on_date == on
        )
    )
    return found
