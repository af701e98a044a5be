"""The page of ready answers."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField

from nexapp.identity.fields import AtMost, Named, one_line, readable
from nexapp.messaging import canned
from nexapp.messaging.blueprint import pages
from nexapp.messaging.inbox_queries import list_canned
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other


class CannedForm(PageForm):
    title = StringField(
        lazy_gettext("Name"), [Named(lazy_gettext("Name it, so that your team finds it."), 60)], filters=[one_line]
    )
    body = TextAreaField(
        lazy_gettext("Answer"), [Named(lazy_gettext("Write the answer."), 1000), AtMost(1000)], filters=[readable]
    )


@pages.get("/settings/replies")
@member(Role.MANAGER)
def canned_replies() -> Response:
    return _page(CannedForm(formdata=None))


@pages.post("/settings/replies")
@member(Role.MANAGER)
def add_canned_reply() -> Response:
    form = CannedForm()
    if form.validate():
        try:
            canned.add_canned(form.title.data, form.body.data)
            return _back(_("“%(title)s” can be inserted in the inbox now.", title=form.title.data))
        except BadInput as error:
            _bind(form, error)
    return _page(form, status=422)


@pages.post("/settings/replies/<uuid:reply_id>")
@member(Role.MANAGER)
def change_canned_reply(reply_id: UUID) -> Response:
    canned.get_canned(reply_id)
    form = CannedForm(prefix=_prefix(reply_id))
    if form.validate():
        try:
            canned.change_canned(reply_id, form.title.data, form.body.data)
            return _back(_("Saved."))
        except BadInput as error:
            _bind(form, error)
    return _page(CannedForm(formdata=None), (reply_id, form), 422)


@pages.post("/settings/replies/<uuid:reply_id>/removal")
@member(Role.MANAGER)
def remove_canned_reply(reply_id: UUID) -> Response:
    canned.remove_canned(reply_id)
    return _back(_("Removed."))


def _bind(form: CannedForm, error: BadInput) -> None:
    form.bind_errors(BadInput(error.sentence, fields=error.fields or {"body": error.sentence}))


def _back(said: str) -> Response:
    return see_other(url_for("messaging.canned_replies"), said)


def _prefix(reply_id: UUID) -> str:
    return f"r{reply_id.hex[-8:]}"


def _page(form: CannedForm, refused: tuple[UUID, CannedForm] | None = None, status: int = 200) -> Response:
    rows = []
    for reply in list_canned():
        is_refused = refused is not None and refused[0] == reply.id
        blank = CannedForm(formdata=None, prefix=_prefix(reply.id), data={"title": reply.title, "body": reply.body})
        rows.append({"reply": reply, "form": refused[1] if refused and is_refused else blank, "is_open": is_refused})
    return page("messaging/canned.html", form=form, rows=rows, status=status)
