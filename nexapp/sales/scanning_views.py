"""/prospects/scan and /prospects/<id>/scan: paste, look at what was found, save."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import TextAreaField

from nexapp.gateways.ai import LONGEST_TEXT
from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import Named
from nexapp.sales import prospects as cases
from nexapp.sales import scanning
from nexapp.sales.blueprint import pages
from nexapp.sales.prospects_forms import ProspectForm, as_typed, read_id
from nexapp.sales.scanning import Scanned
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other

FIELDS = {
    "name": lazy_gettext("Name"), "company": lazy_gettext("Company"), "role": lazy_gettext("Role"),
    "email": lazy_gettext("E-mail address"), "phone": lazy_gettext("Phone"), "location": lazy_gettext("Place"),
}  # fmt: skip
WAYS = {
    "label": lazy_gettext("it is labelled"), "form": lazy_gettext("by its form"), "line": lazy_gettext("by its place"),
    "word": lazy_gettext("by the words around it"), "link": lazy_gettext("from the link"),
    "email": lazy_gettext("from the e-mail address"),
}  # fmt: skip
"""By which rule something was found."""


class ScanForm(PageForm):
    text = TextAreaField(
        lazy_gettext("Text or link"),
        [Named(lazy_gettext("Paste something with a name, a company or an address in it."), LONGEST_TEXT)],
    )


@pages.get("/prospects/scan", endpoint="scan")
@pages.get("/prospects/<uuid:prospect_id>/scan", endpoint="scan")
@member(Role.STAFF)
def scan(prospect_id: UUID | None = None) -> Response:
    if prospect_id:
        cases.lock_prospect(prospect_id)
    return _page(prospect_id, ScanForm(formdata=None))


@pages.post("/prospects/scan", endpoint="read_scan")
@pages.post("/prospects/<uuid:prospect_id>/scan", endpoint="read_scan")
@member(Role.STAFF)
def read_scan(prospect_id: UUID | None = None) -> Response:
    form = ScanForm()
    if not form.validate():
        return _page(prospect_id, form, 422)
    prospect = cases.get_prospect(prospect_id) if prospect_id else None
    scanned = scanning.read_text(form.text.data, prospect)
    known = ProspectForm(formdata=None, country=get_business().country, data=as_typed(scanned.details))
    return _page(prospect_id, form, scanned=scanned, details=known)


@pages.post("/prospects/scan/prospects", endpoint="save_scan")
@pages.post("/prospects/<uuid:prospect_id>/scan/details", endpoint="save_scan")
@member(Role.STAFF)
def save_scan(prospect_id: UUID | None = None) -> Response:
    if prospect_id:
        cases.lock_prospect(prospect_id)
    form = ProspectForm(country=get_business().country)
    if not form.validate():
        return _page(prospect_id, ScanForm(formdata=None), 422, details=form)
    key = read_id(request.form.get("key")) or new_id()
    try:
        saved = (
            scanning.complete_scanned(prospect_id, form.details(), key) if prospect_id
            else scanning.add_scanned(form.details(), key)
        )  # fmt: skip
    except BadInput as error:
        form.bind_errors(error)
        return _page(prospect_id, ScanForm(formdata=None), 422, details=form)
    words = _("Saved.") if prospect_id else _("%(name)s is among your prospects now.", name=saved.name)
    return see_other(url_for("sales.show_prospect", prospect_id=saved.id), words)


def _page(
    prospect_id: UUID | None, form: ScanForm, status: int = 200, *, scanned: Scanned | None = None,
    details: ProspectForm | None = None,
) -> Response:  # fmt: skip
    return page(
        "sales/scan.html", status=status, scan_form=form, scanned=scanned, form=details, business=get_business(),
        prospect=cases.get_prospect(prospect_id) if prospect_id else None, words=FIELDS, ways=WAYS,
        key=read_id(request.form.get("key")) or new_id(),
    )  # fmt: skip
