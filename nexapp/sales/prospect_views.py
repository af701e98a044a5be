"""/prospects/<id>: one prospect, its story, and each change as a resource of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.identity.addresses import safe_next
from nexapp.identity.business_settings import get_business
from nexapp.sales import prospects as cases
from nexapp.sales import when
from nexapp.sales.blueprint import pages
from nexapp.sales.letter_addresses import find_stopped
from nexapp.sales.prospect_timeline import get_story
from nexapp.sales.prospect_words import REASONS
from nexapp.sales.prospects_forms import ContactForm, MoveForm, NoteForm, OwnerForm, ProspectForm, as_typed, read_id
from nexapp.sales.prospects_queries import get_row
from nexapp.sales.prospects_views import stage_choices, team_choices
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page, see_other, told


@pages.get("/prospects/<uuid:prospect_id>")
@member(Role.VIEWER)
def show_prospect(prospect_id: UUID) -> Response:
    return prospect_page(prospect_id)


@pages.post("/prospects/<uuid:prospect_id>")
@member(Role.STAFF)
def change_prospect(prospect_id: UUID) -> Response:
    cases.lock_prospect(prospect_id)
    form = ProspectForm(country=get_business().country)
    if not form.validate():
        return prospect_page(prospect_id, 422, form=form)
    cases.change_prospect(prospect_id, form.details())
    return _back(prospect_id, _("Saved."))


@pages.post("/prospects/<uuid:prospect_id>/stage")
@member(Role.STAFF)
def move_prospect(prospect_id: UUID) -> Response:
    """From the page, and from the board, which is gone back to."""
    cases.lock_prospect(prospect_id)
    form = MoveForm()
    form.stage_id.choices = stage_choices()
    stage_id = read_id(form.stage_id.data)
    if not form.validate() or stage_id is None:
        return prospect_page(prospect_id, 422, move_form=form)
    try:
        moved = cases.move_prospect(prospect_id, stage_id, form.lost_reason.data or "")
    except BadInput as error:
        form.bind_errors(error)
        return prospect_page(prospect_id, 422, move_form=form)
    words = _("%(name)s is in “%(stage)s” now.", name=moved.name, stage=dict(form.stage_id.choices)[str(stage_id)])
    move = cases.find_last_move(prospect_id)
    undo = url_for("sales.undo_move", prospect_id=prospect_id, move_id=move.id) if move else None
    if is_fragment():
        return told(words, undo=undo, signal=cases.SIGNAL)
    address = safe_next(request.form.get("next")) or url_for("sales.show_prospect", prospect_id=prospect_id)
    return see_other(address, words, undo=undo)


@pages.post("/prospects/<uuid:prospect_id>/moves/<uuid:move_id>/return")
@member(Role.STAFF)
def undo_move(prospect_id: UUID, move_id: UUID) -> Response:
    moved = cases.undo_move(prospect_id, move_id)
    if is_fragment():
        return told(_("%(name)s is back where it was.", name=moved.name), signal=cases.SIGNAL)
    return _back(prospect_id, _("%(name)s is back where it was.", name=moved.name))


@pages.post("/prospects/<uuid:prospect_id>/owner")
@member(Role.STAFF)
def change_owner(prospect_id: UUID) -> Response:
    cases.lock_prospect(prospect_id)
    form = OwnerForm()
    owner_id = read_id(form.owner_id.data)
    try:
        if form.owner_id.data and owner_id is None:
            raise BadInput(fields={"owner_id": _("Choose somebody of the team.")})
        cases.assign_prospects([prospect_id], owner_id)
    except BadInput as error:
        form.bind_errors(error)
        return prospect_page(prospect_id, 422, owner_form=form)
    return _back(prospect_id, _("Saved."))


@pages.post("/prospects/<uuid:prospect_id>/lock")
@member(Role.STAFF)
def lock_prospect(prospect_id: UUID) -> Response:
    cases.set_unlocked(prospect_id, is_unlocked=False)
    undo = url_for("sales.unlock_prospect", prospect_id=prospect_id)
    return _back(prospect_id, _("Locked. Nobody is reminded of it."), undo=undo)


@pages.post("/prospects/<uuid:prospect_id>/unlocking")
@member(Role.STAFF)
def unlock_prospect(prospect_id: UUID) -> Response:
    cases.set_unlocked(prospect_id, is_unlocked=True)
    return _back(prospect_id, _("Unlocked."))


@pages.post("/prospects/<uuid:prospect_id>/removal")
@member(Role.STAFF)
def delete_prospect(prospect_id: UUID) -> Response:
    gone = cases.delete_prospect(prospect_id)
    undo = url_for("sales.restore_prospect", prospect_id=prospect_id)
    return see_other(url_for("sales.prospects"), _("%(name)s is in the trash.", name=gone.name), undo=undo)


@pages.post("/prospects/<uuid:prospect_id>/restoration")
@member(Role.STAFF)
def restore_prospect(prospect_id: UUID) -> Response:
    back = cases.restore_prospect(prospect_id)
    return _back(prospect_id, _("%(name)s is out of the trash.", name=back.name))


def prospect_page(
    prospect_id: UUID, status: int = 200, *, form: ProspectForm | None = None, move_form: MoveForm | None = None,
    owner_form: OwnerForm | None = None, note_form: NoteForm | None = None, contact_form: ContactForm | None = None,
) -> Response:  # fmt: skip
    """The page, or the fragment of its live part; a refused form stands open in it."""
    business, row = get_business(), get_row(prospect_id)
    before = request.args.get("before")
    me, role, may_change = current_actor().user_id, current_actor().role, cases.may_change(row.owner_id, row.has_left)
    return page(
        "sales/prospect.html", "sales/_prospect.html" if status == 200 else None, status=status, business=business,
        prospect=row, story=get_story(row, business.currency, before), before=before, reasons=REASONS,
        may_change=may_change and row.deleted_at is None, may_note=role.at_least(Role.STAFF),
        may_restore=may_change and row.deleted_at is not None,
        is_manager=role.at_least(Role.MANAGER), user_id=me, is_changing=form is not None,
        form=form or ProspectForm(country=business.country, formdata=None, data=as_typed(row)),
        move_form=_move_form(row, move_form), owner_form=_owner_form(row, owner_form),
        note_form=note_form or NoteForm(formdata=None, data={"key": str(new_id())}),
        contact_form=contact_form or ContactForm(formdata=None, data={"key": str(new_id())}),
        zone=when.zone_of(me) if me else business.time_zone, no_email_since=find_stopped(row.email),
    )  # fmt: skip


def _move_form(row: Any, form: MoveForm | None) -> MoveForm:
    form = form or MoveForm(formdata=None, data={"stage_id": str(row.stage_id), "lost_reason": row.lost_reason})
    form.stage_id.choices = stage_choices()
    return form


def _owner_form(row: Any, form: OwnerForm | None) -> OwnerForm:
    form = form or OwnerForm(formdata=None, data={"owner_id": str(row.owner_id or "")})
    form.owner_id.choices = team_choices()
    return form


def _back(prospect_id: UUID, words: str, undo: str | None = None) -> Response:
    return see_other(url_for("sales.show_prospect", prospect_id=prospect_id), words, undo=undo)
