"""/prospects/<id>/draft: a message in one of three tones, to edit, copy and send."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _
from wtforms import RadioField

from nexapp.gateways.ai import TONES
from nexapp.sales import drafting
from nexapp.sales.blueprint import pages
from nexapp.sales.drafting import draft_message
from nexapp.sales.letter_addresses import why_no_email
from nexapp.sales.prospects import lock_prospect
from nexapp.sales.prospects_forms import read_id
from nexapp.sales.prospects_queries import get_row
from nexapp.sales.sequence_sending import SendForm, why_no_text
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other

WORDS = {"friendly": _("Friendly"), "formal": _("Formal"), "short": _("Short, for a text")}


class ToneForm(PageForm):
    tone = RadioField(_("Tone"), choices=[(tone, WORDS[tone]) for tone in TONES], default=TONES[0])


@pages.get("/prospects/<uuid:prospect_id>/draft", endpoint="draft")
@member(Role.STAFF)
def draft(prospect_id: UUID) -> Response:
    lock_prospect(prospect_id)
    return _page(prospect_id, ToneForm(formdata=None))


@pages.post("/prospects/<uuid:prospect_id>/drafts")
@member(Role.STAFF)
def write_draft(prospect_id: UUID) -> Response:
    lock_prospect(prospect_id)
    form = ToneForm()
    if not form.validate():
        return _page(prospect_id, form, 422)
    made = draft_message(get_row(prospect_id), form.tone.data)
    return _page(prospect_id, form, sending=SendForm(formdata=None, data={"subject": made.subject, "body": made.body}))


@pages.post("/prospects/<uuid:prospect_id>/drafts/sending")
@member(Role.STAFF)
def send_draft(prospect_id: UUID) -> Response:
    prospect, form = lock_prospect(prospect_id), SendForm()
    tone = ToneForm(formdata=None)
    if not form.validate():
        return _page(prospect_id, tone, 422, sending=form)
    try:
        key = read_id(request.form.get("key")) or new_id()
        waits = drafting.send_draft(prospect, request.form.get("how", ""), form.body.data, form.subject.data or "", key)
    except BadInput as error:
        form.bind_errors(error)
        return _page(prospect_id, tone, 422, sending=form)
    words = _("It leaves when their morning comes.") if waits else _("On its way.")
    return see_other(url_for("sales.show_prospect", prospect_id=prospect_id), str(words))


def _page(prospect_id: UUID, form: ToneForm, status: int = 200, sending: SendForm | None = None) -> Response:
    prospect = get_row(prospect_id)
    return page(
        "sales/draft.html", status=status, prospect=prospect, form=form, sending=sending,
        why_no_text=why_no_text(prospect.phone) if sending else "",
        why_no_email=why_no_email(prospect.email) if sending else "", key=read_id(request.form.get("key")) or new_id(),
    )  # fmt: skip
