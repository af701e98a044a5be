"""From step to step: the follow-up of each, planned when the one before it is out of the way."""

from __future__ import annotations

from collections.abc import Sequence as ListOf
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from nexapp.identity.models import Organization, User
from nexapp.sales import when
from nexapp.sales.events import FollowUpClosed, FollowUpReopened
from nexapp.sales.follow_ups import OPEN, FollowUpChanged, Step, add_step
from nexapp.sales.models import FollowUp, Prospect
from nexapp.sales.sequence_wording import fill
from nexapp.sales.sequences_models import SequenceEnrolment, SequenceStep
from nexapp.sales.when import Due
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.events import on
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor, scoped


def step_due(wait_days: int, at_time: Any, zone: str, since: datetime) -> Due:
    """So many days after `since` by the owner's clock; a time that is over by then is at once."""
    day = since.astimezone(ZoneInfo(zone)).date() + timedelta(days=wait_days)
    at = when.settled(day, at_time, zone)
    return Due(at, day, at_time, zone) if at > since else Due(since, day, None, zone)


def plan_step(enrolment: SequenceEnrolment, step: SequenceStep, owner_id: UUID, since: datetime) -> UUID | None:
    """Its follow-up, worded for the prospect; None where it is there already."""
    prospect = db.session.scalars(scoped(Prospect).where(Prospect.id == enrolment.prospect_id)).one()
    mine, team = names(owner_id)
    due = step_due(step.wait_days, step.at_time, when.zone_of(owner_id), since)
    words = fill(step.body, prospect, mine, team)
    return add_step(Step(enrolment.id, step.position, prospect.id, owner_id, due, words))


def names(owner_id: UUID) -> tuple[str, str]:
    """Of the person who writes, and of the team."""
    mine = select(User.name).where(User.id == owner_id).scalar_subquery()
    row = db.session.execute(select(mine, Organization.name).where(Organization.id == current_actor().tenant)).one()
    return str(row[0] or ""), str(row[1])


@on(FollowUpClosed, inline=True)
def go_on(event: FollowUpClosed) -> None:
    enrolment = lock_enrolment(event.enrolment_id)
    if enrolment.status != "active" or enrolment.step != event.step:
        return
    following = _steps_after(enrolment)
    enrolment.updated_at = now()
    if not following:
        enrolment.status, enrolment.ended_by, enrolment.ended_at = "finished", "steps", now()
    else:
        enrolment.step = following[0].position
        db.session.flush()
        closed = db.session.scalars(scoped(FollowUp).where(FollowUp.id == event.follow_up_id)).one()
        plan_step(enrolment, following[0], closed.owner_id, now())
    tell_sequence(enrolment)


@on(FollowUpReopened, inline=True)
def go_back(event: FollowUpReopened) -> None:
    """The step is to be done after all; the one that came after it goes, unless somebody has dealt with it."""
    enrolment = lock_enrolment(event.enrolment_id)
    later = scoped(FollowUp).where(
        FollowUp.enrolment_id == enrolment.id, FollowUp.step > event.step, FollowUp.status != "cancelled"
    )
    # One that was planned since the steps were held may be in somebody's hands, who then waits for the enrolment.
    rows = db.session.scalars(later.with_for_update(skip_locked=True)).all()
    if len(rows) < len(db.session.scalars(later.with_only_columns(FollowUp.id)).all()):
        raise FollowUpChanged
    if enrolment.ended_by not in (None, "steps") or any(row.status not in OPEN for row in rows):
        raise FollowUpChanged
    if enrolment.status == "finished" and is_in_one(enrolment.prospect_id):
        raise FollowUpChanged
    for row in rows:
        row.status = "cancelled"
    enrolment.step, enrolment.status, enrolment.ended_by, enrolment.ended_at = event.step, "active", None, None
    db.session.flush()
    tell_sequence(enrolment)


def lock_enrolment(enrolment_id: UUID) -> SequenceEnrolment:
    wanted = scoped(SequenceEnrolment).where(SequenceEnrolment.id == enrolment_id).with_for_update()
    row: SequenceEnrolment | None = db.session.scalar(wanted)
    if row is None:
        raise NotFound
    return row


def is_in_one(prospect_id: UUID) -> bool:
    wanted = scoped(SequenceEnrolment).where(
        SequenceEnrolment.prospect_id == prospect_id, SequenceEnrolment.status.in_(("active", "paused"))
    )
    return db.session.scalar(wanted.with_only_columns(SequenceEnrolment.id)) is not None


def tell_sequence(enrolment: SequenceEnrolment) -> None:
    publish(f"org:{enrolment.org_id}:sequences", "sequences-changed")


def _steps_after(enrolment: SequenceEnrolment) -> ListOf[SequenceStep]:
    """Those that come after the one it stands at; the sequence may have been changed meanwhile."""
    wanted = scoped(SequenceStep).where(
        SequenceStep.sequence_id == enrolment.sequence_id, SequenceStep.position > enrolment.step
    )
    return db.session.scalars(wanted.order_by(SequenceStep.position)).all()
