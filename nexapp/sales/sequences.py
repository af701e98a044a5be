"""Sequences: written by people, changed while prospects are in them, put away."""

from __future__ import annotations

from collections.abc import Sequence as ListOf
from dataclasses import asdict, dataclass
from datetime import time
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from nexapp.sales import sequence_wording
from nexapp.sales.sequences_models import Sequence, SequenceStep
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Forbidden, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import Role, current_actor, scoped

CHANNELS = ("text", "email", "call", "other")
MOST_STEPS = 20
LONGEST_WAIT = 365
SIGNAL = "sequences-changed"


@dataclass(frozen=True, slots=True)
class StepDraft:
    wait_days: int
    at_time: time
    channel: str
    body: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class SequenceDraft:
    name: str
    steps: tuple[StepDraft, ...]
    stops_on_reply: bool = True
    stops_on_stage: bool = True


def add_sequence(draft: SequenceDraft) -> UUID:
    """Its id. Raises `BadInput` next to the field: `name`, or `steps-2-body` for the third step's text."""
    _check(draft)
    actor = current_actor()
    row = Sequence(id=new_id(), org_id=actor.tenant, created_by=actor.user_id)
    _write(row, name=draft.name, stops_on_reply=draft.stops_on_reply, stops_on_stage=draft.stops_on_stage)
    _write_steps(row.id, draft.steps)
    _changed(row, "sequence.added")
    return row.id


def change_sequence(sequence_id: UUID, draft: SequenceDraft) -> None:
    """Steps that are due already keep their words; those that come later have the new ones."""
    row = lock_sequence(sequence_id)
    _check(draft, sequence_id)
    _write(
        row, name=draft.name, stops_on_reply=draft.stops_on_reply, stops_on_stage=draft.stops_on_stage, updated_at=now()
    )
    db.session.execute(
        delete(SequenceStep).where(SequenceStep.org_id == row.org_id, SequenceStep.sequence_id == row.id)
    )
    _write_steps(row.id, draft.steps)
    _changed(row, "sequence.changed")


def archive_sequence(sequence_id: UUID) -> None:
    """Nobody is put into it any more; those who are in it go on to its end."""
    row = lock_sequence(sequence_id)
    row.archived_at = now()
    _changed(row, "sequence.archived")


def restore_sequence(sequence_id: UUID) -> None:
    row = lock_sequence(sequence_id)
    _refuse_taken(row.name, sequence_id)
    _write(row, archived_at=None)
    _changed(row, "sequence.restored")


def get_sequence(sequence_id: UUID) -> Sequence:
    row: Sequence | None = db.session.scalar(scoped(Sequence).where(Sequence.id == sequence_id))
    if row is None:
        raise NotFound
    return row


def lock_sequence(sequence_id: UUID) -> Sequence:
    """One that the actor may change: their own; managers change all."""
    wanted = scoped(Sequence).where(Sequence.id == sequence_id).with_for_update()
    row: Sequence | None = db.session.scalar(wanted)
    if row is None:
        raise NotFound
    if not may_change(row.created_by):
        raise Forbidden(_("Somebody else wrote this sequence. A manager can change it."))
    return row


def may_change(created_by: UUID | None) -> bool:
    actor = current_actor()
    return actor.role.at_least(Role.MANAGER) or (actor.role.at_least(Role.STAFF) and created_by == actor.user_id)


def list_steps(sequence_id: UUID) -> ListOf[SequenceStep]:
    wanted = scoped(SequenceStep).where(SequenceStep.sequence_id == sequence_id).order_by(SequenceStep.position)
    return db.session.scalars(wanted).all()


def _check(draft: SequenceDraft, sequence_id: UUID | None = None) -> None:
    if not draft.name.strip():
        raise BadInput(fields={"name": _("Give the sequence a name.")})
    if not 1 <= len(draft.steps) <= MOST_STEPS:
        raise BadInput(fields={"steps": _("A sequence has from 1 to %(most)s steps.", most=MOST_STEPS)})
    for number, step in enumerate(draft.steps):
        _check_step(number, step)
    _refuse_taken(draft.name, sequence_id)


def _check_step(number: int, step: StepDraft) -> None:
    if step.channel not in CHANNELS:
        raise BadInput(fields={f"steps-{number}-channel": _("Choose a channel.")})
    if not 0 <= step.wait_days <= LONGEST_WAIT:
        raise BadInput(fields={f"steps-{number}-wait_days": _("From 0 to %(most)s days.", most=LONGEST_WAIT)})
    try:
        sequence_wording.check(step.body)
    except BadInput as error:
        raise BadInput(fields={f"steps-{number}-body": error.sentence}) from None


def _refuse_taken(name: str, sequence_id: UUID | None) -> None:
    taken = scoped(Sequence).where(
        func.lower(Sequence.name) == name.lower(), Sequence.archived_at.is_(None), Sequence.id != sequence_id
    )
    if db.session.scalar(taken.with_only_columns(Sequence.id)) is not None:
        raise _taken()


def _taken() -> BadInput:
    return BadInput(fields={"name": _("There is a sequence of this name already.")})


def _write(row: Sequence, **values: Any) -> None:
    # Two forms at once: neither sees the other's name, and the later one is told.
    try:
        with db.session.begin_nested():
            for column, value in values.items():
                setattr(row, column, value)
            db.session.add(row)
    except IntegrityError as error:
        raise _taken() from error


def _write_steps(sequence_id: UUID, steps: ListOf[StepDraft]) -> None:
    rows = [
        {
            "id": new_id(),
            "org_id": current_actor().tenant,
            "sequence_id": sequence_id,
            "position": number,
            **asdict(step),
        }
        for number, step in enumerate(steps, 1)
    ]
    db.session.execute(insert(SequenceStep), rows)


def _changed(row: Sequence, action: str) -> None:
    db.session.flush()
    audit.record(action, "sequence", row.id)
    publish(f"org:{row.org_id}:sequences", SIGNAL)


def count_steps(sequence_id: UUID) -> int:
    wanted = select(func.count()).where(
        SequenceStep.org_id == current_actor().tenant, SequenceStep.sequence_id == sequence_id
    )
    return db.session.scalar(wanted) or 0
