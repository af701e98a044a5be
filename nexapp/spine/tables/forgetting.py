"""A file has people in it: its rows are kept for a month, for the error file and for undoing."""

from __future__ import annotations

from sqlalchemy import text

from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule
from nexapp.spine.tables.steps import Files

KEPT_DAYS = 30
# Names of tables are our own.
FORGET = """
    DELETE FROM {part} p USING {file} i
    WHERE i.org_id = p.org_id AND i.id = p.import_id AND i.created_at < now() - make_interval(days => :days)
      AND i.status NOT IN ('checking', 'running', 'undoing')
"""
_KINDS: dict[str, Files] = {}


def forget_after_a_month(files: Files) -> None:
    """The rows of this kind of files go by themselves."""
    _KINDS[files.subject] = files
    schedule("forget_imported_rows", cron="17 4 * * *", job="forget_imported_rows")


@job("forget_imported_rows")
def forget_imported_rows() -> None:
    """Runs as the system, over all organisations."""
    for files in _KINDS.values():
        names = {"part": files.part.__tablename__, "file": files.file.__tablename__}
        db.session.execute(text(FORGET.format(**names)), {"days": KEPT_DAYS})
