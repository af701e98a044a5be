"""A file on its way: uploaded, checked, run, undone. Each step is one guarded change of its row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, func, insert, select, update

from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue
from nexapp.spine.plain_text import one_line
from nexapp.spine.realtime import publish
from nexapp.spine.tables import progress
from nexapp.spine.tables.columns import guess, plain
from nexapp.spine.tables.reading import Row, read_sheet
from nexapp.spine.tenancy import current_actor, scoped

PART = 1000
LONGEST_NAME = 200
REMEMBERED = 5
RUNNING = {"checking": "check", "running": "run", "undoing": "undo"}


class StepTaken(Conflict):
    code = "import_step_taken"
    sentence = "That step was taken already."


@dataclass(frozen=True, slots=True)
class Files:
    """One kind of files: its three tables, and whom its progress is told."""

    file: type[Any]
    part: type[Any]
    key: type[Any]
    """Which row of a file has a number or an address first; kept while the file is being checked."""
    key_column: str
    jobs: str
    """The jobs' names, as `{step}_import_part`: check, run, undo."""
    subject: str
    """In the audit trail."""
    fields: Mapping[str, Any]
    named: Mapping[str, str]
    topic_end: str
    """The topic is `org:<id>:<topic_end>`."""

    def topic(self) -> str:
        return f"org:{current_actor().tenant}:{self.topic_end}"

    def upload(self, file: IO[bytes], filename: str) -> UUID:
        """Keep a file's rows. Raises `BadInput` where it can't be read; then the unit must roll back."""
        sheet = read_sheet(file)
        org_id, import_id = current_actor().tenant, new_id()
        row = {
            "id": import_id, "org_id": org_id, "filename": str(one_line(filename))[:LONGEST_NAME],
            "encoding": sheet.encoding, "delimiter": sheet.delimiter, "headers": sheet.headers,
            "has_headers": sheet.has_headers, "row_count": 0, "part_count": 0, "created_by": current_actor().user_id,
        }  # fmt: skip
        db.session.execute(insert(self.file).values(**row))
        rows = parts = 0
        for parts, cells in enumerate(_parts(sheet.rows), 1):
            kept = {"org_id": org_id, "import_id": import_id, "number": parts - 1, "cells": cells}
            db.session.execute(insert(self.part).values(**kept))
            rows += len(cells)
        if not rows:
            raise BadInput(_("This file has names of columns, and no rows."))
        self._set(import_id, row_count=rows, part_count=parts)
        audit.record("import.uploaded", self.subject, import_id, {"rows": rows})
        return import_id

    def get(self, import_id: UUID) -> Any:
        """Raises `NotFound`."""
        wanted = scoped(self.file).where(self.file.id == import_id)
        found = db.session.scalars(wanted, execution_options={"populate_existing": True}).first()
        if found is None:
            raise NotFound
        return found

    def list_recent(self) -> Sequence[Any]:
        return db.session.scalars(scoped(self.file).order_by(self.file.created_at.desc()).limit(20)).all()

    def guess_mapping(self, batch: Any) -> dict[str, int]:
        """What was chosen for this file, else for columns of these names before, else what their names say."""
        if batch.mapping is not None:
            return dict(batch.mapping)
        earlier = scoped(self.file).where(self.file.mapping.is_not(None)).order_by(self.file.created_at.desc())
        remembered: dict[str, str] = {}
        for known in db.session.scalars(earlier.limit(REMEMBERED)):
            for field, place in (known.mapping or {}).items():
                remembered.setdefault(plain(known.headers[place]), field)
        return guess(batch.headers, remembered, self.named, self.fields)

    def begin_check(self, import_id: UUID, mapping: dict[str, int], **chosen: Any) -> None:
        """Read every row anew. Raises `StepTaken` once it has been run, or its rows are no longer kept."""
        self._refuse_without_rows(self.get(import_id))
        values = {"mapping": mapping, "planned": {}, **chosen}
        self._begin(import_id, ("uploaded", "checking", "checked"), "checking", **values)
        # The row is locked by now: no earlier check can still be writing down numbers.
        self.forget_keys(import_id)

    def begin_run(self, import_id: UUID) -> None:
        """Raises `StepTaken` where it runs, or ran, or its rows are no longer kept."""
        self._refuse_without_rows(self.get(import_id))
        self._begin(import_id, ("checked",), "running", results={}, started_at=func.now())
        audit.record("import.started", self.subject, import_id)

    def begin_undo(self, import_id: UUID) -> None:
        """Raises `StepTaken` where it has not ended, or was undone."""
        self._refuse_without_rows(self.get(import_id))
        self._begin(import_id, ("done",), "undoing", undone={})
        audit.record("import.undone", self.subject, import_id)

    def discard(self, import_id: UUID) -> None:
        """Forget a file that was never run. Raises `StepTaken` for any other."""
        self.get(import_id)
        never_run = self.file.status.in_(("uploaded", "checking", "checked"))
        gone: Any = db.session.execute(_quietly(delete(self.file).where(*self._this(import_id), never_run)))
        if not gone.rowcount:
            raise StepTaken
        audit.record("import.discarded", self.subject, import_id)

    def forget_keys(self, import_id: UUID) -> None:
        """They tell repeated rows while the file is being checked, and are nobody's business afterwards."""
        mine = (self.key.org_id == current_actor().tenant, self.key.import_id == import_id)
        db.session.execute(_quietly(delete(self.key).where(*mine)))

    def find_running(self, import_id: str, status: str, run: int, part: int) -> Any:
        """The import, locked, where this job still speaks for it, and this part is the next; else None."""
        wanted = (
            scoped(self.file)
            .where(self.file.id == UUID(import_id), self.file.status == status, self.file.run == run)
            .where(self.file.rows_done == part * PART)
            .with_for_update()
        )
        return db.session.scalars(wanted, execution_options={"populate_existing": True}).first()

    def get_part(self, batch: Any, number: int) -> Any:
        mine = scoped(self.part).where(self.part.import_id == batch.id, self.part.number == number)
        return db.session.scalars(mine, execution_options={"populate_existing": True}).one()

    def keep_part(self, batch: Any, number: int, **values: Any) -> None:
        mine = (self.part.org_id == batch.org_id, self.part.import_id == batch.id, self.part.number == number)
        db.session.execute(_quietly(update(self.part).where(*mine).values(**values)))

    def read_part(self, batch: Any, number: int, judge: Callable[[int, Row], Any]) -> list[Any]:
        """Each row of a part, judged; how far it is can be seen all along."""
        judged = []
        for row, cells in enumerate(self.get_part(batch, number).cells, number * PART + 1):
            judged.append(judge(row, cells))
            if row % progress.EVERY == 0:
                progress.note(batch.id, row, self.topic())
        return judged

    def go_on(self, batch: Any, part: int, ended: str, **values: Any) -> bool:
        """Record a part, and queue the next one. True where it was the last."""
        is_last: bool = part + 1 >= batch.part_count
        values["rows_done"] = min((part + 1) * PART, batch.row_count)
        if is_last:
            values |= {"status": ended, "finished_at": func.now()}
            progress.forget(batch.id)
        else:
            self._queue(batch.status, batch.id, batch.run, part + 1)
        self._set(batch.id, **values)
        self._tell()
        return is_last

    def _begin(self, import_id: UUID, only_from: tuple[str, ...], status: str, **values: Any) -> None:
        progress.forget(import_id)
        changed = {"status": status, "run": self.file.run + 1, "rows_done": 0, "finished_at": None, **values}
        step = update(self.file).where(*self._this(import_id), self.file.status.in_(only_from)).values(**changed)
        run = db.session.scalar(_quietly(step.returning(self.file.run)))
        if run is None:
            raise StepTaken
        self._queue(status, import_id, run, 0)
        self._tell()

    def _queue(self, status: str, import_id: UUID, run: int, part: int) -> None:
        name = self.jobs.format(step=RUNNING[status])
        enqueue(name, unique_key=f"{name}:{import_id}:{run}:{part}", import_id=import_id, run=run, part=part)

    def _set(self, import_id: UUID, **values: Any) -> None:
        db.session.execute(_quietly(update(self.file).where(*self._this(import_id)).values(**values)))

    def _this(self, import_id: UUID) -> tuple[Any, Any]:
        return self.file.org_id == current_actor().tenant, self.file.id == import_id

    def _refuse_without_rows(self, batch: Any) -> None:
        mine = (self.part.org_id == batch.org_id, self.part.import_id == batch.id)
        if db.session.scalar(select(self.part.number).where(*mine).limit(1)) is None:
            raise StepTaken(_("The rows of this file are no longer kept. Upload it again."))

    def _tell(self) -> None:
        """The import changed: after this unit has committed."""
        publish(self.topic(), progress.SIGNAL)


def _quietly(statement: Any) -> Any:
    """Rows that the session holds are read anew where they are used."""
    return statement.execution_options(synchronize_session=False)


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    reader = iter(rows)
    while part := list(islice(reader, PART)):
        yield part
