"""The three jobs of a file, a thousand rows each: check, run, undo. Each queues the next part as it commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nexapp.identity.business_settings import get_business
from nexapp.identity.models import StaffMember
from nexapp.slots.importing import progress
from nexapp.slots.importing.batches import PART, find_running, forget_numbers, get_part, go_on
from nexapp.slots.importing.judging import Judge, Judged
from nexapp.slots.importing.sorting import merge, sort_out
from nexapp.slots.importing.undoing import undo_part
from nexapp.slots.importing.writing import write_part
from nexapp.slots.invitations import text_soon
from nexapp.slots.list_models import ListImport, ListImportNumber, ListImportPart
from nexapp.slots.models import Service
from nexapp.slots.times import today_in
from nexapp.slots.waiting_list import tell_list
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.tenancy import scoped

FIRST = text("""
    SELECT phone, row_number FROM list_import_numbers
    WHERE org_id = :org_id AND import_id = :import_id AND phone = ANY(CAST(:phones AS text[]))
""")


@job("check_import_part")
def check_import_part(import_id: str, run: int, part: int) -> None:
    """Read a part's rows and count what they would do. A job of an earlier start changes nothing."""
    batch = find_running(import_id, "checking", run, part)
    if batch is None:
        return
    judged = _mark_repeated(batch, _read(batch, part))
    found = sort_out(judged, batch.on_known)
    # What changes nothing is known by now; the run writes what became of every row.
    _keep(batch, part, judged=judged, outcomes=found.outcomes)
    if go_on(batch, part, "check_import_part", "checked", planned=merge(batch.planned, found.counts())):
        forget_numbers(batch.id)


@job("run_import_part")
def run_import_part(import_id: str, run: int, part: int) -> None:
    """Write a part to the list as it is now: whoever came onto it since the check is counted as they are."""
    batch = find_running(import_id, "running", run, part)
    if batch is None:
        return
    business = get_business()
    found = sort_out(get_part(batch, part).judged or [], batch.on_known)
    outcomes = write_part(found, batch, business.time_zone)
    _keep(batch, part, outcomes=outcomes)
    counts = merge(batch.results, _counted(outcomes))
    if go_on(batch, part, "run_import_part", "done", results=counts):
        text_soon(batch.org_id)
    tell_list(batch.org_id)


@job("undo_import_part")
def undo_import_part(import_id: str, run: int, part: int) -> None:
    batch = find_running(import_id, "undoing", run, part)
    if batch is None:
        return
    undone = merge(batch.undone, undo_part(batch.org_id, get_part(batch, part).outcomes or []))
    go_on(batch, part, "undo_import_part", "undone", undone=undone)
    tell_list(batch.org_id)


def _read(batch: ListImport, part: int) -> list[Judged]:
    judge, judged = _judge(batch), []
    for number, cells in enumerate(get_part(batch, part).cells, part * PART + 1):
        judged.append(judge.judge(number, cells))
        if number % progress.EVERY == 0:
            progress.note(batch.id, number)
    return judged


def _judge(batch: ListImport) -> Judge:
    business = get_business()
    staff = db.session.scalars(scoped(StaffMember).where(StaffMember.is_active)).all()
    services = db.session.scalars(scoped(Service).where(Service.is_active)).all()
    return Judge(
        mapping=batch.mapping or {},
        country=business.country,
        today=today_in(business.time_zone),
        staff={member.display_name.casefold(): str(member.id) for member in staff},
        services={service.name.casefold(): str(service.id) for service in services},
    )


def _mark_repeated(batch: ListImport, judged: Sequence[Judged]) -> list[Judged]:
    """The first row that has a number counts; those after it, in this part or a later one, are left out."""
    numbers = {row["phone"]: row["row"] for row in reversed(judged) if "why" not in row}
    about = {"org_id": batch.org_id, "import_id": batch.id}
    rows = [about | {"phone": phone, "row_number": number} for phone, number in numbers.items()]
    if rows:
        db.session.execute(upsert(ListImportNumber).on_conflict_do_nothing(), rows)
    first = {row.phone: row.row_number for row in db.session.execute(FIRST, about | {"phones": list(numbers)})}
    return [
        {"row": row["row"], "why": "duplicate"} if "why" not in row and first[row["phone"]] != row["row"] else row
        for row in judged
    ]


def _counted(outcomes: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for outcome in outcomes:
        name = f"skipped.{outcome['why']}" if outcome["did"] == "skipped" else str(outcome["did"])
        counts[name] = counts.get(name, 0) + 1
    return counts


def _keep(batch: ListImport, part: int, **values: Any) -> None:
    mine = (ListImportPart.org_id == batch.org_id, ListImportPart.import_id == batch.id, ListImportPart.number == part)
    db.session.execute(
        update(ListImportPart).where(*mine).values(**values).execution_options(synchronize_session=False)
    )
