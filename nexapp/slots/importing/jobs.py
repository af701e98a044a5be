"""The three jobs of a file, a thousand rows each: check, run, undo. Each queues the next part as it commits."""

from __future__ import annotations

from nexapp.identity.business_settings import get_business
from nexapp.identity.models import StaffMember
from nexapp.slots.importing.batches import FILES
from nexapp.slots.importing.judging import Judge
from nexapp.slots.importing.sorting import sort_out
from nexapp.slots.importing.undoing import undo_part
from nexapp.slots.importing.writing import write_part
from nexapp.slots.invitations import text_soon
from nexapp.slots.list_models import ListImport
from nexapp.slots.models import Service
from nexapp.slots.notices import tell_import_done
from nexapp.slots.times import today_in
from nexapp.slots.waiting_list import tell_list
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.tables.cells import Judged
from nexapp.spine.tables.repeating import mark_repeated
from nexapp.spine.tables.shown import count, merge
from nexapp.spine.tenancy import scoped


@job("check_import_part")
def check_import_part(import_id: str, run: int, part: int) -> None:
    """Read a part's rows and count what they would do. A job of an earlier start changes nothing."""
    batch = FILES.find_running(import_id, "checking", run, part)
    if batch is None:
        return
    judged = mark_repeated(FILES, batch, FILES.read_part(batch, part, _judge(batch).judge), _numbers)
    found = sort_out(judged, batch.on_known)
    # What changes nothing is known by now; the run writes what became of every row.
    FILES.keep_part(batch, part, judged=judged, outcomes=found.outcomes)
    if FILES.go_on(batch, part, "checked", planned=merge(batch.planned, found.counts())):
        FILES.forget_keys(batch.id)


@job("run_import_part")
def run_import_part(import_id: str, run: int, part: int) -> None:
    """Write a part to the list as it is now: whoever came onto it since the check is counted as they are."""
    batch = FILES.find_running(import_id, "running", run, part)
    if batch is None:
        return
    business = get_business()
    found = sort_out(FILES.get_part(batch, part).judged or [], batch.on_known)
    outcomes = write_part(found, batch, business.time_zone)
    FILES.keep_part(batch, part, outcomes=outcomes)
    counts = merge(batch.results, count(outcomes))
    if FILES.go_on(batch, part, "done", results=counts):
        text_soon(batch.org_id)
        tell_import_done(batch)
    tell_list(batch.org_id)


@job("undo_import_part")
def undo_import_part(import_id: str, run: int, part: int) -> None:
    batch = FILES.find_running(import_id, "undoing", run, part)
    if batch is None:
        return
    undone = merge(batch.undone, undo_part(batch.org_id, FILES.get_part(batch, part).outcomes or []))
    FILES.go_on(batch, part, "undone", undone=undone)
    tell_list(batch.org_id)


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


def _numbers(row: Judged) -> list[str]:
    return [row["phone"]]
