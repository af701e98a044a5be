"""Prospects: added, changed, moved through the stages, given to somebody, put into the trash and taken out.

A rep changes their own prospects and those that are nobody's; managers change all. Every change is audited, told in the
prospect's story, and signalled to the open pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nexapp.identity.models import Membership
from nexapp.sales.events import ProspectsAdded, ProspectsDeleted, StageChanged
from nexapp.sales.models import Prospect, ProspectStage
from nexapp.sales.prospect_models import ProspectEvent
from nexapp.sales.scoring import rescore_prospects
from nexapp.sales.stages import first_stage
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, Forbidden, NotFound
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import Role, current_actor, scoped

SIGNAL = "prospects-changed"
MOST_AT_ONCE = 500
LARGEST_CENTS = 10**13
"""The largest value of a deal."""


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of somebody. `phone` as E.164."""

    name: str
    company: str = ""
    role: str = ""
    email: str | None = None
    phone: str | None = None
    location: str = ""
    source: str = ""
    value_cents: int = 0


def get_prospect(prospect_id: UUID) -> Prospect:
    """One that is not in the trash. Raises `NotFound`."""
    wanted = scoped(Prospect).where(Prospect.id == prospect_id, Prospect.deleted_at.is_(None))
    return _found(db.session.scalar(wanted))


def lock_prospect(prospect_id: UUID, *, is_deleted: bool = False) -> Prospect:
    """One that the actor may change, locked. Raises `NotFound`, or `Forbidden` where it is somebody else's."""
    wanted = scoped(Prospect).where(Prospect.id == prospect_id, Prospect.deleted_at.is_not(None) == is_deleted)
    # Only its own row: what points at it from elsewhere needs not wait.
    wanted = wanted.with_for_update(key_share=True).execution_options(populate_existing=True)
    prospect = _found(db.session.scalar(wanted))
    if not may_change(prospect.owner_id):
        raise Forbidden(_("This prospect belongs to somebody else. Ask them or a manager."))
    return prospect


def may_change(owner_id: UUID | None, has_left: bool | None = None) -> bool:
    """`has_left`, where the caller's row says whether the owner has: else it is looked up."""
    actor = current_actor()
    if actor.role.at_least(Role.MANAGER):
        return True
    if not actor.role.at_least(Role.STAFF):
        return False
    if owner_id in {None, actor.user_id}:
        return True
    return not works_here(owner_id) if has_left is None else has_left


def works_here(user_id: UUID | None, *conditions: Any) -> bool:
    """Whether somebody is of the team and has access."""
    here = select(Membership.id).where(
        Membership.org_id == current_actor().tenant, Membership.user_id == user_id,
        Membership.deactivated_at.is_(None), *conditions,
    )  # fmt: skip
    return db.session.scalar(here) is not None


def add_prospect(
    details: Details, *, owner_id: UUID | None = None, stage_id: UUID | None = None, source: str = "app",
    key: UUID | None = None,
) -> Prospect:  # fmt: skip
    """`source`: app or api. Without a stage it starts in the first. Raises `BadInput` for a strange owner or stage.

    `key` names the form: the same form twice is the same prospect.
    """
    refuse_stranger(owner_id)
    actor, stage = current_actor(), take_stage(stage_id) if stage_id else first_stage()
    row = {
        "id": key or new_id(), "org_id": actor.tenant, "owner_id": owner_id, "stage_id": stage.id,
        "created_by": actor.user_id, "is_unlocked": True, "score": 0, "score_parts": {}, **asdict(details),
    }  # fmt: skip
    added = db.session.scalar(upsert(Prospect).values(**row).on_conflict_do_nothing().returning(Prospect))
    if added is None:
        return get_prospect(row["id"])
    prospect: Prospect = added
    audit.record("prospect.added", "prospect", prospect.id)
    record_change(prospect, "added", {"source": source})
    emit(ProspectsAdded(prospect.org_id, (prospect.id,), actor.user_id, source))
    return prospect


