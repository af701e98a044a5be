"""/prospects/<id>/draft: a message in one of three tones, to edit, copy and send."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _
from wtforms import RadioField

from nexapp.gateways.ai import TONES, Draft
from nexapp.sales.blueprint import pages
from nexapp.sales.drafting import draft_message
from nexapp.sales.prospects import get_prospect
from nexapp.sales.prospects_queries import get_row
from nexapp.spine.access import member
from nexapp.spine.tenancy import Role
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page

WORDS = {"friendly": _("Friendly"), "formal": _("Formal"), "short": _("Short, for a text")}


class ToneForm(PageForm):
    tone = RadioField(_("Tone"), choices=[(tone, WORDS[tone]) for tone in TONES], default=TONES[0])


@pages.get("/prospects/<uuid:prospect_id>/draft", endpoint="draft")
@member(Role.STAFF)
def draft(prospect_id: UUID) -> Response:
    return _page(prospect_id, ToneForm(formdata=None))


@pages.post("/prospects/<uuid:prospect_id>/drafts")
@member(Role.STAFF)
def write_draft(prospect_id: UUID) -> Response:
    get_prospect(prospect_id)
    form = ToneForm()
    if not form.validate():
        return _page(prospect_id, form, 422)
    return _page(prospect_id, form, made=draft_message(get_row(prospect_id), form.tone.data))


def _page(prospect_id: UUID, form: ToneForm, status: int = 200, made: Draft | None = None) -> Response:
    prospect = get_row(prospect_id)
    links = _links(prospect.email, prospect.phone, made) if made else {}
    return page("sales/draft.html", status=status, prospect=prospect, form=form, draft=made, links=links)


def _links(email: str | None, phone: str | None, made: Draft) -> dict[str, str]:
    """Addresses that open the person's own programs with the words in them."""
    found = {}
    if email:
        found["email"] = f"mailto:{quote(email)}?subject={quote(made.subject)}&body={quote(made.body)}"
    if phone:
        found["text"] = f"sms:{phone}?body={quote(made.body)}"
    return found
