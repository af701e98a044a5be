"""/settings/api-keys, and what the API offers in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from nexapp.identity.api_keys import SCOPES, NewKey, list_keys, make_key, revoke_key
from nexapp.identity.blueprint import pages
from nexapp.identity.fields import Named, one_line
from nexapp.spine.access import member, public
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.api.openapi import document
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other

KINDS = {
    "personal": lazy_gettext("For myself: it does what I may do"),
    "service": lazy_gettext("For a program: it works for the whole business, as a manager"),
}
LASTS = {"90": lazy_gettext("90 days"), "365": lazy_gettext("A year"), "0": lazy_gettext("Until it is taken back")}


class KeyForm(PageForm):
    name = StringField(lazy_gettext("What it is for"), [Named(lazy_gettext("Give it a name."), 80)], filters=[one_line])
    kind = RadioField(lazy_gettext("Whose"), choices=list(KINDS.items()), default="personal")
    scopes = SelectMultipleField(
        lazy_gettext("What it may do"),
        [InputRequired(lazy_gettext("Choose what the key may do."))],
        choices=list(SCOPES.items()),
    )
    lasts = SelectField(lazy_gettext("It lasts"), choices=list(LASTS.items()), default="365")


@pages.get("/settings/api-keys")
@member(Role.STAFF)
def api_keys() -> Response:
    return _keys_page(_form())


@pages.post("/settings/api-keys")
@member(Role.STAFF)
def create_api_key() -> Response:
    form = _form()
    if not form.validate():
        return _keys_page(form, status=422)
    try:
        made = make_key(form.name.data, form.kind.data, form.scopes.data, int(form.lasts.data) or None)
    except BadInput as error:
        form.bind_errors(error)
        return _keys_page(form, status=422)
    # The answer to the POST itself: the key must not lie in a session, nor in an address.
    return _keys_page(KeyForm(formdata=None), made=made)


@pages.post("/settings/api-keys/<uuid:api_key_id>/revocation")
@member(Role.STAFF)
def revoke_api_key(api_key_id: UUID) -> Response:
    name = revoke_key(api_key_id)
    return see_other(url_for(".api_keys"), _("“%(name)s” was taken back. It opens nothing any more.", name=name))


@pages.get("/api")
@public("the API's description for people", unit=False)
def api_reference() -> Response:
    return page("identity/api_reference.html", document=document(), operations=_operations())


def _form() -> KeyForm:
    form = KeyForm()
    if not current_actor().role.at_least(Role.ADMIN):
        # A key for the whole business does more than a member may.
        form.kind.choices = [("personal", KINDS["personal"])]
    return form


def _operations() -> list[dict[str, Any]]:
    return [
        {"method": method.upper(), "path": path, **described}
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
    ]


def _keys_page(form: KeyForm, *, made: NewKey | None = None, status: int = 200) -> Response:
    response = page("identity/api_keys.html", form=form, keys=list_keys(), made=made, scope_names=SCOPES, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
