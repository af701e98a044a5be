"""/sequences: writing them, putting prospects into them, and who is where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.identity.addresses import safe_next
from nexapp.sales import sequence_enrolling, sequence_stopping, tiers, when
from nexapp.sales import sequences as cases
from nexapp.sales import sequences_queries as queries
from nexapp.sales.blueprint import pages
from nexapp.sales.prospects import get_prospect
from nexapp.sales.prospects_forms import read_id
from nexapp.sales.sequence_wording import VARIABLES
from nexapp.sales.sequences_forms import CHANNEL_WORDS, SequenceForm
from nexapp.sales.stages import list_stages
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput, Conflict
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other


@pages.get("/sequences")
@member(Role.VIEWER)
def sequences() -> Response:
    archived = request.args.get("view") == "archived"
    actor = current_actor()
    return page(
        "sales/sequences.html", "sales/_sequences.html", rows=queries.list_sequences(archived=archived),
        archived=archived, org_id=actor.tenant, may_add=actor.role.at_least(Role.STAFF), tier=tiers.current_tier(),
        may_plan=actor.role.at_least(Role.OWNER), may_change=cases.may_change,
    )  # fmt: skip


@pages.get("/sequences/new")
@member(Role.STAFF)
def new_sequence() -> Response:
    form = SequenceForm(formdata=None, data={"steps": [{"wait_days": "0", "at_time": when.NINE, "channel": "text"}]})
    return _form_page(form)


@pages.post("/sequences")
@member(Role.STAFF)
def add_sequence() -> Response:
    form = SequenceForm()
    if (reshaped := _reshaped(form)) is not None:
        return reshaped
    if not form.validate():
        return _form_page(form, status=422)
    try:
        added = cases.add_sequence(form.draft())
    except BadInput as error:
        form.bind_errors(error)
        return _form_page(form, status=422)
    return see_other(url_for("sales.sequence", sequence_id=added), _("Saved. Put prospects into it now."))


@pages.get("/sequences/<uuid:sequence_id>")
@member(Role.VIEWER)
def sequence(sequence_id: UUID) -> Response:
    row = cases.get_sequence(sequence_id)
    before = read_id(request.args.get("before"))
    listed = queries.list_enrolments(sequence_id, before)
    actor = current_actor()
    return page(
        "sales/sequence.html", "sales/_sequence.html", row=row, steps=cases.list_steps(sequence_id), listed=listed,
        zone=when.zone_of(actor.user_id) if actor.user_id else "UTC", channels=CHANNEL_WORDS, org_id=actor.tenant,
        may_change=cases.may_change(row.created_by), may_enrol=actor.role.at_least(Role.STAFF),
        may_act=_may_act, before=before, tier=tiers.current_tier(), may_plan=actor.role.at_least(Role.OWNER),
    )  # fmt: skip


@pages.get("/sequences/<uuid:sequence_id>/edit")
@member(Role.STAFF)
def edit_sequence(sequence_id: UUID) -> Response:
    row = cases.lock_sequence(sequence_id)
    steps = [
        {"wait_days": str(step.wait_days), "at_time": step.at_time, "channel": step.channel, "subject": step.subject,
         "body": step.body}
        for step in cases.list_steps(sequence_id)
    ]  # fmt: skip
    stops = {"stops_on_reply": row.stops_on_reply, "stops_on_stage": row.stops_on_stage}
    return _form_page(SequenceForm(formdata=None, data={"name": row.name, "steps": steps, **stops}), sequence_id)


@pages.post("/sequences/<uuid:sequence_id>")
@member(Role.STAFF)
def change_sequence(sequence_id: UUID) -> Response:
    cases.lock_sequence(sequence_id)
    form = SequenceForm()
    if (reshaped := _reshaped(form, sequence_id)) is not None:
        return reshaped
    if not form.validate():
        return _form_page(form, sequence_id, 422)
    try:
        cases.change_sequence(sequence_id, form.draft())
    except BadInput as error:
        form.bind_errors(error)
        return _form_page(form, sequence_id, 422)
    return see_other(url_for("sales.sequence", sequence_id=sequence_id), _("Saved."))


@pages.post("/sequences/<uuid:sequence_id>/archiving")
@member(Role.STAFF)
def archive_sequence(sequence_id: UUID) -> Response:
    cases.archive_sequence(sequence_id)
    undo = url_for("sales.restore_sequence", sequence_id=sequence_id)
    return see_other(url_for("sales.sequences"), _("Put away. Those who are in it go on to its end."), undo=undo)


@pages.post("/sequences/<uuid:sequence_id>/restoration")
@member(Role.STAFF)
def restore_sequence(sequence_id: UUID) -> Response:
    address = url_for("sales.sequence", sequence_id=sequence_id)
    try:
        cases.restore_sequence(sequence_id)
    except BadInput as error:
        return see_other(address, next(iter(error.fields.values())), "error")
    return see_other(address, _("In use again."))


@pages.get("/sequences/<uuid:sequence_id>/enrolments/new")
@member(Role.STAFF)
def new_enrolments(sequence_id: UUID) -> Response:
    row, search = cases.get_sequence(sequence_id), request.args.get("q", "").strip()[:80]
    stage_id = read_id(request.args.get("stage"))
    return page(
        "sales/sequence_enrol.html", row=row, search=search, stage_id=stage_id, stages=list_stages(),
        rows=queries.list_enrollable(search, stage_id),
    )  # fmt: skip


@pages.post("/sequences/<uuid:sequence_id>/enrolments")
@member(Role.STAFF)
def enrol(sequence_id: UUID) -> Response:
    return _enrol(sequence_id, [read_id(written) for written in request.form.getlist("prospect")])


@pages.post("/prospects/<uuid:prospect_id>/enrolments")
@member(Role.STAFF)
def enrol_prospect(prospect_id: UUID) -> Response:
    """From the prospect's own page, with the sequence that was chosen there."""
    get_prospect(prospect_id)
    address = url_for("sales.show_prospect", prospect_id=prospect_id)
    chosen = read_id(request.form.get("sequence_id"))
    if chosen is None:
        return see_other(address, _("Choose a sequence first."), "warning")
    return _enrol(chosen, [prospect_id], address)


