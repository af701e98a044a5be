"""/prospects/imports: a file is uploaded, its columns named, its effect shown, run, and undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.identity.business_settings import get_business
from nexapp.sales.blueprint import pages
from nexapp.sales.importing.batches import FILES
from nexapp.sales.importing.forms import MappingForm
from nexapp.sales.importing.reasons import words_of
from nexapp.sales.prospects_forms import read_id
from nexapp.sales.prospects_views import stage_choices, team_choices
from nexapp.spine.access import member
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tables import progress
from nexapp.spine.tables.answers import csv_answer
from nexapp.spine.tables.shown import list_problems, list_samples, list_skipped, tally
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other

LARGEST = 20 * 1024 * 1024
EXAMPLE = (
    ("Name", "Company", "Role", "E-mail", "Phone", "Place", "Source", "Stage", "Owner", "Value"),
    ("Ana Ruiz", "Ruiz & Daughters", "Head of buying", "ana@example.com", "(312) 555-0123", "Chicago", "Fair", "New",
     "", "1200.00"),
)  # fmt: skip


@pages.before_request
def take_larger_files() -> None:
    """Before the form is read, whose token comes in the same body."""
    if request.endpoint == "sales.upload_import":
        request.max_content_length = LARGEST


@pages.get("/prospects/imports")
@member(Role.MANAGER)
def imports() -> Response:
    return _imports_page()


@pages.post("/prospects/imports")
@member(Role.MANAGER)
def upload_import() -> Response:
    file = request.files.get("file")
    if file is None or not file.filename:
        return _imports_page(_("Choose a file first."))
    try:
        with db.session.begin_nested():
            import_id = FILES.upload(file.stream, file.filename)
    except BadInput as error:
        return _imports_page(error.sentence)
    return _to(import_id)


@pages.get("/prospects/imports/<uuid:file_id>")
@member(Role.MANAGER)
def show_import(file_id: UUID) -> Response:
    return _import_page(FILES.get(file_id))


@pages.post("/prospects/imports/<uuid:file_id>/mapping")
@member(Role.MANAGER)
def map_import(file_id: UUID) -> Response:
    batch, form = FILES.get(file_id), _form()
    form.offer(batch.headers, {})
    if not form.validate():
        return _import_page(batch, form, 422)
    chosen = {"owner_id": read_id(form.owner_id.data), "stage_id": read_id(form.stage_id.data)}
    FILES.begin_check(file_id, form.mapping(), on_known=form.on_known.data, **chosen)
    return _to(file_id)


@pages.post("/prospects/imports/<uuid:file_id>/run")
@member(Role.MANAGER)
def run_import(file_id: UUID) -> Response:
    FILES.begin_run(file_id)
    return _to(file_id)


@pages.post("/prospects/imports/<uuid:file_id>/undo")
@member(Role.MANAGER)
def undo_import(file_id: UUID) -> Response:
    FILES.begin_undo(file_id)
    return _to(file_id)


@pages.post("/prospects/imports/<uuid:file_id>/removal")
@member(Role.MANAGER)
def discard_import(file_id: UUID) -> Response:
    FILES.discard(file_id)
    return see_other(url_for("sales.imports"), _("The file is forgotten. Nothing was changed."))


@pages.get("/prospects/imports/<uuid:file_id>/skipped.csv")
@member(Role.MANAGER)
def skipped_rows(file_id: UUID) -> Response:
    batch = FILES.get(file_id)
    return csv_answer(list_skipped(FILES, batch, words_of), "skipped-rows.csv", batch.delimiter)


@pages.get("/prospects/imports/example.csv")
@member(Role.MANAGER)
def example_file() -> Response:
    return csv_answer(EXAMPLE, "example.csv")


def _to(file_id: UUID) -> Response:
    return see_other(url_for("sales.show_import", file_id=file_id))


def _imports_page(refusal: str | None = None) -> Response:
    return page(
        "sales/imports.html", status=422 if refusal else 200, business=get_business(), refusal=refusal,
        batches=FILES.list_recent(), largest=LARGEST // 1024 // 1024,
    )  # fmt: skip


def _import_page(batch: Any, form: MappingForm | None = None, status: int = 200) -> Response:
    is_mapping = batch.status == "uploaded" or status == 422
    return page(
        "sales/import.html", "sales/_import.html", status=status, business=get_business(), batch=batch,
        form=form or _known_form(batch), samples=list_samples(FILES, batch) if is_mapping else [],
        problems=list_problems(FILES, batch), tally=tally(batch), words_of=words_of, is_mapping=is_mapping,
        reached=progress.reached(batch.id, batch.rows_done),
    )  # fmt: skip


def _known_form(batch: Any) -> MappingForm:
    """As it was filled in before; else new ones are one's own."""
    owner_id = batch.owner_id if batch.mapping is not None else current_actor().user_id
    data = {"on_known": batch.on_known, "owner_id": str(owner_id or ""), "stage_id": str(batch.stage_id or "")}
    form = _form(formdata=None, data=data)
    form.offer(batch.headers, FILES.guess_mapping(batch))
    return form


def _form(**given: Any) -> MappingForm:
    form = MappingForm(**given)
    form.owner_id.choices, form.stage_id.choices = team_choices(), stage_choices()
    return form
