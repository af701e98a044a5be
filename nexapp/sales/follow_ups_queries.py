"""Reading follow-ups: one with what it is about, a page of the agenda, those of one prospect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import aliased

from nexapp.identity.models import User
from nexapp.sales.follow_ups import OPEN
from nexapp.sales.models import FollowUp, Prospect
from nexapp.sales.sequences_models import Sequence as SequenceRow
from nexapp.sales.sequences_models import SequenceEnrolment, SequenceStep
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import current_actor

PAGE = 40
Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Listed:
    rows: Sequence[Any]
    next: Place | None


def get_follow_up(follow_up_id: UUID) -> Any:
    """A row with prospect, owner and sequence. Raises `NotFound`."""
    row = db.session.execute(follow_up_rows().where(FollowUp.id == follow_up_id)).first()
    if row is None:
        raise NotFound
    return row


def list_open(owner_id: UUID | None, after: Place | None = None, most: int = PAGE) -> Listed:
    """What is to be done, the earliest first; `owner_id` None: everybody's."""
    key = (FollowUp.due_at, FollowUp.id)
    wanted = follow_up_rows().where(FollowUp.status.in_(OPEN), Prospect.deleted_at.is_(None), *_of(owner_id))
    if after:
        wanted = wanted.where(tuple_(*key) > after)
    rows = db.session.execute(wanted.order_by(*key).limit(most + 1)).all()
    last = rows[most - 1] if len(rows) > most else None
    return Listed(rows[:most], (last.due_at, last.id) if last else None)


def list_done(owner_id: UUID | None, before: Place | None = None, most: int = PAGE) -> Listed:
    """What was done, the latest first."""
    key = (FollowUp.done_at, FollowUp.id)
    wanted = follow_up_rows().where(FollowUp.status == "done", Prospect.deleted_at.is_(None), *_of(owner_id))
    if before:
        wanted = wanted.where(tuple_(*key) < before)
    rows = db.session.execute(wanted.order_by(*(part.desc() for part in key)).limit(most + 1)).all()
    last = rows[most - 1] if len(rows) > most else None
    return Listed(rows[:most], (last.done_at, last.id) if last else None)


def count_open(owner_id: UUID | None, bounds: Sequence[datetime]) -> list[int]:
    """How many are due before the first of the bounds, between each two, and after the last."""
    edges = zip([None, *bounds], [*bounds, None], strict=True)
    counts = [func.count().filter(*_between(begin, end)) for begin, end in edges]
    wanted = (
        select(*counts)
        .select_from(FollowUp)
        .outerjoin(Prospect, _about)
        .where(
            FollowUp.org_id == current_actor().tenant, FollowUp.status.in_(OPEN), Prospect.deleted_at.is_(None),
            *_of(owner_id),
        )
    )  # fmt: skip
    return list(db.session.execute(wanted).one())


def list_of_prospect(prospect_id: UUID, most: int = 10) -> Sequence[Any]:
    """What is still to be done about one, the earliest first."""
    wanted = follow_up_rows().where(FollowUp.prospect_id == prospect_id, FollowUp.status.in_(OPEN))
    return db.session.execute(wanted.order_by(FollowUp.due_at, FollowUp.id).limit(most)).all()


def follow_up_rows() -> Select[Any]:
    """With the prospect, the owner, whose it was before, and how far its sequence is."""
    before = aliased(User)
    steps = (
        select(func.count())
        .where(
            SequenceStep.org_id == SequenceEnrolment.org_id, SequenceStep.sequence_id == SequenceEnrolment.sequence_id
        )
        .scalar_subquery()
    )
    return (
        select(
            *FollowUp.__table__.columns,
            Prospect.name, Prospect.company, Prospect.phone, Prospect.email, Prospect.score,
            Prospect.owner_id.label("prospect_owner_id"), User.name.label("owner"), before.name.label("handed_by"),
            SequenceRow.name.label("sequence"), SequenceRow.id.label("sequence_id"), steps.label("steps"),
        )
        .join(User, User.id == FollowUp.owner_id)
        .outerjoin(Prospect, _about)
        .outerjoin(before, before.id == FollowUp.handed_from)
        .outerjoin(
            SequenceEnrolment,
            and_(SequenceEnrolment.org_id == FollowUp.org_id, SequenceEnrolment.id == FollowUp.enrolment_id),
        )
        .outerjoin(
            SequenceRow,
            and_(SequenceRow.org_id == SequenceEnrolment.org_id, SequenceRow.id == SequenceEnrolment.sequence_id),
        )
        .where(FollowUp.org_id == current_actor().tenant)
    )  # fmt: skip


_about = and_(Prospect.org_id == FollowUp.org_id, Prospect.id == FollowUp.prospect_id)


def _of(owner_id: UUID | None) -> list[Any]:
    return [FollowUp.owner_id == owner_id] if owner_id else []


def _between(begin: datetime | None, end: datetime | None) -> list[Any]:
    found: list[Any] = [FollowUp.due_at >= begin] if begin else []
    return [*found, FollowUp.due_at < end] if end else found
