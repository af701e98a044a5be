"""The inbox: conversations with the people whom the business texts."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import HiddenField, TextAreaField

from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import one_line, readable
from nexapp.messaging import conversations, inbox_queries
from nexapp.messaging.blueprint import pages
from nexapp.messaging.inbox_queries import Before, Person, Place
from nexapp.messaging.previews import preview_text
from nexapp.messaging.purposes import PURPOSES
from nexapp.messaging.templates import fill_reply
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput, NexError
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other

VIEWS = {
    "open": lazy_gettext("Open"), "mine": lazy_gettext("Mine"), "done": lazy_gettext("Done"),
    "all": lazy_gettext("All"),
}  # fmt: skip
HANDLED = {
    "claimed": lazy_gettext("Read as: yes, I take it"),
    "declined": lazy_gettext("Read as: no"),
    "joined": lazy_gettext("Read as: yes to the waiting list"),
    "asked_which": lazy_gettext("Several times were open, so we asked which"),
    "too_late": lazy_gettext("The time was gone, and they were told so"),
}
"""What was made of a text that nobody has to read."""

LONGEST_SEARCH = 80


class ReplyForm(PageForm):
    body = TextAreaField(lazy_gettext("Your answer"), filters=[readable])
    key = HiddenField()
    seen = HiddenField()


@pages.get("/inbox")
@member(Role.VIEWER)
def inbox() -> Response:
    view = request.args.get("view", "open") if request.args.get("view") in VIEWS else "open"
    search = str(one_line(request.args.get("q", "")))[:LONGEST_SEARCH]
    listed = inbox_queries.list_conversations(view, search, _place(request.args.get("after", "")))
    kept: dict[str, Any] = {name: value for name, value in (("view", view), ("q", search)) if value}
    return page(
        "messaging/inbox.html", "messaging/_conversations.html", business=get_business(), views=VIEWS, view=view,
        search=search, rows=listed.rows, is_first="after" not in request.args,
        here=url_for("messaging.inbox", **kept, after=request.args.get("after")),
        next_href=url_for("messaging.inbox", **kept, after=_written(listed.next)) if listed.next else None,
    )  # fmt: skip


@pages.get("/inbox/count")
@member(Role.VIEWER)
def inbox_count() -> Response:
    """What stands beside the menu's entry."""
    waiting, most = inbox_queries.count_waiting(), inbox_queries.MOST_SHOWN
    return page("messaging/_count.html", waiting=waiting, most=most, org_id=current_actor().tenant)


@pages.get("/inbox/<uuid:consumer_id>")
@member(Role.VIEWER)
def conversation(consumer_id: UUID) -> Response:
    """The page; for a refresh what was written, so that what is being typed below stays."""
    canned = request.args.get("canned", "")
    return _conversation(consumer_id, fragment="messaging/_thread.html", canned=canned)


@pages.post("/inbox/<uuid:consumer_id>/replies")
@member(Role.STAFF)
def reply(consumer_id: UUID) -> Response:
    form = ReplyForm()
    key = _uuid(form.key.data) or new_id()
    try:
        conversations.reply(consumer_id, form.body.data or "", key=key, seen=read_count(form.seen.data))
    except NexError as error:
        form.body.errors = [error.sentence]
        return _conversation(consumer_id, form=form, status=error.status)
    return _back(consumer_id, "messaging/_talk.html")


@pages.post("/inbox/<uuid:consumer_id>/preview")
@member(Role.STAFF)
def preview_reply(consumer_id: UUID) -> Response:
    """Length, segments and cost of what is being typed."""
    person, business, typed = inbox_queries.get_person(consumer_id), get_business(), ReplyForm().body.data or ""
    try:
        shown = preview_text(fill_reply(typed, person.name, business.name), business)
    except BadInput as error:
        shown = preview_text(typed, business, problem=error.sentence if typed else "")
    return page("messaging/_reply_facts.html", preview=shown)


@pages.post("/inbox/<uuid:consumer_id>/reading")
@member(Role.STAFF)
def read_conversation(consumer_id: UUID) -> Response:
    conversations.mark_read(consumer_id)
    return _back(consumer_id, "messaging/_thread.html")