def change_prospect(prospect_id: UUID, details: Details) -> Prospect:
    prospect = lock_prospect(prospect_id)
    changed = [name for name, value in asdict(details).items() if getattr(prospect, name) != value]
    for name in changed:
        setattr(prospect, name, getattr(details, name))
    if changed:
        prospect.updated_at = now()
        audit.record("prospect.changed", "prospect", prospect.id, {"fields": changed})
        record_change(prospect, "changed", {"fields": changed})
        rescore_prospects([prospect.id], cause="edited")
    return prospect


def move_prospect(prospect_id: UUID, stage_id: UUID, lost_reason: str = "") -> Prospect:
    """Into another stage; where it is there already nothing happens. Lost asks for a reason: raises `BadInput`."""
    prospect, stage = lock_prospect(prospect_id), take_stage(stage_id)
    if stage.outcome == "lost" and not lost_reason.strip():
        raise BadInput(fields={"lost_reason": _("Say why it was lost.")})
    reason = lost_reason.strip()[:200] if stage.outcome == "lost" else None
    if (prospect.stage_id, prospect.lost_reason) == (stage.id, reason):
        return prospect
    return _place(prospect, stage, reason)


def undo_move(prospect_id: UUID, move_id: UUID) -> Prospect:
    """Back to the stage before this move; a second time changes nothing.

    Raises `Conflict` where it has been moved again since, or where there is no such stage any more.
    """
    prospect, last = lock_prospect(prospect_id), find_last_move(prospect_id)
    if last is not None and last.details.get("undoes") == str(move_id):
        return prospect
    if last is None or last.id != move_id:
        raise Conflict
    try:
        stage = take_stage(UUID(last.details["from_id"]))
    except BadInput:
        raise Conflict(_("The stage that it was in is gone.")) from None
    return _place(prospect, stage, last.details.get("was_reason"), undoes=move_id)


def find_last_move(prospect_id: UUID) -> ProspectEvent | None:
    # By the ids: who waited for the other's move began before it, and moved after it.
    moves = scoped(ProspectEvent).where(ProspectEvent.prospect_id == prospect_id, ProspectEvent.kind == "stage")
    found: ProspectEvent | None = db.session.scalar(moves.order_by(ProspectEvent.id.desc()).limit(1))
    return found


def _place(prospect: Prospect, stage: ProspectStage, reason: str | None, undoes: UUID | None = None) -> Prospect:
    before, was_reason = prospect.stage_id, prospect.lost_reason
    prospect.stage_id, prospect.lost_reason, prospect.stage_changed_at = stage.id, reason, now()
    prospect.updated_at = now()
    db.session.flush()
    audit.record("prospect.moved", "prospect", prospect.id, {"from": str(before), "to": str(stage.id)})
    told = {"from": _name_of(before), "to": stage.name, "reason": reason}
    back = {"from_id": str(before), "to_id": str(stage.id), "was_reason": was_reason}
    record_change(prospect, "stage", told | back | ({"undoes": str(undoes)} if undoes else {}))
    emit(StageChanged(prospect.org_id, prospect.id, current_actor().user_id, before, stage.id, stage.outcome))
    return prospect


def assign_prospects(prospect_ids: Sequence[UUID], owner_id: UUID | None) -> int:
    """Give prospects to somebody of the team, or to nobody; how many changed hands.

    A rep gives what is theirs or nobody's; managers reassign all.
    """
    refuse_stranger(owner_id)
    rows = _lock_those_to_change(prospect_ids)
    changed = [row.id for row in rows if row.owner_id != owner_id]
    if changed:
        org_id = current_actor().tenant
        values = {"owner_id": owner_id, "updated_at": func.now()}
        mine = (Prospect.org_id == org_id, Prospect.id.in_(changed))
        db.session.execute(update(Prospect).where(*mine).values(values).execution_options(synchronize_session=False))
        details = {"to": str(owner_id) if owner_id else None}
        _record_many(changed, "owner", details)
        audit.record("prospects.assigned", "prospect", changed[0] if len(changed) == 1 else None,
                     details | {"count": len(changed)})  # fmt: skip
    return len(changed)


