"""The files of prospects."""

from __future__ import annotations

from nexapp.sales.importing.columns import FIELDS, NAMED
from nexapp.sales.prospect_models import ProspectImport, ProspectImportKey, ProspectImportPart
from nexapp.spine.tables.forgetting import forget_after_a_month
from nexapp.spine.tables.steps import Files

FILES = Files(
    file=ProspectImport, part=ProspectImportPart, key=ProspectImportKey, key_column="key",
    jobs="{step}_prospects_part", subject="prospect_import", fields=FIELDS, named=NAMED, topic_end="prospects",
)  # fmt: skip


def register() -> None:
    forget_after_a_month(FILES)
