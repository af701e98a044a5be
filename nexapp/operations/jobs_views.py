"""The console's page of jobs: what ran, what waits, what failed; with what can be done about one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import DateField, SelectField
from wtforms.validators import Optional

from nexapp.operations import job_log, job_words
from nexapp.operations.blueprint import pages
from nexapp.spine.access import platform_admin
from nexapp.spine.errors import BadInput
from nexapp.spine.job_runs import runnable, start_run
from nexapp.spine.jobs.registry import KINDS
from nexapp.spine.local_jobs import LOCAL_JOBS
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other


class RunForm(PageForm):
    """Which job, and for which of people's days."""

    job = SelectField(lazy_gettext("Job"))
    on_date = DateField(
        lazy_gettext("For the day"), [Optional()], description=lazy_gettext("Only for jobs at people's own hours.")
    )


def _form() -> RunForm:
    form = RunForm()
    names = sorted(runnable(), key=lambda name: (name not in LOCAL_JOBS, job_words.title(name)))
    form.job.choices = [(name, job_words.title(name)) for name in names]
    return form


@pages.get("/admin/jobs")
@platform_admin
def list_jobs() -> Response:
    return _list(_form())


@pages.post("/admin/jobs")
@platform_admin
def start_job() -> Response:
    form = _form()
    if not form.validate():
        return _list(form, 422)
    try:
        start_run(form.job.data, form.on_date.data)
    except BadInput as error:
        form.bind_errors(error)
        return _list(form, 422)
    name = job_words.title(form.job.data)
    return see_other(
        url_for(".list_jobs", state="all"), _("%(name)s is queued. This page shows how it ends.", name=name)
    )


@pages.post("/admin/jobs/<uuid:job_id>/runs")
@platform_admin
def run_one_again(job_id: UUID) -> Response:
    if job_log.run_again(job_id):
        return see_other(_back(), _("The job is queued again. This page shows how it ends."))
    return see_other(_back(), _("It isn't a job that failed."), "info")


@pages.post("/admin/jobs/<uuid:job_id>/cancellation")
@platform_admin
def cancel_job(job_id: UUID) -> Response:
    if job_log.cancel(job_id):
        undo = url_for(".run_one_again", job_id=job_id)
        return see_other(_back(), _("Cancelled. What it had done stays done."), undo=undo)
    return see_other(_back(), _("It is done already, or can't be stopped in the middle."), "info")


def _list(form: RunForm, status: int = 200) -> Response:
    wanted, before = job_log.Filter.of(request.args), _read_id(request.args.get("before"))
    found = job_log.list_jobs(wanted, before)
    return page(
        "operations/jobs.html",
        "operations/_jobs.html" if status == 200 else None,
        status=status,
        form=form,
        wanted=wanted,
        rows=found.rows,
        counts=job_log.count_jobs(),
        here=_address(wanted, before),
        first=_address(wanted) if before else None,
        following=found.next_before and _address(wanted, found.next_before),
        states=job_words.STATES,
        names={name: job_words.title(name) for name in sorted(KINDS, key=job_words.title)},
        words=job_words,
    )


def _read_id(raw: str | None) -> UUID | None:
    try:
        return UUID(raw or "")
    except ValueError:
        return None


def _address(wanted: job_log.Filter, before: UUID | None = None) -> str:
    arguments: dict[str, Any] = {**wanted.arguments(), "before": before}
    return url_for(".list_jobs", **arguments)


def _back() -> str:
    """To the list as it was narrowed when the button was pressed."""
    wanted = job_log.Filter.of(request.form)
    return _address(wanted, _read_id(request.form.get("before")))
