"""Reading sequences: the list with how they fare, one with who is in it, whom one may put into it."""

from __future__ import annotations

from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select

from nexapp.identity.models import User
from nexapp.sales.follow_ups import OPEN
from nexapp.sales.models import FollowUp, Prospect, ProspectStage
from nexapp.sales.sequences_models import Sequence, SequenceEnrolment, SequenceStep
from nexapp.spine.db import db
from nexapp.spine.tenancy import Role, current_actor

PAGE = 40
RUNNING = ("active", "paused")


@dataclass(frozen=True, slots=True)
class Listed:
    rows: ListOf[Any]
    next: UUID | None


def list_sequences(*, archived: bool = False) -> ListOf[Any]:
    """By name, with their steps and how many prospects are in them, came to the end, or replied."""
    org_id = current_actor().tenant
    steps = (
        select(SequenceStep.sequence_id, func.count().label("steps"), func.sum(SequenceStep.wait_days).label("days"))
        .where(SequenceStep.org_id == org_id)
        .group_by(SequenceStep.sequence_id)
        .subquery()
    )
    people = (
        select(
            SequenceEnrolment.sequence_id,
            func.count().filter(SequenceEnrolment.status.in_(RUNNING)).label("running"),
            func.count().filter(SequenceEnrolment.status == "finished").label("finished"),
            func.count().filter(SequenceEnrolment.ended_by == "reply").label("replied"),
        )
        .where(SequenceEnrolment.org_id == org_id)
        .group_by(SequenceEnrolment.sequence_id)
        .subquery()
    )
    counts = [func.coalesce(people.c[name], 0).label(name) for name in ("running", "finished", "replied")]
    return db.session.execute(
        select(*Sequence.__table__.columns, func.coalesce(steps.c.steps, 0).label("steps"),
               func.coalesce(steps.c.days, 0).label("days"), *counts)
        .outerjoin(steps, steps.c.sequence_id == Sequence.id)
        .outerjoin(people, people.c.sequence_id == Sequence.id)
        .where(Sequence.org_id == org_id, Sequence.archived_at.is_not(None) == archived)
        .order_by(func.lower(Sequence.name), Sequence.id)
    ).all()  # fmt: skip


def list_enrolments(sequence_id: UUID, before: UUID | None = None, most: int = PAGE) -> Listed:
    """Who is and was in one, the latest first, each with its open step."""
    wanted = (
        select(
            *SequenceEnrolment.__table__.columns, Prospect.name, Prospect.company, User.name.label("owner"),
            Prospect.owner_id.label("prospect_owner_id"), FollowUp.id.label("follow_up_id"), FollowUp.due_at,
        )
        .join(
            Prospect,
            and_(Prospect.org_id == SequenceEnrolment.org_id, Prospect.id == SequenceEnrolment.prospect_id),
        )
        .join(User, User.id == SequenceEnrolment.owner_id)
        .outerjoin(
            FollowUp,
            and_(
                FollowUp.org_id == SequenceEnrolment.org_id, FollowUp.enrolment_id == SequenceEnrolment.id,
                FollowUp.status.in_(OPEN),
            ),
        )
        .where(
            SequenceEnrolment.org_id == current_actor().tenant, SequenceEnrolment.sequence_id == sequence_id,
            Prospect.deleted_at.is_(None),
        )
    )  # fmt: skip
    if before:
        wanted = wanted.where(SequenceEnrolment.id < before)
    rows = db.session.execute(wanted.order_by(SequenceEnrolment.id.desc()).limit(most + 1)).all()
    return Listed(rows[:most], rows[most - 1].id if len(rows) > most else None)


def count_running(sequence_id: UUID) -> int:
    wanted = select(func.count()).where(
        SequenceEnrolment.org_id == current_actor().tenant, SequenceEnrolment.sequence_id == sequence_id,
        SequenceEnrolment.status.in_(RUNNING),
    )  # fmt: skip
    return db.session.scalar(wanted) or 0


def find_running(prospect_id: UUID) -> Any | None:
    """The sequence that a prospect is in, with how many steps it has."""
    steps = select(func.count()).where(
        SequenceStep.org_id == Sequence.org_id, SequenceStep.sequence_id == Sequence.id
    ).scalar_subquery()  # fmt: skip
    return db.session.execute(
        select(*SequenceEnrolment.__table__.columns, Sequence.name, steps.label("steps"))
        .join(Sequence, and_(Sequence.org_id == SequenceEnrolment.org_id, Sequence.id == SequenceEnrolment.sequence_id))
        .where(
            SequenceEnrolment.org_id == current_actor().tenant, SequenceEnrolment.prospect_id == prospect_id,
            SequenceEnrolment.status.in_(RUNNING),
        )
    ).first()  # fmt: skip


def list_enrollable(search: str = "", stage_id: UUID | None = None, most: int = 100) -> ListOf[Any]:
    """Whom the actor may put into a sequence: in none yet, still to be won, theirs or nobody's; the best first."""
    actor = current_actor()
    taken = select(SequenceEnrolment.prospect_id).where(
        SequenceEnrolment.org_id == actor.tenant, SequenceEnrolment.status.in_(RUNNING)
    )
    wanted = (
        select(Prospect.id, Prospect.name, Prospect.company, Prospect.score, ProspectStage.name.label("stage"))
        .join(ProspectStage, and_(ProspectStage.org_id == Prospect.org_id, ProspectStage.id == Prospect.stage_id))
        .where(
            Prospect.org_id == actor.tenant, Prospect.deleted_at.is_(None), ProspectStage.outcome == "open",
            Prospect.id.not_in(taken),
        )
    )  # fmt: skip
    if not actor.role.at_least(Role.MANAGER):
        wanted = wanted.where(Prospect.owner_id.is_(None) | (Prospect.owner_id == actor.user_id))
    if search:
        wanted = wanted.where((Prospect.name + " " + Prospect.company).icontains(search, autoescape=True))
    if stage_id:
        wanted = wanted.where(Prospect.stage_id == stage_id)
    return db.session.execute(wanted.order_by(Prospect.score.desc(), Prospect.id).limit(most)).all()
