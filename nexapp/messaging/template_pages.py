"""Pages of the texts' wordings: all of them, one to change, its preview, its versions, a test."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import HiddenField, TextAreaField

from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import Named, one_line
from nexapp.messaging import wordings
from nexapp.messaging.blueprint import pages
from nexapp.messaging.inbox_pages import read_count
from nexapp.messaging.previews import preview_wording
from nexapp.messaging.purposes import PURPOSES, Purpose, editable
from nexapp.messaging.templates import LONGEST
from nexapp.spine.access import member
from nexapp.spine.errors import NexError, NotFound
from nexapp.spine.tenancy import Role
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other, with_toast
from nexapp.spine.web.templating import national


class WordingForm(PageForm):
    body = TextAreaField(lazy_gettext("Wording"), [Named(lazy_gettext("Write the text."), LONGEST)], filters=[one_line])
    seen = HiddenField()


@pages.get("/settings/texts")
@member(Role.MANAGER)
def texts() -> Response:
    business, own = get_business(), wordings.list_own()
    rows = [
        {
            "purpose": name, "title": kind.title, "note": kind.note, "version": own[name].version if name in own else 0,
            "preview": preview_wording(own[name].body if name in own else str(kind.default), name, business),
        }
        for name, kind in editable().items()
    ]  # fmt: skip
    return page("messaging/texts.html", rows=rows)


@pages.get("/settings/texts/<purpose>")
@member(Role.MANAGER)
def text(purpose: str) -> Response:
    _kind(purpose)
    return _editor(purpose, _fresh_form(purpose))


@pages.post("/settings/texts/<purpose>")
@member(Role.MANAGER)
def save_text(purpose: str) -> Response:
    """Saves; the other buttons of the same form only look, or send a test, and keep what was typed."""
    _kind(purpose)
    form, then = WordingForm(), request.form.get("then")
    if not form.validate():
        return _editor(purpose, form, 422)
    if then == "preview":
        return _editor(purpose, form)
    return _attempt(purpose, form, _send_test if then == "test" else _save)


@pages.post("/settings/texts/<purpose>/preview")
@member(Role.MANAGER)
def preview_text(purpose: str) -> Response:
    _kind(purpose)
    form = WordingForm()
    shown = preview_wording(form.body.data or "", purpose, get_business())
    return page("messaging/_preview.html", preview=shown, business=get_business())


@pages.post("/settings/texts/<purpose>/default")
@member(Role.MANAGER)
def use_default_text(purpose: str) -> Response:
    _kind(purpose)
    changed = wordings.use_default(purpose)
    return _to_editor(purpose, _("The default is in use.") if changed else _("Nothing had changed."))


@pages.post("/settings/texts/<purpose>/versions/<uuid:template_id>/use")
@member(Role.MANAGER)
def use_text_version(purpose: str, template_id: UUID) -> Response:
    _kind(purpose)
    version = wordings.use_version(purpose, template_id)
    return _to_editor(purpose, _("Version %(version)s is in use.", version=version))


def _kind(purpose: str) -> Purpose:
    if purpose not in editable():
        raise NotFound
    return PURPOSES[purpose]


def _attempt(purpose: str, form: WordingForm, act: Any) -> Response:
    try:
        answer: Response = act(purpose, form)
    except NexError as error:
        form.body.errors = [error.sentence]
        return _editor(purpose, form, error.status)
    return answer


def _save(purpose: str, form: WordingForm) -> Response:
    seen = read_count(form.seen.data)
    version = wordings.save_wording(purpose, form.body.data or "", -1 if seen is None else seen)
    said = _("Saved as version %(version)s.", version=version) if version else _("Nothing had changed.")
    return _to_editor(purpose, said)


def _send_test(purpose: str, form: WordingForm) -> Response:
    phone = wordings.send_test(purpose, form.body.data or "")
    said = _("A test is on its way to %(phone)s. Nothing was saved.", phone=national(phone))
    return with_toast(_editor(purpose, form, sent=said), said)


def _fresh_form(purpose: str) -> WordingForm:
    own = wordings.list_own().get(purpose)
    body = own.body if own else str(PURPOSES[purpose].default)
    return WordingForm(formdata=None, data={"body": body, "seen": str(own.version if own else 0)})


def _to_editor(purpose: str, said: str) -> Response:
    return see_other(url_for("messaging.text", purpose=purpose), said)


def _editor(purpose: str, form: WordingForm, status: int = 200, sent: str = "") -> Response:
    kind, business = PURPOSES[purpose], get_business()
    return page(
        "messaging/text.html", status=status, purpose=purpose, kind=kind, form=form, business=business, sent=sent,
        preview=preview_wording(form.body.data or "", purpose, business), versions=wordings.list_versions(purpose),
        in_use=wordings.version_in_use(purpose),
        variables=sorted(kind.allowed, key=lambda name: (name not in kind.needs, name)),
    )  # fmt: skip
