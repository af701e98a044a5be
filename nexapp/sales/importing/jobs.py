"""The three jobs of a file, a thousand rows each: check, run, undo. Each queues the next part as it commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select, text

from nexapp.identity.business_settings import get_business
from nexapp.identity.models import Membership, User
from nexapp.notifications.service import notify
from nexapp.sales import stages
from nexapp.sales.events import ProspectsAdded
from nexapp.sales.importing.batches import FILES
from nexapp.sales.importing.judging import Judge, keys_of
from nexapp.sales.importing.sorting import Known, find_known, find_one, sort_out
from nexapp.sales.importing.undoing import undo_part
from nexapp.sales.importing.writing import write_part
from nexapp.sales.prospects import tell
from nexapp.sales.scoring import rescore_prospects
from nexapp.spine.db import db
from nexapp.spine.events import emit
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.tables.cells import Judged
from nexapp.spine.tables.repeating import mark_repeated
from nexapp.spine.tables.shown import count, merge
from nexapp.spine.tenancy import Role, current_actor

ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('import:' || CAST(:org_id AS text), 0))")


@job("check_prospects_part")
def check_prospects_part(import_id: str, run: int, part: int) -> None:
    """Read a part's rows and count what they would do. A job of an earlier start changes nothing."""
    batch = FILES.find_running(import_id, "checking", run, part)
    if batch is None:
        return
    judged = FILES.read_part(batch, part, _judge(batch).judge)
    known = _known(batch, judged)
    _name_known(judged, known, batch.on_known)
    judged = mark_repeated(FILES, batch, judged, keys_of)
    found = sort_out(judged, known, batch.on_known)
    # What changes nothing is known by now; the run writes what became of every row.
    FILES.keep_part(batch, part, judged=judged, outcomes=found.outcomes)
    if FILES.go_on(batch, part, "checked", planned=merge(batch.planned, found.counts())):
        FILES.forget_keys(batch.id)


@job("run_prospects_part")
def run_prospects_part(import_id: str, run: int, part: int) -> None:
    """Write a part to the prospects as they are now: whoever was added since the check is known by now."""
    batch = FILES.find_running(import_id, "running", run, part)
    if batch is None:
        return
    # One file of a team after the other: two with the same people would each add them.
    db.session.execute(ALONE, {"org_id": batch.org_id})
    judged = FILES.get_part(batch, part).judged or []
    found = sort_out(judged, _known(batch, judged, held=True), batch.on_known)
    outcomes = write_part(found, batch, _stages_of(batch))
    FILES.keep_part(batch, part, outcomes=outcomes)
    if found.added or found.updated:
        key = f"prospects_added_by_file:{import_id}:{run}:{part}"
        enqueue("prospects_added_by_file", unique_key=key, import_id=import_id, part=part)
    counts = merge(batch.results, count(outcomes))
    if FILES.go_on(batch, part, "done", results=counts):
        _notify_author(batch, counts)
    tell(batch.org_id)


@job("prospects_added_by_file", queue="slow")
def prospects_added_by_file(import_id: str, part: int) -> None:
    """What others make of new prospects, and scores of changed ones, hold no file up. None where it was undone."""
    batch = FILES.get(UUID(import_id))
    if batch.status not in {"running", "done"}:
        return
    outcomes = FILES.get_part(batch, part).outcomes or []
    if added := _ids(outcomes, "added"):
        emit(ProspectsAdded(batch.org_id, added, current_actor().user_id, "import"))
    rescore_prospects(_ids(outcomes, "updated"), cause="import")
    tell(batch.org_id)


@job("undo_prospects_part")
def undo_prospects_part(import_id: str, run: int, part: int) -> None:
    batch = FILES.find_running(import_id, "undoing", run, part)
    if batch is None:
        return
    outcomes = FILES.get_part(batch, part).outcomes or []
    undone = merge(batch.undone, undo_part(batch, outcomes))
    rescore_prospects(_ids(outcomes, "updated"), cause="import")
    FILES.go_on(batch, part, "undone", undone=undone)
    tell(batch.org_id)


def _ids(outcomes: Sequence[dict[str, Any]], did: str) -> tuple[UUID, ...]:
    return tuple(UUID(outcome["id"]) for outcome in outcomes if outcome["did"] == did)


def _known(batch: Any, judged: Sequence[Judged], *, held: bool = False) -> Known:
    """Nobody asks for them where all are added."""
    return {} if batch.on_known == "add" else find_known(judged, held=held)


def _judge(batch: Any) -> Judge:
    return Judge(
        mapping=batch.mapping or {},
        country=get_business().country,
        stages={stage.name.casefold(): str(stage.id) for stage in stages.list_stages()},
        owners=_owners(),
    )


def _owners() -> dict[str, str]:
    """The team by names and addresses; a name that two have is nobody's."""
    team = db.session.execute(
        select(User.id, User.name, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == current_actor().tenant, Membership.deactivated_at.is_(None),
            Membership.role != Role.VIEWER.value,
        )
    ).all()  # fmt: skip
    names = [one.name.casefold() for one in team]
    found = {one.name.casefold(): str(one.id) for one in team if one.name and names.count(one.name.casefold()) == 1}
    return found | {one.email.casefold(): str(one.id) for one in team if one.email}


def _name_known(judged: Sequence[Judged], known: Any, on_known: str) -> None:
    """Two rows may have nothing in common but the prospect they are about."""
    for row in judged if on_known == "update" else ():
        if "why" not in row and (prospect := find_one(known, row)) is not None:
            row["known"] = str(prospect.id)


def _stages_of(batch: Any) -> list[str]:
    """Those in use, first the chosen one, else the one where new prospects start."""
    used = stages.list_stages()
    first = next((stage for stage in used if stage.id == batch.stage_id), stages.first_stage())
    return [str(first.id), *(str(stage.id) for stage in used)]


def _notify_author(batch: Any, counts: dict[str, int]) -> None:
    if batch.created_by is None:
        return
    added, updated = counts.get("added", 0), counts.get("updated", 0)
    words = [ngettext("%(num)s prospect was added.", "%(num)s prospects were added.", added)] if added else []
    if updated:
        words.append(ngettext("%(num)s prospect was updated.", "%(num)s prospects were updated.", updated))
    message = " ".join(words) or _("Nothing was changed.")
    notify(
        [batch.created_by], "scan_complete", values={"title": batch.filename, "message": message},
        action_url=f"/prospects/imports/{batch.id}", subject_kind="prospect_import",
        subject_id=batch.id, dedupe_key=f"import:{batch.id}:{batch.run}",
    )  # fmt: skip
