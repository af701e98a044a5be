"""The files of people for the waiting list."""

from __future__ import annotations

from nexapp.slots.importing.columns import FIELDS, NAMED
from nexapp.slots.list_models import ListImport, ListImportNumber, ListImportPart
from nexapp.spine.tables.forgetting import forget_after_a_month
from nexapp.spine.tables.steps import Files

FILES = Files(
    file=ListImport, part=ListImportPart, key=ListImportNumber, key_column="phone", jobs="{step}_import_part",
    subject="list_import", fields=FIELDS, named=NAMED, topic_end="waiting-list",
)  # fmt: skip


def register() -> None:
    forget_after_a_month(FILES)
