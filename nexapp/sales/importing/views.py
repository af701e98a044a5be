"""/prospects/imports: files of prospects."""

from __future__ import annotations

from typing import Any

from nexapp.identity.business_settings import get_business
from nexapp.sales.blueprint import pages
from nexapp.sales.importing.batches import FILES
from nexapp.sales.importing.forms import MappingForm
from nexapp.sales.importing.reasons import WORDS
from nexapp.sales.prospects_views import stage_choices, team_choices
from nexapp.spine.tables.pages import FilePages, add_file_pages
from nexapp.spine.tenancy import current_actor

EXAMPLE = (
    ("Name", "Company", "Role", "E-mail", "Phone", "Place", "Source", "Stage", "Owner", "Value"),
    ("Ana Ruiz", "Ruiz & Daughters", "Head of buying", "ana@example.com", "(312) 555-0123", "Chicago", "Fair", "New",
     "", "1200.00"),
)  # fmt: skip


def _form(**given: Any) -> MappingForm:
    form = MappingForm(**given)
    form.owner_id.choices, form.stage_id.choices = team_choices(), stage_choices()
    return form


def _known(batch: Any) -> dict[str, Any]:
    """New ones are one's own, unless it was said otherwise."""
    owner_id = batch.owner_id if batch.mapping is not None else current_actor().user_id
    return {"on_known": batch.on_known, "owner_id": str(owner_id or ""), "stage_id": str(batch.stage_id or "")}


def _about() -> dict[str, Any]:
    return {"business": get_business()}


KIND = FilePages(
    files=FILES, form=_form, known=_known, reasons=WORDS, example=EXAMPLE, about=_about,
    all_page="sales/imports.html", one_page="sales/import.html", one_fragment="sales/_import.html",
)  # fmt: skip
add_file_pages(pages, "/prospects/imports", KIND)
