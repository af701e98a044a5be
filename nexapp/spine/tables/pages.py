"""The pages of a kind of files: one is uploaded, its columns named, its effect shown, run, and undone.

A part of the product adds them to its blueprint. What its files are about stands in templates of its own, which fill
in the blocks of those in `templates/tables/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from nexapp.spine.access import member
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tables import progress
from nexapp.spine.tables.answers import csv_answer
from nexapp.spine.tables.forms import ColumnsForm
from nexapp.spine.tables.shown import list_problems, list_samples, list_skipped, tally
from nexapp.spine.tables.steps import Files
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page, see_other

LARGEST = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FilePages:
    files: Files
    form: Callable[..., ColumnsForm]
    known: Callable[[Any], Mapping[str, Any]]
    """How a file's form was filled in before, but for its columns."""
    reasons: Mapping[str, Any]
    """Why a row is left out: a word → a sentence."""
    example: Sequence[Sequence[str]]
    all_page: str
    one_page: str
    one_fragment: str
    about: Callable[[], Mapping[str, Any]]
    """What the templates speak of besides: the business, and how much it may do a day."""

    def words_of(self, reason: str) -> str:
        return str(self.reasons.get(reason, reason.replace("_", " ")))

    def show_all(self, refusal: str | None = None) -> Response:
        return page(
            self.all_page, status=422 if refusal else 200, refusal=refusal,
            batches=self.files.list_recent(), largest=LARGEST // 1024 // 1024, **self.about(),
        )  # fmt: skip

    def show(self, batch: Any, form: ColumnsForm | None = None, status: int = 200) -> Response:
        is_mapping = batch.status == "uploaded" or status == 422
        return page(
            self.one_page, self.one_fragment, status=status, batch=batch,
            form=form or self._known_form(batch), samples=list_samples(self.files, batch) if is_mapping else [],
            problems=list_problems(self.files, batch), tally=tally(batch), words_of=self.words_of,
            is_mapping=is_mapping, reached=progress.reached(batch.id, batch.rows_done), topic=self.files.topic(),
            **self.about(),
        )  # fmt: skip

    def take(self) -> Response:
        file = request.files.get("file")
        if file is None or not file.filename:
            return self.show_all(_("Choose a file first."))
        try:
            with db.session.begin_nested():
                import_id = self.files.upload(file.stream, file.filename)
        except BadInput as error:
            return self.show_all(error.sentence)
        return _to(import_id)

    def begin_check(self, import_id: UUID) -> Response:
        batch, form = self.files.get(import_id), self.form()
        form.offer(batch.headers, {})
        if not form.validate():
            return self.show(batch, form, 422)
        self.files.begin_check(import_id, form.mapping(), **form.chosen())
        return _to(import_id)

    def answer_skipped(self, import_id: UUID) -> Response:
        batch = self.files.get(import_id)
        return csv_answer(list_skipped(self.files, batch, self.words_of), "skipped-rows.csv", batch.delimiter)

    def _known_form(self, batch: Any) -> ColumnsForm:
        form = self.form(formdata=None, data=self.known(batch))
        form.offer(batch.headers, self.files.guess_mapping(batch))
        return form


def add_file_pages(pages: Blueprint, address: str, kind: FilePages) -> None:
    """`address` is where the files are listed, such as `/prospects/imports`; each lies below it by its id."""
    _add_list(pages, address, kind)
    _add_steps(pages, f"{address}/<uuid:import_id>", kind)
    uploading = f"{pages.name}.upload_import"

    @pages.before_request
    def take_larger_files() -> None:
        """Before the form is read, whose token comes in the same body."""
        if request.endpoint == uploading:
            request.max_content_length = LARGEST


def _add_list(pages: Blueprint, address: str, kind: FilePages) -> None:
    @pages.get(address)
    @member(Role.MANAGER)
    def imports() -> Response:
        return kind.show_all()

    @pages.post(address)
    @member(Role.MANAGER)
    def upload_import() -> Response:
        return kind.take()

    @pages.get(f"{address}/example.csv")
    @member(Role.MANAGER)
    def example_file() -> Response:
        return csv_answer(kind.example, "example.csv")


def _add_steps(pages: Blueprint, address: str, kind: FilePages) -> None:
    @pages.get(address)
    @member(Role.MANAGER)
    def show_import(import_id: UUID) -> Response:
        return kind.show(kind.files.get(import_id))

    @pages.post(f"{address}/mapping")
    @member(Role.MANAGER)
    def map_import(import_id: UUID) -> Response:
        return kind.begin_check(import_id)

    @pages.post(f"{address}/run")
    @member(Role.MANAGER)
    def run_import(import_id: UUID) -> Response:
        kind.files.begin_run(import_id)
        return _to(import_id)

    @pages.post(f"{address}/undo")
    @member(Role.MANAGER)
    def undo_import(import_id: UUID) -> Response:
        kind.files.begin_undo(import_id)
        return _to(import_id)

    @pages.post(f"{address}/removal")
    @member(Role.MANAGER)
    def discard_import(import_id: UUID) -> Response:
        kind.files.discard(import_id)
        return see_other(url_for(".imports"), _("The file is forgotten. Nothing was changed."))

    @pages.get(f"{address}/skipped.csv")
    @member(Role.MANAGER)
    def skipped_rows(import_id: UUID) -> Response:
        return kind.answer_skipped(import_id)


def _to(import_id: UUID) -> Response:
    return see_other(url_for(".show_import", import_id=import_id))
