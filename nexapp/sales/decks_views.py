"""/prospects/<id>/decks and /decks/<id>: pitch decks as pages and as files."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import TextAreaField

from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import Named, readable
from nexapp.sales import decks as cases
from nexapp.sales.blueprint import pages
from nexapp.sales.decks_letters import unshown
from nexapp.sales.decks_pdf import render
from nexapp.sales.prospects import get_prospect, lock_prospect, may_change
from nexapp.sales.prospects_forms import read_id
from nexapp.sales.prospects_queries import get_row
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other


class DeckForm(PageForm):
    slides = TextAreaField(
        lazy_gettext("Slides"), [Named(lazy_gettext("Write at least one slide."), cases.LONGEST)], filters=[readable]
    )


@pages.get("/prospects/<uuid:prospect_id>/decks")
@member(Role.VIEWER)
def decks(prospect_id: UUID) -> Response:
    get_prospect(prospect_id)
    prospect = get_row(prospect_id)
    return page(
        "sales/deck_list.html", prospect=prospect, decks=cases.list_decks(prospect_id),
        may_make=may_change(prospect.owner_id, prospect.has_left), business=get_business(), key=new_id(),
    )  # fmt: skip


@pages.post("/prospects/<uuid:prospect_id>/decks")
@member(Role.STAFF)
def make_deck(prospect_id: UUID) -> Response:
    lock_prospect(prospect_id)
    deck = cases.make_deck(get_row(prospect_id), read_id(request.form.get("key")) or new_id())
    return see_other(url_for("sales.show_deck", deck_id=deck.id), _("The pitch deck is ready. Change what you like."))


@pages.get("/decks/<uuid:deck_id>")
@member(Role.VIEWER)
def show_deck(deck_id: UUID) -> Response:
    return _page(deck_id)


@pages.post("/decks/<uuid:deck_id>")
@member(Role.STAFF)
def change_deck(deck_id: UUID) -> Response:
    cases.take_deck(deck_id)
    form = DeckForm()
    if not form.validate():
        return _page(deck_id, form, 422)
    try:
        cases.change_deck(deck_id, form.slides.data)
    except BadInput as error:
        form.bind_errors(error)
        return _page(deck_id, form, 422)
    return see_other(url_for("sales.show_deck", deck_id=deck_id), _("Saved."))


@pages.get("/decks/<uuid:deck_id>/file")
@member(Role.VIEWER)
def deck_file(deck_id: UUID) -> Response:
    deck = cases.get_deck(deck_id)
    name = re.sub(r"[^A-Za-z0-9]+", "-", deck.title).strip("-").lower()[:60] or "deck"
    answer = Response(render(deck.title, deck.slides), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


@pages.post("/decks/<uuid:deck_id>/removal")
@member(Role.STAFF)
def delete_deck(deck_id: UUID) -> Response:
    prospect_id = cases.delete_deck(deck_id)
    return see_other(url_for("sales.decks", prospect_id=prospect_id), _("The pitch deck is gone."))


def _page(deck_id: UUID, form: DeckForm | None = None, status: int = 200) -> Response:
    deck = cases.get_deck(deck_id)
    prospect = get_row(deck.prospect_id)
    boxed = unshown("".join(line for one in deck.slides for line in (one["title"], *one["lines"])))
    known = form or DeckForm(formdata=None, data={"slides": cases.as_text(deck.slides)})
    return page(
        "sales/deck.html", status=status, deck=deck, form=known, prospect=prospect, boxed=boxed,
        may_change=prospect.deleted_at is None and may_change(prospect.owner_id, prospect.has_left),
    )  # fmt: skip
