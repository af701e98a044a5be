"""/settings/stages: the steps of the pipeline, set by the owner."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.sales import stages
from nexapp.sales.blueprint import pages
from nexapp.sales.prospects_forms import StageForm
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page, see_other


@pages.get("/settings/stages")
@member(Role.OWNER)
def stages_page() -> Response:
    return _page()


@pages.post("/settings/stages")
@member(Role.OWNER)
def add_stage() -> Response:
    form = StageForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        added = stages.add_stage(form.name.data, form.outcome.data)
    except BadInput as error:
        form.bind_errors(error)
        return _page(form, status=422)
    return _back(_("%(name)s is a stage now.", name=added.name))


@pages.post("/settings/stages/<uuid:stage_id>")
@member(Role.OWNER)
def change_stage(stage_id: UUID) -> Response:
    stages.get_stage(stage_id)
    form = StageForm(prefix=_prefix(stage_id))
    if not form.validate():
        return _page(refused=(stage_id, form), status=422)
    try:
        stages.change_stage(stage_id, form.name.data, form.outcome.data)
    except BadInput as error:
        form.bind_errors(error)
        return _page(refused=(stage_id, form), status=422)
    return _back(_("Saved."))


@pages.post("/settings/stages/<uuid:stage_id>/place")
@member(Role.OWNER)
def shift_stage(stage_id: UUID) -> Response:
    stages.shift_stage(stage_id, -1 if request.form.get("to") == "up" else 1)
    return _back(_("Saved."))


@pages.post("/settings/stages/<uuid:stage_id>/removal")
@member(Role.OWNER)
def archive_stage(stage_id: UUID) -> Response:
    name = stages.get_stage(stage_id).name
    stages.archive_stage(stage_id)
    undo = url_for("sales.restore_stage", stage_id=stage_id)
    return see_other(url_for("sales.stages_page"), _("%(name)s is gone.", name=name), undo=undo)


@pages.post("/settings/stages/<uuid:stage_id>/restoration")
@member(Role.OWNER)
def restore_stage(stage_id: UUID) -> Response:
    return _back(_("%(name)s is back.", name=stages.restore_stage(stage_id).name))


def _page(
    form: StageForm | None = None, refused: tuple[UUID, StageForm] | None = None, status: int = 200
) -> Response:  # fmt: skip
    counts, rows = stages.count_prospects(), []
    for stage in stages.list_stages():
        is_refused = refused is not None and refused[0] == stage.id
        known = StageForm(
            formdata=None, prefix=_prefix(stage.id), data={"name": stage.name, "outcome": stage.outcome}
        )  # fmt: skip
        rows.append({
            "stage": stage, "count": counts.get(stage.id, 0), "is_open": is_refused,
            "form": refused[1] if refused and is_refused else known,
        })  # fmt: skip
    return page("sales/stages.html", status=status, rows=rows, form=form or StageForm(formdata=None))


def _prefix(stage_id: UUID) -> str:
    # Several forms of one kind on a page: their fields need names and ids of their own.
    return f"s{stage_id.hex[-8:]}"


def _back(toast: str) -> Response:
    return see_other(url_for("sales.stages_page"), toast)
