"""What ends a sequence before its last step, or holds it: a reply, another stage, or somebody's word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import and_, select, text

from nexapp.identity.models import Membership
from nexapp.messaging.events import InboundTextReceived
from nexapp.messaging.models import InboundMessage
from nexapp.sales.activities import record_activity
from nexapp.sales.events import ProspectReplied, StageChanged
from nexapp.sales.follow_ups import OPEN, NotYourFollowUp, lock_follow_up, may_change, tell_follow_ups
from nexapp.sales.models import FollowUp, Prospect
from nexapp.sales.prospects import works_here
from nexapp.sales.sequence_stepping import lock_enrolment, plan_step, tell_sequence
from nexapp.sales.sequences_models import SequenceEnrolment, SequenceStep
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import Conflict, NotFound
from nexapp.spine.events import emit, on
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor, scoped

# Its open steps first: whoever does one of them holds that, and then wants the enrolment. And one statement after the
# other: the last of them also sees the step that somebody planned while the ones before it waited.
_HOLD_STEPS = text("""
    SELECT f.id FROM follow_ups f
    JOIN sequence_enrolments e ON e.org_id = f.org_id AND e.id = f.enrolment_id
    WHERE e.org_id = :org_id AND e.prospect_id = :prospect_id AND e.status IN ('active', 'paused')
      AND f.status IN ('pending', 'sent', 'snoozed')
    ORDER BY f.id FOR UPDATE OF f
""")
_END = """
    UPDATE sequence_enrolments e SET status = 'stopped', ended_by = :why, ended_at = now(), updated_at = now()
    FROM sequences s
    WHERE s.org_id = e.org_id AND s.id = e.sequence_id AND s.{asked}
      AND e.org_id = :org_id AND e.prospect_id = :prospect_id AND e.status IN ('active', 'paused')
    RETURNING e.id
"""
_CANCEL_STEPS = text("""
    UPDATE follow_ups SET status = 'cancelled', updated_at = now()
    WHERE org_id = :org_id AND enrolment_id = ANY (:enrolments) AND status IN ('pending', 'sent', 'snoozed')
""")
END_BY_REPLY, END_BY_STAGE = text(_END.format(asked="stops_on_reply")), text(_END.format(asked="stops_on_stage"))


@on(ProspectReplied)
def stop_by_reply(event: ProspectReplied) -> None:
    _stop_all(END_BY_REPLY, "reply", event)


# Later, as a job: whoever moves a prospect holds it and would then want its follow-ups; others take them first.
@on(StageChanged)
def stop_by_stage(event: StageChanged) -> None:
    _stop_all(END_BY_STAGE, "stage", event)


@on(InboundTextReceived)
def note_reply(event: InboundTextReceived) -> None:
    """A text from a prospect's number, to the team that texted it last."""
    if event.org_id is None:
        return
    org_id = UUID(str(event.org_id))
    phone = select(InboundMessage.from_phone).where(InboundMessage.id == UUID(str(event.inbound_id))).scalar_subquery()
    works = and_(
        Membership.org_id == org_id, Membership.user_id == Prospect.owner_id, Membership.deactivated_at.is_(None)
    )
    found = (
        select(Prospect.id, Membership.user_id)
        .outerjoin(Membership, works)
        .where(Prospect.org_id == org_id, Prospect.phone == phone, Prospect.deleted_at.is_(None))
        .order_by(Prospect.id)
    )
    rows: Sequence[Any] = db.session.execute(found).all()
    for prospect_id, owner_id in rows:
        known = f"inbound:{event.inbound_id}:{prospect_id}"
        if owner_id:
            told = {"channel": "text"}
            record_activity(owner_id, "reply", prospect_id, external_id=known, details=told, org_id=org_id)
        else:
            emit(ProspectReplied(org_id, prospect_id, "text"))


def note_reply_to(follow_up_id: UUID) -> None:
    """Somebody says that the prospect of this follow-up replied."""
    row = lock_follow_up(follow_up_id)
    if row.prospect_id is None:
        raise NotFound
    theirs = row.owner_id if works_here(row.owner_id) else current_actor().user_id or row.owner_id
    record_activity(theirs, "reply", row.prospect_id, external_id=f"reply:{row.id}")


def _stop_all(statement: Any, why: str, event: Any) -> None:
    org_id, prospect_id = UUID(str(event.org_id)), UUID(str(event.prospect_id))
    about = {"org_id": org_id, "prospect_id": prospect_id}
    db.session.execute(_HOLD_STEPS, about)
    ended = list(db.session.scalars(statement, about | {"why": why}))
    if not ended:
        return
    db.session.execute(_CANCEL_STEPS, {"org_id": org_id, "enrolments": ended})
    tell_follow_ups(org_id, prospect_id)
    publish(f"org:{org_id}:sequences", "sequences-changed")


def stop_enrolment(enrolment_id: UUID) -> None:
    """By hand. What was sent stays sent; its open step goes. Run twice, the second changes nothing."""
    enrolment = _take(enrolment_id)
    if enrolment.status in ("active", "paused"):
        _cancel_open(enrolment)
        enrolment.status, enrolment.ended_by, enrolment.ended_at = "stopped", "person", now()
        _changed(enrolment, "enrolment.stopped")


def pause_enrolment(enrolment_id: UUID) -> None:
    enrolment = _take(enrolment_id)
    if enrolment.status == "active":
        _cancel_open(enrolment)
        enrolment.status = "paused"
        _changed(enrolment, "enrolment.paused")


def resume_enrolment(enrolment_id: UUID) -> None:
    """Its next step is due as long from now as it waits after the one before it."""
    enrolment = _take(enrolment_id)
    if enrolment.status == "active":
        return
    if enrolment.status != "paused":
        raise Conflict(_("This sequence has ended for them."))
    enrolment.status = "active"
    db.session.flush()
    step = db.session.scalar(
        scoped(SequenceStep)
        .where(SequenceStep.sequence_id == enrolment.sequence_id, SequenceStep.position >= enrolment.step)
        .order_by(SequenceStep.position)
        .limit(1)
    )
    if step is None:
        enrolment.status, enrolment.ended_by, enrolment.ended_at = "finished", "steps", now()
    else:
        enrolment.step = step.position
        if not works_here(enrolment.owner_id):
            enrolment.owner_id = current_actor().user_id or enrolment.owner_id
        plan_step(enrolment, step, enrolment.owner_id, now())
    _changed(enrolment, "enrolment.resumed")


def _take(enrolment_id: UUID) -> SequenceEnrolment:
    # Its steps first: whoever does one of them holds that, and then wants the enrolment.
    mine = scoped(FollowUp).where(FollowUp.enrolment_id == enrolment_id, FollowUp.status.in_(OPEN))
    db.session.execute(mine.with_only_columns(FollowUp.id).order_by(FollowUp.id).with_for_update())
    enrolment = lock_enrolment(enrolment_id)
    if not may_change(enrolment.owner_id, enrolment.prospect_id):
        raise NotYourFollowUp
    return enrolment


def _cancel_open(enrolment: SequenceEnrolment) -> None:
    wanted = scoped(FollowUp).where(FollowUp.enrolment_id == enrolment.id, FollowUp.status.in_(OPEN))
    for row in db.session.scalars(wanted):
        row.status, row.updated_at = "cancelled", now()


def _changed(enrolment: SequenceEnrolment, action: str) -> None:
    enrolment.updated_at = now()
    db.session.flush()
    audit.record(action, "enrolment", enrolment.id)
    tell_follow_ups(enrolment.org_id, enrolment.prospect_id)
    tell_sequence(enrolment)
