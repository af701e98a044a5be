"""Follow-ups: what is to be done about a prospect, and when. Added, changed, done, snoozed, cancelled, undone.

Everybody works on their own and on those of prospects that are theirs or nobody's; managers on all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexapp.sales import prospects, tiers, when
from nexapp.sales.activities import record_activity
from nexapp.sales.events import FollowUpClosed
from nexapp.sales.follow_ups_models import FollowUpChange
from nexapp.sales.models import FollowUp, Prospect
from nexapp.sales.when import Due
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, Forbidden, NotFound
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import Role, current_actor, scoped

OPEN = ("pending", "sent", "snoozed")
"""Still to be done; `sent` has reminded already."""

LONGEST_MESSAGE = 1000
SIGNAL = "follow-ups-changed"
KEPT = ("status", "due_at", "sent_at", "done_at", "notification_id")
"""What an undo puts back."""


class NotYourFollowUp(Forbidden):
    code = "not_your_follow_up"

    def __init__(self) -> None:
        super().__init__(_("You can change only follow-ups of your own. A manager can change this one."))


class FollowUpChanged(Conflict):
    """It was done or cancelled meanwhile."""

    code = "follow_up_changed"

    def __init__(self) -> None:
        super().__init__(_("This follow-up has changed meanwhile. The page now shows how it stands."))


@dataclass(frozen=True, slots=True)
class NewFollowUp:
    """What a form or the API says. `key` names the form: the same form twice is the same follow-up."""

    prospect_id: UUID | None
    due: Due
    message: str = ""
    repeats: str | None = None
    owner_id: UUID | None = None
    """None: the actor."""
    kind: str = "manual"
    key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence, as its follow-up."""

    enrolment_id: UUID
    position: int
    prospect_id: UUID
    owner_id: UUID
    due: Due
    message: str


def add_follow_up(new: NewFollowUp) -> UUID:
    """Its id. Raises `BadInput` next to the field, `NotYourFollowUp`, `tiers.TierNeeded` for repeats."""
    owner_id = _check_owner(new.owner_id)
    if new.prospect_id is not None:
        take_prospect(new.prospect_id)
    if new.repeats:
        tiers.need_tier(tiers.PRO, _("Repeating"))
    values = _values(new.due, new.message) | {
        "owner_id": owner_id, "prospect_id": new.prospect_id, "kind": new.kind, "repeats": new.repeats or None,
        "repeat_day": new.due.on.day if new.repeats == "monthly" else None, "form_key": new.key,
    }  # fmt: skip
    added = _insert(values)
    if added is None:
        known: UUID = db.session.scalars(
            scoped(FollowUp).where(FollowUp.form_key == new.key).with_only_columns(FollowUp.id)
        ).one()
        return known
    audit.record("follow_up.added", "follow_up", added)
    return added


def add_step(step: Step) -> UUID | None:
    """The follow-up of a step that comes next; None where it is there already."""
    values = _when(step.due) | {
        "message": step.message, "owner_id": step.owner_id, "prospect_id": step.prospect_id, "kind": "sequence_step",
        "enrolment_id": step.enrolment_id, "step": step.position,
    }  # fmt: skip
    return _insert(values)


def change_follow_up(follow_up_id: UUID, due: Due, message: str, repeats: str | None) -> None:
    """Another time, other words. What has reminded already reminds again at the new time."""
    row = lock_follow_up(follow_up_id)
    if repeats and repeats != row.repeats:
        tiers.need_tier(tiers.PRO, _("Repeating"))
    if row.due_at != due.at:
        row.status, row.sent_at, row.notification_id = "pending", None, None
    row.due_at, row.due_on, row.due_time, row.time_zone = due.at, due.on, due.wall, due.zone
    row.message, row.repeats = _checked(message), repeats or None
    row.repeat_day = due.on.day if repeats == "monthly" else None
    changed(row, "follow_up.changed")


def complete_follow_up(follow_up_id: UUID, *, undoable: bool = True) -> UUID | None:
    """Done; the change, for an undo. None where it was done before. A repeated one leaves the next behind.

    It counts as an activity of whoever did it, once.
    """
    row = lock_follow_up(follow_up_id, *OPEN, "done")
    if row.status == "done":
        return None
    change = _note(row, "done")
    row.status, row.done_at = "done", now()
    changed(row, "follow_up.done")
    change.next_id = _repeat(row)
    if not undoable:
        change.undone_at = now()
    db.session.flush()
    _close(row)
    record_activity(
        current_actor().user_id or row.owner_id, "follow_up_sent", row.prospect_id, external_id=activity_of(row)
    )
    return change.id


def cancel_follow_up(follow_up_id: UUID) -> UUID | None:
    """Not to be done any more, with its repeats; the change, for an undo. A sequence goes on with its next step."""
    row = lock_follow_up(follow_up_id, *OPEN, "cancelled")
    if row.status == "cancelled":
        return None
    change = _note(row, "cancelled")
    row.status = "cancelled"
    changed(row, "follow_up.cancelled")
    _close(row)
    return change.id


