"""Taking back what was done to a follow-up, and everything that came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from nexapp.sales.activities import withdraw_activity
from nexapp.sales.events import FollowUpReopened
from nexapp.sales.follow_ups import OPEN, FollowUpChanged, activity_of, changed, lock_follow_up
from nexapp.sales.follow_ups_models import FollowUpChange
from nexapp.sales.models import FollowUp
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.events import emit
from nexapp.spine.tenancy import current_actor, scoped


def undo_change(change_id: UUID) -> FollowUp:
    """Put back what one change did. Raises `FollowUpChanged` where something else has happened since."""
    change = db.session.scalar(scoped(FollowUpChange).where(FollowUpChange.id == change_id).with_for_update())
    if change is None:
        raise NotFound
    _hold_steps_of(change.follow_up_id)
    row = lock_follow_up(change.follow_up_id, "done", "cancelled", "snoozed")
    if change.undone_at is not None or change.kind != row.status or _last_change(row.id) != change.id:
        raise FollowUpChanged
    _withdraw_next(change)
    for name, value in change.before.items():
        setattr(row, name, _read(name, value))
    change.undone_at = now()
    changed(row, "follow_up.undone")
    if change.kind != "snoozed" and row.enrolment_id is not None and row.step is not None:
        emit(FollowUpReopened(row.org_id, row.id, row.enrolment_id, row.step))
    if change.kind == "done":
        withdraw_activity(activity_of(row))
    return row


def _hold_steps_of(follow_up_id: UUID) -> None:
    """All steps of its sequence, in the order in which everybody takes them, and before the enrolment.

    Taking a step back wants the later ones, too: held one after the other, it and whoever completes the later one
    would wait for each other.
    """
    mine = select(FollowUp.enrolment_id).where(FollowUp.org_id == current_actor().tenant, FollowUp.id == follow_up_id)
    steps = scoped(FollowUp).where(FollowUp.enrolment_id == mine.scalar_subquery())
    db.session.execute(steps.with_only_columns(FollowUp.id).order_by(FollowUp.id).with_for_update())


def _read(name: str, value: str | None) -> Any:
    if value is None or name == "status":
        return value
    return datetime.fromisoformat(value) if name.endswith("_at") else UUID(value)


def _last_change(follow_up_id: UUID) -> UUID | None:
    return db.session.scalar(
        select(FollowUpChange.id)
        .where(
            FollowUpChange.org_id == current_actor().tenant, FollowUpChange.follow_up_id == follow_up_id,
            FollowUpChange.undone_at.is_(None),
        )
        .order_by(FollowUpChange.created_at.desc(), FollowUpChange.id.desc())
        .limit(1)
    )  # fmt: skip


def _withdraw_next(change: FollowUpChange) -> None:
    """The repeat that this made goes; one that somebody has dealt with already keeps the undo from happening."""
    if change.next_id is None:
        return
    following = lock_follow_up(change.next_id, *OPEN, "done", "cancelled")
    if following.status == "done":
        raise FollowUpChanged
    following.status, following.updated_at = "cancelled", func.now()
    db.session.flush()
