"""Putting prospects into a sequence: one, or many at once."""

from __future__ import annotations

from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexapp.sales import prospects, when
from nexapp.sales.follow_ups import tell_follow_ups
from nexapp.sales.models import FollowUp, Prospect
from nexapp.sales.sequence_stepping import names, step_due, tell_sequence
from nexapp.sales.sequence_wording import fill
from nexapp.sales.sequences import get_sequence, list_steps
from nexapp.sales.sequences_models import SequenceEnrolment, SequenceStep
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor

MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Enrolled:
    """How many begin, how many are in a sequence already, and how many may not be touched or aren't there."""

    begun: int
    known: int
    refused: int


def enrol(sequence_id: UUID, prospect_ids: ListOf[UUID]) -> Enrolled:
    """Begin with the first step. Raises `NotFound`, `BadInput` (nobody, too many), `Conflict` (put away)."""
    sequence, steps = get_sequence(sequence_id), list_steps(sequence_id)
    if sequence.archived_at is not None or not steps:
        raise Conflict(_("This sequence was put away. Choose another one."))
    wanted = list(dict.fromkeys(prospect_ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise BadInput(_("Choose from 1 to %(most)s prospects.", most=MOST_AT_ONCE))
    rows = _allowed(wanted)
    begun = _insert(sequence_id, rows)
    _plan(begun, steps[0], rows)
    if begun:
        audit.record("sequence.enrolled", "sequence", sequence_id, {"count": len(begun)})
    return Enrolled(len(begun), len(rows) - len(begun), len(wanted) - len(rows))


def _allowed(prospect_ids: ListOf[UUID]) -> dict[UUID, Any]:
    """Those that the actor may change, locked by nobody: the unique key decides who is in a sequence."""
    found = db.session.execute(
        select(Prospect.id, Prospect.owner_id, Prospect.name, Prospect.company, Prospect.role)
        .where(Prospect.org_id == current_actor().tenant, Prospect.id.in_(prospect_ids), Prospect.deleted_at.is_(None))
        .order_by(Prospect.id)
    ).all()
    may = {owner_id: prospects.may_change(owner_id) for owner_id in {row.owner_id for row in found}}
    return {row.id: row for row in found if may[row.owner_id]}


def _insert(sequence_id: UUID, rows: dict[UUID, Any]) -> list[SequenceEnrolment]:
    if not rows:
        return []
    actor = current_actor()
    here = {owner_id: prospects.works_here(owner_id) for owner_id in {row.owner_id for row in rows.values()}}
    values = [
        {"id": new_id(), "org_id": actor.tenant, "sequence_id": sequence_id, "prospect_id": row.id,
         "owner_id": row.owner_id if here[row.owner_id] else actor.user_id, "created_by": actor.user_id}
        for row in rows.values()
    ]  # fmt: skip
    added = insert(SequenceEnrolment).values(values).on_conflict_do_nothing().returning(SequenceEnrolment)
    return list(db.session.scalars(added))


def _plan(begun: ListOf[SequenceEnrolment], step: SequenceStep, rows: dict[UUID, Any]) -> None:
    if not begun:
        return
    owners = {enrolment.owner_id for enrolment in begun}
    zones = {owner_id: when.zone_of(owner_id) for owner_id in owners}
    called = {owner_id: names(owner_id) for owner_id in owners}
    actor, present = current_actor(), now()
    values = []
    for enrolment in begun:
        due = step_due(step.wait_days, step.at_time, zones[enrolment.owner_id], present)
        words = fill(step.body, rows[enrolment.prospect_id], *called[enrolment.owner_id])
        values.append({
            "id": new_id(), "org_id": actor.tenant, "owner_id": enrolment.owner_id, "created_by": actor.user_id,
            "prospect_id": enrolment.prospect_id, "kind": "sequence_step", "due_at": due.at, "due_on": due.on,
            "due_time": due.wall, "time_zone": due.zone, "message": words, "enrolment_id": enrolment.id,
            "step": step.position,
        })  # fmt: skip
    db.session.execute(insert(FollowUp).values(values))
    for enrolment in begun:
        tell_follow_ups(actor.tenant, enrolment.prospect_id)
    tell_sequence(begun[0])
