"""The console: home, errors. For platform admins only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.operations import error_log, health, health_words, overview
from nexapp.operations.blueprint import pages
from nexapp.operations.error_words import KINDS, SEVERITIES, STATES
from nexapp.operations.forms import NoteForm
from nexapp.spine.access import platform_admin
from nexapp.spine.web.pages import page, see_other


@pages.get("/admin")
@platform_admin
def admin_home() -> Response:
    findings = health.examine()
    return page(
        "operations/home.html",
        "operations/_home.html",
        headline=health_words.headline(health.overall(findings)),
        checks=[
            (title, findings[name].status, health_words.sentence(name, findings[name]))
            for name, title in health_words.titles().items()
        ],
        open_errors=error_log.count_open(),
        severities=SEVERITIES,
        depths=overview.queue_depths(),
        texts=overview.texts_by_state(),
        failed_jobs=overview.failed_jobs(),
    )


@pages.get("/admin/errors")
@platform_admin
def list_errors() -> Response:
    wanted = error_log.Filter.of(request.args)
    before = request.args.get("before")
    found = error_log.list_errors(wanted, before)
    return page(
        "operations/errors.html",
        "operations/_errors.html",
        wanted=wanted,
        rows=found.rows,
        here=_list_address(wanted, before),
        first=_list_address(wanted) if before else None,
        following=found.next_before and _list_address(wanted, found.next_before),
        kinds=KINDS,
        kind_titles={name: kind.title for name, kind in KINDS.items()},
        severities=SEVERITIES,
        states=STATES,
    )


@pages.get("/admin/errors/<uuid:error_id>")
@platform_admin
def show_error(error_id: UUID) -> Response:
    return _error_page(error_id, NoteForm())


@pages.post("/admin/errors/<uuid:error_id>/resolution")
@platform_admin
def resolve_error(error_id: UUID) -> Response:
    form = NoteForm()
    if not form.validate():
        return _error_page(error_id, form, status=422)
    changed = error_log.resolve_error(error_id, form.note.data or "")
    return see_other(_address(error_id), _("Resolved.") if changed else _("Somebody resolved it before you."))


@pages.post("/admin/errors/<uuid:error_id>/reopening")
@platform_admin
def reopen_error(error_id: UUID) -> Response:
    form = NoteForm()
    if not form.validate():
        return _error_page(error_id, form, status=422)
    changed = error_log.reopen_error(error_id, form.note.data or "")
    return see_other(_address(error_id), _("Open again.") if changed else _("It is open already."))


@pages.post("/admin/errors/<uuid:error_id>/runs")
@platform_admin
def run_job_again(error_id: UUID) -> Response:
    if error_log.run_job_again(error_id):
        return see_other(_address(error_id), _("The job is queued again. This page shows how it ends."))
    return see_other(_address(error_id), _("There is no failed job to run again."), "info")


def _error_page(error_id: UUID, form: NoteForm, status: int = 200) -> Response:
    error = error_log.get_error(error_id)
    return page(
        "operations/error.html",
        "operations/_error.html" if status == 200 else None,
        status=status,
        error=error,
        around=error_log.surroundings_of(error),
        recurrence=error_log.recurrence_of(error) if error.resolved_at else None,
        words=KINDS[error.kind],
        severity=SEVERITIES[error.severity],
        form=form,
    )


def _list_address(wanted: error_log.Filter, before: str | None = None) -> str:
    arguments: dict[str, Any] = {**wanted.arguments(), "before": before}
    return url_for(".list_errors", **arguments)


def _address(error_id: UUID) -> str:
    return url_for(".show_error", error_id=error_id)
