"""Telling on a prospect's page what happened with them."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _

from nexapp.sales.blueprint import pages
from nexapp.sales.contacts import record_contact
from nexapp.sales.prospect_views import prospect_page
from nexapp.sales.prospects import lock_prospect
from nexapp.sales.prospects_forms import ContactForm, read_id
from nexapp.spine.access import member
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import see_other


@pages.post("/prospects/<uuid:prospect_id>/contacts")
@member(Role.STAFF)
def add_contact(prospect_id: UUID) -> Response:
    lock_prospect(prospect_id)
    form = ContactForm()
    if not form.validate():
        return prospect_page(prospect_id, 422, contact_form=form)
    record_contact(prospect_id, form.kind.data, form.words.data or "", read_id(form.key.data) or new_id())
    return see_other(url_for("sales.show_prospect", prospect_id=prospect_id), _("Recorded."))
