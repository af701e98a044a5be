"""Notes on a prospect's page."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _

from nexapp.sales import notes
from nexapp.sales.blueprint import pages
from nexapp.sales.prospect_views import prospect_page
from nexapp.sales.prospects import get_prospect
from nexapp.sales.prospects_forms import NoteForm, read_id
from nexapp.spine.access import member
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page, see_other


@pages.post("/prospects/<uuid:prospect_id>/notes")
@member(Role.STAFF)
def add_note(prospect_id: UUID) -> Response:
    get_prospect(prospect_id)
    form = NoteForm()
    if not form.validate():
        return prospect_page(prospect_id, 422, note_form=form)
    notes.add_note(prospect_id, form.body.data, read_id(form.key.data))
    return _back(prospect_id, _("Noted."))


@pages.get("/prospects/<uuid:prospect_id>/notes/<uuid:note_id>")
@member(Role.STAFF)
def edit_note(prospect_id: UUID, note_id: UUID) -> Response:
    note = notes.get_own_note(prospect_id, note_id)
    return _note_page(prospect_id, note_id, NoteForm(formdata=None, data={"body": note.body}))


@pages.post("/prospects/<uuid:prospect_id>/notes/<uuid:note_id>")
@member(Role.STAFF)
def change_note(prospect_id: UUID, note_id: UUID) -> Response:
    notes.get_own_note(prospect_id, note_id)
    form = NoteForm()
    if not form.validate():
        return _note_page(prospect_id, note_id, form, 422)
    notes.change_note(prospect_id, note_id, form.body.data)
    return _back(prospect_id, _("Saved."))


@pages.post("/prospects/<uuid:prospect_id>/notes/<uuid:note_id>/removal")
@member(Role.STAFF)
def delete_note(prospect_id: UUID, note_id: UUID) -> Response:
    notes.delete_note(prospect_id, note_id)
    undo = url_for("sales.restore_note", prospect_id=prospect_id, note_id=note_id)
    return _back(prospect_id, _("The note is deleted."), undo)


@pages.post("/prospects/<uuid:prospect_id>/notes/<uuid:note_id>/restoration")
@member(Role.STAFF)
def restore_note(prospect_id: UUID, note_id: UUID) -> Response:
    notes.restore_note(prospect_id, note_id)
    return _back(prospect_id, _("The note is back."))


def _note_page(prospect_id: UUID, note_id: UUID, form: NoteForm, status: int = 200) -> Response:
    prospect = get_prospect(prospect_id)
    return page("sales/prospect_note.html", status=status, prospect=prospect, note_id=note_id, form=form)


def _back(prospect_id: UUID, words: str, undo: str | None = None) -> Response:
    return see_other(url_for("sales.show_prospect", prospect_id=prospect_id), words, undo=undo)