@pages.post("/enrolments/<uuid:enrolment_id>/stopping")
@member(Role.STAFF)
def stop_enrolment(enrolment_id: UUID) -> Response:
    sequence_stopping.stop_enrolment(enrolment_id)
    return _back(_("Stopped. Nothing more of it comes up."))


@pages.post("/enrolments/<uuid:enrolment_id>/pausing")
@member(Role.STAFF)
def pause_enrolment(enrolment_id: UUID) -> Response:
    sequence_stopping.pause_enrolment(enrolment_id)
    return _back(_("Paused."), url_for("sales.resume_enrolment", enrolment_id=enrolment_id))


@pages.post("/enrolments/<uuid:enrolment_id>/resuming")
@member(Role.STAFF)
def resume_enrolment(enrolment_id: UUID) -> Response:
    sequence_stopping.resume_enrolment(enrolment_id)
    return _back(_("It goes on."))


def _reshaped(form: SequenceForm, sequence_id: UUID | None = None) -> Response | None:
    """A step more or less: the same form again, with what was typed. None where it is to be saved."""
    asked = request.form.get("reshape", "")
    if asked == "add":
        form.add_step()
    elif asked.startswith("remove-") and asked[7:].isdecimal() and len(asked) < 12:
        form.remove_step(int(asked[7:]))
    else:
        return None
    return _form_page(form, sequence_id)


def _form_page(form: SequenceForm, sequence_id: UUID | None = None, status: int = 200) -> Response:
    return page(
        "sales/sequence_form.html", "sales/_sequence_form.html", status=status, form=form, sequence_id=sequence_id,
        running=queries.count_running(sequence_id) if sequence_id else 0, variables=VARIABLES,
    )  # fmt: skip


def _enrol(sequence_id: UUID, given: list[UUID | None], address: str | None = None) -> Response:
    back = address or url_for("sales.sequence", sequence_id=sequence_id)
    try:
        done = sequence_enrolling.enrol(sequence_id, [one for one in given if one])
    except (BadInput, Conflict) as error:
        return see_other(back, error.sentence, "warning")
    return see_other(back, *_enrolled_words(done))


def _enrolled_words(done: sequence_enrolling.Enrolled) -> tuple[str, str]:
    words = []
    if done.begun:
        words.append(ngettext("%(num)s prospect begins.", "%(num)s prospects begin.", done.begun))
    if done.known:
        words.append(ngettext("%(num)s is in a sequence already.", "%(num)s are in a sequence already.", done.known))
    if done.refused:
        words.append(ngettext("%(num)s is not yours to change.", "%(num)s are not yours to change.", done.refused))
    return " ".join(words), "success" if done.begun else "warning"


def _may_act(row: Any) -> bool:
    actor = current_actor()
    if not actor.role.at_least(Role.STAFF):
        return False
    mine = actor.user_id in (row.owner_id, row.prospect_owner_id) or row.prospect_owner_id is None
    return mine or actor.role.at_least(Role.MANAGER)


def _back(words: str, undo: str | None = None) -> Response:
    return see_other(safe_next(request.form.get("next")) or url_for("sales.sequences"), words, undo=undo)
