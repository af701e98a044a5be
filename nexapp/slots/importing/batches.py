"""A file on its way: uploaded, checked, run, undone. Each step is one guarded change of its row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, func, insert, select, text, update

from nexapp.identity.fields import one_line
from nexapp.slots.importing import progress
from nexapp.slots.importing.columns import guess, plain
from nexapp.slots.importing.reading import Row, read_sheet
from nexapp.slots.list_models import ListImport, ListImportNumber, ListImportPart
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import current_actor, scoped

PART = 1000
LONGEST_NAME = 200
REMEMBERED = 5
KEPT_DAYS = 30
"""A file has people in it: so long its rows are kept, for the error file and for undoing."""

COUNT_ROWS = text("""
    UPDATE list_imports SET row_count = :rows, part_count = :parts WHERE org_id = :org_id AND id = :id
""")
FORGET = text("""
    DELETE FROM list_import_parts p USING list_imports i
    WHERE i.org_id = p.org_id AND i.id = p.import_id AND i.created_at < now() - make_interval(days => :days)
      AND i.status NOT IN ('checking', 'running', 'undoing')
""")


class StepTaken(Conflict):
    code = "import_step_taken"
    sentence = "That step was taken already."


def upload(file: IO[bytes], filename: str) -> UUID:
    """Keep a file's rows. Raises `BadInput` where it can't be read; then nothing is kept (the unit must roll back)."""
    sheet = read_sheet(file)
    org_id, import_id = current_actor().tenant, new_id()
    db.session.execute(
        insert(ListImport).values(
            id=import_id, org_id=org_id, filename=str(one_line(filename))[:LONGEST_NAME], encoding=sheet.encoding,
            delimiter=sheet.delimiter, headers=sheet.headers, has_headers=sheet.has_headers, row_count=0,
            part_count=0, created_by=current_actor().user_id,
        )
    )  # fmt: skip
    rows = parts = 0
    for parts, cells in enumerate(_parts(sheet.rows), 1):
        _keep(org_id, import_id, parts - 1, cells)
        rows += len(cells)
    if not rows:
        raise BadInput(_("This file has names of columns, and no rows."))
    db.session.execute(COUNT_ROWS, {"rows": rows, "parts": parts, "org_id": org_id, "id": import_id})
    audit.record("import.uploaded", "list_import", import_id, {"rows": rows})
    return import_id


def get_import(import_id: UUID) -> ListImport:
    """Raises `NotFound`."""
    found: ListImport | None = db.session.scalars(
        scoped(ListImport).where(ListImport.id == import_id), execution_options={"populate_existing": True}
    ).first()
    if found is None:
        raise NotFound
    return found


def list_imports() -> Sequence[ListImport]:
    return db.session.scalars(scoped(ListImport).order_by(ListImport.created_at.desc()).limit(20)).all()


def guess_mapping(batch: ListImport) -> dict[str, int]:
    """What was chosen for this file, else for columns of these names before, else what their names say."""
    if batch.mapping is not None:
        return batch.mapping
    earlier = scoped(ListImport).where(ListImport.mapping.is_not(None)).order_by(ListImport.created_at.desc())
    remembered: dict[str, str] = {}
    for known in db.session.scalars(earlier.limit(REMEMBERED)):
        for field, place in (known.mapping or {}).items():
            remembered.setdefault(plain(known.headers[place]), field)
    return guess(batch.headers, remembered)


def begin_check(import_id: UUID, mapping: dict[str, int], source: str, on_known: str) -> None:
    """Read every row anew. Raises `StepTaken` once it has been run, or its rows are no longer kept."""
    _refuse_without_rows(get_import(import_id))
    values: dict[str, Any] = {"mapping": mapping, "source": source, "on_known": on_known, "planned": {}}
    _begin(import_id, ("uploaded", "checking", "checked"), "checking", "check_import_part", **values)
    # The row is locked by now: no earlier check can still be writing down numbers.
    forget_numbers(import_id)


def begin_run(import_id: UUID) -> None:
    """Raises `StepTaken` where it runs, or ran, or its rows are no longer kept."""
    _refuse_without_rows(get_import(import_id))
    _begin(import_id, ("checked",), "running", "run_import_part", results={}, started_at=func.now())
    audit.record("import.started", "list_import", import_id)


def begin_undo(import_id: UUID) -> None:
    """Raises `StepTaken` where it has not ended, or was undone."""
    _refuse_without_rows(get_import(import_id))
    _begin(import_id, ("done",), "undoing", "undo_import_part", undone={})
    audit.record("import.undone", "list_import", import_id)


def discard(import_id: UUID) -> None:
    """Forget a file that was never run. Raises `StepTaken` for any other."""
    get_import(import_id)
    mine = (ListImport.org_id == current_actor().tenant, ListImport.id == import_id)
    never_run = ListImport.status.in_(("uploaded", "checking", "checked"))
    gone = db.session.execute(delete(ListImport).where(*mine, never_run).execution_options(synchronize_session=False))
    if not gone.rowcount:  # type: ignore[attr-defined]
        raise StepTaken
    audit.record("import.discarded", "list_import", import_id)


def forget_numbers(import_id: UUID) -> None:
    """They tell repeated rows while the file is being checked, and are nobody's business afterwards."""
    mine = (ListImportNumber.org_id == current_actor().tenant, ListImportNumber.import_id == import_id)
    db.session.execute(delete(ListImportNumber).where(*mine).execution_options(synchronize_session=False))


