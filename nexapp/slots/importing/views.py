"""/waiting-list/imports: a file is uploaded, its columns named, its effect shown, and run; and the export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.identity.business_settings import get_business
from nexapp.slots.importing.batches import FILES
from nexapp.slots.importing.forms import MappingForm
from nexapp.slots.importing.reasons import words_of
from nexapp.slots.invitations import most_a_day
from nexapp.slots.list_models import ListImport
from nexapp.slots.people import list_people, state_of
from nexapp.slots.views import pages
from nexapp.spine import audit
from nexapp.spine.access import member
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tables import progress
from nexapp.spine.tables.answers import csv_answer
from nexapp.spine.tables.shown import list_problems, list_samples, list_skipped, tally
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page, see_other
from nexapp.spine.web.templating import local_time, national

LARGEST = 20 * 1024 * 1024
AT_ONCE = 1000
EXAMPLE = (
    ("Name", "Mobile number", "E-mail", "With whom", "Service", "Minutes needed", "Waits until", "Waits since"),
    ("Ana Ruiz", "(305) 555-0123", "ana@example.com", "", "", "30", "", ""),
)


@pages.before_request
def take_larger_files() -> None:
    """Before the form is read, whose token comes in the same body."""
    if request.endpoint == "slots.upload_import":
        request.max_content_length = LARGEST


@pages.get("/waiting-list/imports")
@member(Role.MANAGER)
def imports() -> Response:
    return _imports_page()


@pages.post("/waiting-list/imports")
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


@pages.get("/waiting-list/imports/<uuid:import_id>")
@member(Role.MANAGER)
def show_import(import_id: UUID) -> Response:
    return _import_page(FILES.get(import_id))


@pages.post("/waiting-list/imports/<uuid:import_id>/mapping")
@member(Role.MANAGER)
def map_import(import_id: UUID) -> Response:
    batch = FILES.get(import_id)
    form = MappingForm()
    form.offer(batch.headers, {})
    if not form.validate():
        return _import_page(batch, form, 422)
    FILES.begin_check(import_id, form.mapping(), source=form.source.data, on_known=form.on_known.data)
    return _to(import_id)


@pages.post("/waiting-list/imports/<uuid:import_id>/run")
@member(Role.MANAGER)
def run_import(import_id: UUID) -> Response:
    FILES.begin_run(import_id)
    return _to(import_id)


@pages.post("/waiting-list/imports/<uuid:import_id>/undo")
@member(Role.MANAGER)
def undo_import(import_id: UUID) -> Response:
    FILES.begin_undo(import_id)
    return _to(import_id)


@pages.post("/waiting-list/imports/<uuid:import_id>/removal")
@member(Role.MANAGER)
def discard_import(import_id: UUID) -> Response:
    FILES.discard(import_id)
    return see_other(url_for("slots.imports"), _("The file is forgotten. Nothing was changed."))


@pages.get("/waiting-list/imports/<uuid:import_id>/skipped.csv")
@member(Role.MANAGER)
def skipped_rows(import_id: UUID) -> Response:
    batch = FILES.get(import_id)
    return csv_answer(list_skipped(FILES, batch, words_of), "skipped-rows.csv", batch.delimiter)


@pages.get("/waiting-list/imports/example.csv")
@member(Role.MANAGER)
def example_file() -> Response:
    return csv_answer(EXAMPLE, "example.csv")


@pages.get("/waiting-list/export.csv")
@member(Role.MANAGER)
def export_people() -> Response:
    audit.record("waiting_list.exported", "organization", get_business().id)
    return csv_answer(_exported(get_business().time_zone), "waiting-list.csv")


def _exported(zone: str) -> Iterator[list[str]]:
    yield [_("Name"), _("Mobile number"), _("State"), _("With whom"), _("Service"), _("Minutes needed"),
           _("How many people"), _("Waits until"), _("Waits since"), _("Offers"), _("Bookings"),
           _("No-shows")]  # fmt: skip
    place = None
    while True:
        listed = list_people(after=place, most=AT_ONCE)
        for person in listed.people:
            yield _cells(person, zone)
        if (place := listed.next) is None:
            return


def _cells(person: Any, zone: str) -> list[str]:
    wished = (person.staff, person.service, person.minutes_needed, person.party_size, person.ends_on)
    came = local_time(person.created_at, zone, "yyyy-MM-dd")
    counts = (person.offers, person.bookings, person.no_shows)
    told = [person.name, national(person.phone), state_of(person), *wished, came, *counts]
    return ["" if value is None else str(value) for value in told]


def _to(import_id: UUID) -> Response:
    return see_other(url_for("slots.show_import", import_id=import_id))


def _imports_page(refusal: str | None = None) -> Response:
    return page(
        "people/imports.html", status=422 if refusal else 200, business=get_business(), refusal=refusal,
        batches=FILES.list_recent(), largest=LARGEST // 1024 // 1024,
    )  # fmt: skip


def _import_page(batch: ListImport, form: MappingForm | None = None, status: int = 200) -> Response:
    if form is None:
        form = MappingForm(formdata=None, data={"source": batch.source or "", "on_known": batch.on_known})
        form.offer(batch.headers, FILES.guess_mapping(batch))
    return page(
        "people/import.html", "people/_import.html", status=status, business=get_business(), batch=batch, form=form,
        samples=list_samples(FILES, batch) if batch.status == "uploaded" or status == 422 else [],
        problems=list_problems(FILES, batch), tally=tally(batch), words_of=words_of,
        most_a_day=most_a_day(get_business()),
        reached=progress.reached(batch.id, batch.rows_done), is_mapping=batch.status == "uploaded" or status == 422,
    )  # fmt: skip
