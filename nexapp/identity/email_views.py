"""Signing in by a link to one's mailbox, and making an address one's own. Opening a link changes nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.identity.accounts import admit_email, get_user, take_email
from nexapp.identity.addresses import safe_next
from nexapp.identity.blueprint import pages
from nexapp.identity.email_links import VERIFY, find_link, send_link, spend_link
from nexapp.identity.emails import masked
from nexapp.identity.forms import EmailForm
from nexapp.identity.sign_in_views import welcome
from nexapp.spine.access import link, public
from nexapp.spine.config import settings
from nexapp.spine.errors import BadInput, Gone, TooMany
from nexapp.spine.tenancy import SYSTEM, Actor
from nexapp.spine.web.pages import page, see_other


def _as_system(token: str) -> Actor:
    return SYSTEM


@pages.get("/sign-in/email")
@public("the other way to sign in")
def sign_in_by_email() -> Response:
    form = EmailForm(formdata=None, data={"next": safe_next(request.args.get("next"))})
    return page("identity/sign_in_email.html", form=form)


@pages.post("/sign-in/email")
@public("the other way to sign in")
def request_link() -> Response:
    form = EmailForm()
    if not form.validate():
        return page("identity/sign_in_email.html", form=form, status=422)
    try:
        send_link(form.email.email, safe_next(form.next.data))
    except TooMany as limit:
        form.bind_errors(BadInput(fields={"email": limit.sentence}))
        response = page("identity/sign_in_email.html", form=form, status=limit.status)
        response.headers["Retry-After"] = str(limit.retry_after)
        return response
    return see_other(url_for("identity.email_sent"))


@pages.get("/sign-in/email/sent")
@public("says the same for every address", unit=False)
def email_sent() -> Response:
    return page("identity/email_sent.html", on_local_phone=settings().uses_local_phone)


@pages.get("/l/<token>")
@link(_as_system)
def email_link(token: str) -> Response:
    found = find_link(token)
    return page("identity/email_link.html", status=200 if found else Gone.status, **_shown(found, token))


@pages.post("/l/<token>")
@link(_as_system)
def follow_link(token: str) -> Response:
    spent = spend_link(token)
    if spent is None:
        return page("identity/email_link.html", status=Gone.status, **_shown(None, token))
    if spent.purpose != VERIFY or spent.user_id is None:
        return welcome(admit_email(spent.email), spent.next)
    take_email(spent.user_id, spent.email)
    return see_other(url_for("identity.account"), _("%(email)s is yours to sign in with.", email=spent.email))


def _shown(found: Any, token: str) -> dict[str, Any]:
    if found is None:
        return {"found": None}
    account = None if found.user_id is None else account_of(found.user_id)
    return {"found": found, "token": token, "email": masked(found.email), "account": account}


def account_of(user_id: UUID) -> str:
    """The account that an address is to open, in a way that its owner knows and others can't use."""
    user = get_user(user_id)
    return f"••• {user.phone[-4:]}" if user.phone else masked(user.email or "")
