"""The stages of an organisation's pipeline. There is always one that is open, one for won and one for lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from nexapp.sales.models import Prospect, ProspectStage
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, NotFound
from nexapp.spine.jobs import enqueue
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor, scoped

OUTCOMES = ("open", "won", "lost")
MOST = 20


class StageInUse(Conflict):
    code = "stage_in_use"
    sentence = "Prospects stand in that stage. Move them to another one first."


class LastOfItsKind(Conflict):
    code = "last_stage_of_its_kind"
    sentence = "Every pipeline needs a stage that is open, one for won and one for lost."


def list_stages() -> Sequence[ProspectStage]:
    """Those in use, in their order."""
    wanted = scoped(ProspectStage).where(ProspectStage.archived_at.is_(None))
    return db.session.scalars(wanted.order_by(ProspectStage.position, ProspectStage.created_at)).all()


def get_stage(stage_id: UUID) -> ProspectStage:
    """One in use. Raises `NotFound`."""
    found: ProspectStage | None = db.session.scalar(
        scoped(ProspectStage).where(ProspectStage.id == stage_id, ProspectStage.archived_at.is_(None))
    )
    if found is None:
        raise NotFound
    return found


def first_stage() -> ProspectStage:
    """Where a new prospect starts: the first that is open."""
    return next(stage for stage in list_stages() if stage.outcome == "open")


def count_prospects() -> dict[UUID, int]:
    """By stage, without the trash."""
    rows = db.session.execute(
        select(Prospect.stage_id, func.count())
        .where(Prospect.org_id == current_actor().tenant, Prospect.deleted_at.is_(None))
        .group_by(Prospect.stage_id)
    )
    return {row[0]: row[1] for row in rows}


def add_stage(name: str, outcome: str) -> ProspectStage:
    """Before won and lost where it is open. Raises `BadInput` where the name is taken."""
    stages = list(list_stages())
    if len(stages) >= MOST:
        raise BadInput(_("A pipeline has at most %(most)s stages.", most=MOST))
    stage = ProspectStage(org_id=current_actor().tenant)
    _save(stage, name=name, outcome=outcome)
    place = next((n for n, one in enumerate(stages) if outcome == "open" and one.outcome != "open"), len(stages))
    _renumber([*stages[:place], stage, *stages[place:]])
    audit.record("stage.added", "prospect_stage", stage.id)
    _tell()
    return stage


def change_stage(stage_id: UUID, name: str, outcome: str) -> ProspectStage:
    """Where it means something else then, its prospects are scored again: only open ones have a score."""
    stage = _lock_all_for(stage_id)
    means_else = outcome != stage.outcome
    if means_else:
        _keep_one_like(stage)
    _save(stage, name=name, outcome=outcome)
    audit.record("stage.changed", "prospect_stage", stage.id)
    if means_else:
        enqueue("rescore_team", org_id=str(stage.org_id), cause="stage")
    _tell()
    return stage


def shift_stage(stage_id: UUID, by: int) -> None:
    """One place up (-1) or down (1); at the end it stays."""
    stage, stages = get_stage(stage_id), list(list_stages())
    place = stages.index(stage)
    target = min(max(place + by, 0), len(stages) - 1)
    stages.insert(target, stages.pop(place))
    _renumber(stages)
    audit.record("stage.moved", "prospect_stage", stage.id, {"position": target})
    _tell()


def archive_stage(stage_id: UUID) -> None:
    """Raises `StageInUse` while prospects stand in it, `LastOfItsKind` where it is needed."""
    stage = _lock_all_for(stage_id)
    _keep_one_like(stage)
    if count_prospects().get(stage_id):
        raise StageInUse
    stage.archived_at = now()
    audit.record("stage.archived", "prospect_stage", stage.id)
    _tell()


def restore_stage(stage_id: UUID) -> ProspectStage:
    """Take an archived one back. Raises `BadInput` where another one has its name by now."""
    stage: ProspectStage | None = db.session.scalar(scoped(ProspectStage).where(ProspectStage.id == stage_id))
    if stage is None:
        raise NotFound
    if stage.archived_at is not None:
        _save(stage, archived_at=None)
        audit.record("stage.restored", "prospect_stage", stage.id)
        _tell()
    return stage


def _lock_all_for(stage_id: UUID) -> ProspectStage:
    """Nobody takes away another one meanwhile, nor moves a prospect there. Raises `NotFound`."""
    all_of_them = scoped(ProspectStage).order_by(ProspectStage.id).with_for_update()
    db.session.scalars(all_of_them.execution_options(populate_existing=True)).all()
    return get_stage(stage_id)


def _keep_one_like(stage: ProspectStage) -> None:
    if not any(other.outcome == stage.outcome and other.id != stage.id for other in list_stages()):
        raise LastOfItsKind


def _save(stage: ProspectStage, /, **values: Any) -> None:
    # The savepoint comes before the change: it would be written ahead of it, and its refusal end the whole unit.
    try:
        with db.session.begin_nested():
            for column, value in values.items():
                setattr(stage, column, value)
            db.session.add(stage)
    except IntegrityError as error:
        sentence = _("There is a stage called %(name)s already.", name=values.get("name", stage.name))
        raise BadInput(sentence, fields={"name": sentence}) from error


def _renumber(stages: Sequence[ProspectStage]) -> None:
    for position, stage in enumerate(stages):
        if stage.position != position:
            db.session.execute(
                update(ProspectStage)
                .where(ProspectStage.org_id == stage.org_id, ProspectStage.id == stage.id)
                .values(position=position)
            )


def _tell() -> None:
    publish(f"org:{current_actor().tenant}:prospects", "prospects-changed")
