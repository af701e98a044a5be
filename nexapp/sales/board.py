"""The board: every stage with its totals and its hottest prospects. Two statements, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, lateral, select, true

from nexapp.identity.models import Membership, User
from nexapp.sales.models import Prospect, ProspectStage
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

CARDS = 20


@dataclass(frozen=True, slots=True)
class Column:
    id: UUID
    name: str
    outcome: str
    prospects: int
    value_cents: int
    cards: Sequence[Any]


def list_columns(owner_id: UUID | None = None) -> list[Column]:
    """The stages in their order; with an owner, of theirs only."""
    cards: dict[UUID, list[Any]] = {}
    for row in db.session.execute(_cards(owner_id)):
        cards.setdefault(row.stage_id, []).append(row)
    return [
        Column(row.id, row.name, row.outcome, row.prospects, int(row.value_cents), cards.get(row.id, []))
        for row in db.session.execute(_totals(owner_id))
    ]


def _totals(owner_id: UUID | None) -> Any:
    standing = and_(
        Prospect.org_id == ProspectStage.org_id, Prospect.stage_id == ProspectStage.id, Prospect.deleted_at.is_(None),
        *_of(owner_id),
    )  # fmt: skip
    return (
        select(
            ProspectStage.id, ProspectStage.name, ProspectStage.outcome, func.count(Prospect.id).label("prospects"),
            func.coalesce(func.sum(Prospect.value_cents), 0).label("value_cents"),
        )
        .outerjoin(Prospect, standing)
        .where(ProspectStage.org_id == current_actor().tenant, ProspectStage.archived_at.is_(None))
        .group_by(ProspectStage.id)
        .order_by(ProspectStage.position, ProspectStage.created_at)
    )  # fmt: skip


def _cards(owner_id: UUID | None) -> Any:
    """The hottest few of each stage."""
    best = lateral(
        select(
            Prospect.id, Prospect.name, Prospect.company, Prospect.score, Prospect.value_cents, Prospect.owner_id,
            Prospect.next_follow_up_at, Prospect.org_id,
        )
        .where(
            Prospect.org_id == ProspectStage.org_id, Prospect.stage_id == ProspectStage.id,
            Prospect.deleted_at.is_(None), *_of(owner_id),
        )
        .order_by(Prospect.score.desc(), Prospect.id.desc())
        .limit(CARDS)
        .correlate(ProspectStage)
    ).alias("best")  # fmt: skip
    works = and_(
        Membership.org_id == best.c.org_id, Membership.user_id == best.c.owner_id, Membership.deactivated_at.is_(None)
    )
    return (
        select(
            *(column for column in best.c if column.name != "org_id"), ProspectStage.id.label("stage_id"),
            User.name.label("owner"), and_(best.c.owner_id.is_not(None), Membership.id.is_(None)).label("has_left"),
        )
        .select_from(ProspectStage)
        .join(best, true())
        .outerjoin(User, User.id == best.c.owner_id)
        .outerjoin(Membership, works)
        .where(ProspectStage.org_id == current_actor().tenant, ProspectStage.archived_at.is_(None))
        .order_by(best.c.score.desc(), best.c.id.desc())
    )  # fmt: skip


def _of(owner_id: UUID | None) -> list[Any]:
    return [] if owner_id is None else [Prospect.owner_id == owner_id]