def find_running(import_id: str, status: str, run: int, part: int) -> ListImport | None:
    """The import, locked, where this job still speaks for it, and this part is the next."""
    found: ListImport | None = db.session.scalars(
        scoped(ListImport)
        .where(ListImport.id == UUID(import_id), ListImport.status == status, ListImport.run == run)
        .where(ListImport.rows_done == part * PART)
        .with_for_update(),
        execution_options={"populate_existing": True},
    ).first()
    return found


def get_part(batch: ListImport, number: int) -> ListImportPart:
    mine = scoped(ListImportPart).where(ListImportPart.import_id == batch.id, ListImportPart.number == number)
    found: ListImportPart = db.session.scalars(mine, execution_options={"populate_existing": True}).one()
    return found


def go_on(batch: ListImport, part: int, job_name: str, ended: str, **values: Any) -> bool:
    """Record a part, and queue the next one. True where it was the last."""
    is_last = part + 1 >= batch.part_count
    values["rows_done"] = min((part + 1) * PART, batch.row_count)
    if is_last:
        values |= {"status": ended, "finished_at": func.now()}
        progress.forget(batch.id)
    else:
        _queue(job_name, batch.id, batch.run, part + 1)
    _set(batch.id, **values)
    progress.tell()
    return is_last


@job("forget_imported_rows")
def forget_imported_rows() -> None:
    """Runs as the system, over all businesses."""
    db.session.execute(FORGET, {"days": KEPT_DAYS})


def register() -> None:
    schedule("forget_imported_rows", cron="17 4 * * *", job="forget_imported_rows")


def _begin(import_id: UUID, only_from: tuple[str, ...], status: str, job_name: str, **values: Any) -> None:
    progress.forget(import_id)
    run = db.session.scalar(
        update(ListImport)
        .where(
            ListImport.org_id == current_actor().tenant, ListImport.id == import_id, ListImport.status.in_(only_from)
        )
        .values(status=status, run=ListImport.run + 1, rows_done=0, finished_at=None, **values)
        .returning(ListImport.run)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if run is None:
        raise StepTaken
    _queue(job_name, import_id, run, 0)
    progress.tell()


def _queue(job_name: str, import_id: UUID, run: int, part: int) -> None:
    enqueue(job_name, unique_key=f"{job_name}:{import_id}:{run}:{part}", import_id=import_id, run=run, part=part)


def _set(import_id: UUID, **values: Any) -> None:
    db.session.execute(
        update(ListImport)
        .where(ListImport.org_id == current_actor().tenant, ListImport.id == import_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    reader = iter(rows)
    while part := list(islice(reader, PART)):
        yield part


def _keep(org_id: UUID, import_id: UUID, number: int, cells: list[Row]) -> None:
    row = {"org_id": org_id, "import_id": import_id, "number": number, "cells": cells}
    db.session.execute(insert(ListImportPart).values(**row))


def _refuse_without_rows(batch: ListImport) -> None:
    mine = (ListImportPart.org_id == batch.org_id, ListImportPart.import_id == batch.id)
    if db.session.scalar(select(ListImportPart.number).where(*mine).limit(1)) is None:
        raise StepTaken(_("The rows of this file are no longer kept. Upload it again."))


def list_samples(batch: ListImport) -> list[list[str]]:
    """The first cells of each column that say something."""
    part = db.session.scalar(
        select(ListImportPart.cells).where(
            ListImportPart.org_id == batch.org_id, ListImportPart.import_id == batch.id, ListImportPart.number == 0
        )
    )
    rows: list[Row] = (part or [])[:50]
    columns = range(len(batch.headers))
    return [[row[c][:40] for row in rows if c < len(row) and row[c].strip()][:3] for c in columns]