@pages.post("/inbox/<uuid:consumer_id>/assignment")
@member(Role.STAFF)
def assign_conversation(consumer_id: UUID) -> Response:
    name = conversations.assign(consumer_id, _uuid(request.form.get("user_id")))
    return _to(consumer_id, _("%(name)s takes care of it.", name=name) if name else _("Nobody takes care of it now."))


@pages.post("/inbox/<uuid:consumer_id>/done")
@member(Role.STAFF)
def finish_conversation(consumer_id: UUID) -> Response:
    conversations.finish(consumer_id, done=True)
    return see_other(url_for("messaging.inbox"), _("Done. It comes back when they write again."))


@pages.post("/inbox/<uuid:consumer_id>/reopening")
@member(Role.STAFF)
def reopen_conversation(consumer_id: UUID) -> Response:
    conversations.finish(consumer_id, done=False)
    return _to(consumer_id, _("It is open again."))


@pages.post("/inbox/<uuid:consumer_id>/reviews/<uuid:inbound_id>")
@member(Role.STAFF)
def review_stop(consumer_id: UUID, inbound_id: UUID) -> Response:
    """Whether an unclear text was a wish for no more texts."""
    inbox_queries.get_person(consumer_id)
    meant = request.form.get("meant") == "stop"
    lifted = conversations.settle_stop(inbound_id, meant=meant)
    if meant:
        return _to(consumer_id, _("Noted: they get no more texts."))
    return _to(consumer_id, _("They get texts again.") if lifted else _("Noted. Another wish to stop still counts."))


def _conversation(
    consumer_id: UUID, *, fragment: str = "messaging/_talk.html", form: ReplyForm | None = None, status: int = 200,
    canned: str = "",
) -> Response:  # fmt: skip
    person, business = inbox_queries.get_person(consumer_id), get_business()
    items, earlier = inbox_queries.list_items(person, _before(request.args.get("before", "")))
    replies = _filled(person, business.name)
    chosen = next((body for reply_id, _title, body in replies if str(reply_id) == canned), "")
    form = form or ReplyForm(formdata=None, data={"body": chosen, "key": str(new_id())})
    return page(
        "messaging/conversation.html", fragment, status=status, person=person, business=business, items=items,
        earlier=f"{earlier[0].isoformat()}_{earlier[1]}" if earlier else None, form=form, canned=replies,
        replies=inbox_queries.count_replies(person), titles=_titles(), handled=HANDLED, team=inbox_queries.list_team(),
        may_answer=current_actor().role.at_least(Role.STAFF), is_latest="before" not in request.args,
        preview=preview_text(form.body.data or "", business),
    )  # fmt: skip


def _filled(person: Person, business: str) -> list[tuple[UUID, str, str]]:
    """The ready answers as this person would get them."""
    filled = []
    for canned in inbox_queries.list_canned():
        # One that is nothing but a name says nothing to somebody without one.
        with suppress(BadInput):
            filled.append((canned.id, canned.title, fill_reply(canned.body, person.name, business)))
    return filled


def _titles() -> dict[str, Any]:
    return {name: kind.title for name, kind in PURPOSES.items() if kind.title}


def _back(consumer_id: UUID, fragment: str) -> Response:
    """The fragment for HTMX, else the page by its own address."""
    if request.headers.get("HX-Request"):
        return _conversation(consumer_id, fragment=fragment)
    return _to(consumer_id)


def _to(consumer_id: UUID, said: str | None = None) -> Response:
    return see_other(url_for("messaging.conversation", consumer_id=consumer_id), said)


def _place(written: str) -> Place | None:
    rank, _between, rest = written.partition("_")
    before = _before(rest)
    return (int(rank), *before) if before and rank.isascii() and rank.isdecimal() and len(rank) == 1 else None


def _written(place: Place) -> str:
    return f"{place[0]}_{place[1].isoformat()}_{place[2]}"


def _before(written: str) -> Before | None:
    at, _between, item_id = written.partition("_")
    found = _uuid(item_id)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, found) if found and moment.tzinfo else None


def read_count(written: str | None) -> int | None:
    """A number that a page of ours had written into its form; None for anything else."""
    return int(written) if written and written.isdecimal() and len(written) < 10 else None


def _uuid(written: str | None) -> UUID | None:
    try:
        return UUID(written or "")
    except ValueError:
        return None