def set_unlocked(prospect_id: UUID, *, is_unlocked: bool) -> Prospect:
    """A locked prospect is kept, and nobody is reminded of it."""
    prospect = lock_prospect(prospect_id)
    if prospect.is_unlocked != is_unlocked:
        prospect.is_unlocked, prospect.updated_at = is_unlocked, now()
        kind = "unlocked" if is_unlocked else "locked"
        audit.record(f"prospect.{kind}", "prospect", prospect.id)
        record_change(prospect, kind, {})
    return prospect


def delete_prospect(prospect_id: UUID) -> Prospect:
    """Into the trash; `restore_prospect` takes it out again."""
    prospect = lock_prospect(prospect_id)
    prospect.deleted_at = now()
    audit.record("prospect.deleted", "prospect", prospect.id)
    record_change(prospect, "deleted", {})
    emit(ProspectsDeleted(prospect.org_id, (prospect.id,)))
    return prospect


def restore_prospect(prospect_id: UUID) -> Prospect:
    prospect = lock_prospect(prospect_id, is_deleted=True)
    prospect.deleted_at = None
    audit.record("prospect.restored", "prospect", prospect.id)
    record_change(prospect, "restored", {})
    return prospect


def record_change(prospect: Prospect, kind: str, details: dict[str, Any]) -> None:
    """Write a line of the prospect's story, in the caller's unit, and tell the pages that show it."""
    _record_many([prospect.id], kind, details)


def tell(org_id: UUID, prospect_id: UUID | None = None) -> None:
    """The list and the board changed, and one prospect's page."""
    publish(f"org:{org_id}:prospects", SIGNAL)
    if prospect_id is not None:
        publish(f"org:{org_id}:prospect:{prospect_id}", "prospect-changed")


def take_stage(stage_id: UUID) -> ProspectStage:
    """One in use, which nobody archives while this unit lasts. Raises `BadInput`."""
    wanted = scoped(ProspectStage).where(ProspectStage.id == stage_id, ProspectStage.archived_at.is_(None))
    stage: ProspectStage | None = db.session.scalar(wanted.with_for_update(read=True))
    if stage is None:
        raise BadInput(fields={"stage_id": _("Choose a stage from the list.")})
    return stage


def refuse_stranger(owner_id: UUID | None) -> None:
    """Raises `BadInput` for somebody who is not of the team, or may only look."""
    if owner_id is not None and not works_here(owner_id, Membership.role != Role.VIEWER.value):
        raise BadInput(fields={"owner_id": _("Choose somebody of the team.")})


def _lock_those_to_change(prospect_ids: Sequence[UUID]) -> Sequence[Any]:
    if len(prospect_ids) > MOST_AT_ONCE:
        raise BadInput(_("At most %(most)s prospects at once.", most=MOST_AT_ONCE))
    wanted = (
        select(Prospect.id, Prospect.owner_id)
        .where(Prospect.org_id == current_actor().tenant, Prospect.id.in_(prospect_ids), Prospect.deleted_at.is_(None))
        .order_by(Prospect.id)
        .with_for_update(key_share=True)
    )
    rows = db.session.execute(wanted).all()
    if not rows:
        raise NotFound
    if not all(may_change(owner_id) for owner_id in {row.owner_id for row in rows}):
        raise Forbidden(_("Some of these prospects belong to somebody else. Ask them or a manager."))
    return rows


def _record_many(prospect_ids: Sequence[UUID], kind: str, details: dict[str, Any]) -> None:
    actor = current_actor()
    told = {"org_id": actor.tenant, "user_id": actor.user_id, "kind": kind, "details": details}
    rows = [told | {"id": new_id(), "prospect_id": prospect_id} for prospect_id in prospect_ids]
    db.session.execute(insert(ProspectEvent), rows)
    for prospect_id in prospect_ids:
        tell(actor.tenant, prospect_id)


def _name_of(stage_id: UUID) -> str:
    return db.session.scalar(select(ProspectStage.name).where(ProspectStage.id == stage_id)) or ""


def _found(prospect: Prospect | None) -> Prospect:
    if prospect is None:
        raise NotFound
    return prospect