def snooze_follow_up(follow_up_id: UUID, until: Due) -> UUID:
    """Later; the change, for an undo. What was meant stays, so that repeats keep their time. Raises `TierNeeded`."""
    tiers.need_tier(tiers.PRO, _("Snoozing"))
    row = lock_follow_up(follow_up_id)
    if until.at <= now():
        raise BadInput(fields={"at": _("This time has passed.")})
    change = _note(row, "snoozed")
    row.status, row.due_at, row.sent_at, row.notification_id = "snoozed", until.at, None, None
    changed(row, "follow_up.snoozed")
    return change.id


def lock_follow_up(follow_up_id: UUID, *states: str) -> FollowUp:
    """One that the actor may change, in one of the states (by default: still to be done).

    Raises `NotFound`, `NotYourFollowUp`, `FollowUpChanged`.
    """
    row: FollowUp | None = db.session.scalar(scoped(FollowUp).where(FollowUp.id == follow_up_id).with_for_update())
    if row is None:
        raise NotFound
    if not may_change(row.owner_id, row.prospect_id):
        raise NotYourFollowUp
    if row.status not in (states or OPEN):
        raise FollowUpChanged
    return row


def may_change(owner_id: UUID, prospect_id: UUID | None) -> bool:
    actor = current_actor()
    if actor.role.at_least(Role.MANAGER) or owner_id == actor.user_id:
        return True
    if prospect_id is None:
        return False
    theirs = select(Prospect.owner_id).where(Prospect.org_id == actor.tenant, Prospect.id == prospect_id)
    return prospects.may_change(db.session.scalar(theirs))


def take_prospect(prospect_id: UUID) -> Prospect:
    """One that the actor may plan for. Raises `BadInput` where there is none, and `Forbidden`."""
    try:
        prospect = prospects.get_prospect(prospect_id)
    except NotFound:
        raise BadInput(fields={"prospect_id": _("There is no such prospect.")}) from None
    if not prospects.may_change(prospect.owner_id):
        raise Forbidden(_("This prospect belongs to somebody else. Ask them or a manager."))
    return prospect


def tell_follow_ups(org_id: UUID, prospect_id: UUID | None = None) -> None:
    """The agenda changed, and with it the page and the lists of its prospect."""
    publish(f"org:{org_id}:follow-ups", SIGNAL)
    if prospect_id is not None:
        prospects.tell(org_id, prospect_id)


def _check_owner(owner_id: UUID | None) -> UUID:
    actor = current_actor()
    if owner_id is None or owner_id == actor.user_id:
        if actor.user_id is None:
            raise BadInput(fields={"owner_id": _("Say whose follow-up it is.")})
        return actor.user_id
    if actor.user_id is not None and not actor.role.at_least(Role.MANAGER):
        raise NotYourFollowUp
    prospects.refuse_stranger(owner_id)
    return owner_id


def _values(due: Due, message: str) -> dict[str, Any]:
    return _when(due) | {"message": _checked(message)}


def _when(due: Due) -> dict[str, Any]:
    return {"due_at": due.at, "due_on": due.on, "due_time": due.wall, "time_zone": due.zone}


def _checked(message: str) -> str:
    if len(message) > LONGEST_MESSAGE:
        raise BadInput(fields={"message": _("Use at most %(most)s characters.", most=LONGEST_MESSAGE)})
    return message


def _insert(values: dict[str, Any]) -> UUID | None:
    """Left out where the form, the step or the repeat is there already."""
    actor = current_actor()
    row = {"id": new_id(), "org_id": actor.tenant, "created_by": actor.user_id, **values}
    added: UUID | None = db.session.scalar(
        insert(FollowUp).values(**row).on_conflict_do_nothing().returning(FollowUp.id)
    )
    tell_follow_ups(actor.tenant, values["prospect_id"])
    return added


def _note(row: FollowUp, kind: str) -> FollowUpChange:
    before = {name: _plain(getattr(row, name)) for name in KEPT}
    change = FollowUpChange(
        id=new_id(), org_id=row.org_id, follow_up_id=row.id, user_id=current_actor().user_id, kind=kind, before=before
    )
    db.session.add(change)
    return change


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value) if value else None


def changed(row: FollowUp, action: str) -> None:
    """Write it, audit it, and tell the pages that show it."""
    row.updated_at = now()
    db.session.flush()
    audit.record(action, "follow_up", row.id)
    tell_follow_ups(row.org_id, row.prospect_id)


def _repeat(row: FollowUp) -> UUID | None:
    """The next one; none where the plan doesn't bring repeats any more."""
    if not row.repeats or not tiers.brings(tiers.current_tier(), tiers.PRO):
        return None
    meant = when.settled(row.due_on, row.due_time or when.NINE, row.time_zone)
    due = when.next_of(row.repeats, Due(meant, row.due_on, row.due_time, row.time_zone), row.repeat_day, now())
    return _insert(
        _values(due, row.message)
        | {
            "owner_id": row.owner_id, "prospect_id": row.prospect_id, "kind": row.kind, "repeats": row.repeats,
            "repeat_day": row.repeat_day, "repeated_from": row.id,
        }
    )  # fmt: skip


def _close(row: FollowUp) -> None:
    if row.enrolment_id is not None and row.step is not None:
        emit(FollowUpClosed(row.org_id, row.id, row.enrolment_id, row.step))


def activity_of(row: FollowUp) -> str:
    """The name of the activity that completing it is, so that it counts once."""
    return f"follow_up:{row.id}"
