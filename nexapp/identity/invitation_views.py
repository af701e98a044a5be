"""The page behind an invitation: who invites to what, the proof of the number or address, and joining."""

from __future__ import annotations

from flask import Response, session, url_for
from flask_babel import gettext as _

from nexapp.identity.blueprint import pages
from nexapp.identity.codes import issue_code
from nexapp.identity.email_links import send_link
from nexapp.identity.emails import masked
from nexapp.identity.errors import InvitationEnded, InvitationNotFound
from nexapp.identity.sessions import PENDING
from nexapp.identity.team_invitations import Found, accept, find_by_token
from nexapp.identity.viewer import role_name
from nexapp.spine.access import link, own_account, principal
from nexapp.spine.errors import TooMany
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.web.pages import page, see_other


def _invited_to(token: str) -> Actor | None:
    found = _find(token)
    return Actor(Role.LINK, found.org_id) if found else None


def _as_system(token: str) -> Actor | None:
    # The code that proves a number, and the link that proves an address, belong to no business.
    return SYSTEM if _find(token) else None


@pages.get("/i/<token>")
@link(_invited_to)
def invitation(token: str) -> Response:
    return _page(_get(token), token)


@pages.post("/i/<token>/proof")
@link(_as_system)
def prove_invited(token: str) -> Response:
    """Ask whoever follows the link to show that the number or the mailbox is theirs."""
    found = _get(token)
    if not found.is_live:
        return _page(found, token)
    try:
        return _send_proof(found, url_for("identity.invitation", token=token))
    except TooMany as limit:
        response = _page(found, token, problem=limit.sentence, status=limit.status)
        response.headers["Retry-After"] = str(limit.retry_after)
        return response


@pages.post("/i/<token>/acceptance")
@own_account
def join(token: str) -> Response:
    found = accept(token)
    return see_other("/", _("Welcome to %(business)s.", business=found.business))


def _send_proof(found: Found, back: str) -> Response:
    if found.phone:
        code_id = issue_code(found.phone, "sign_in")
        # No number: whoever has the browser can read its cookie, and the link may be somebody else's.
        session[PENDING] = {"code_id": str(code_id), "phone": None, "next": back, "shown": _ending(found.phone)}
        return see_other(url_for("identity.enter_code"))
    send_link(found.email or "", back)
    return see_other(url_for("identity.email_sent"))


def _page(found: Found, token: str, *, problem: str | None = None, status: int = 200) -> Response:
    if not found.is_live:
        status = InvitationEnded.status
    return page(
        "identity/invitation.html",
        status=status,
        found=found,
        token=token,
        role=role_name(found.role),
        contact=_ending(found.phone) if found.phone else masked(found.email or ""),
        is_signed_in=principal() is not None,
        problem=problem,
    )


def _ending(phone: str) -> str:
    """The end of a number: enough for its owner, too little for whoever the link was forwarded to."""
    return f"••• {phone[-4:]}"


def _find(token: str) -> Found | None:
    who = principal()
    return find_by_token(token, who.user_id if who else None)


def _get(token: str) -> Found:
    found = _find(token)
    if found is None:
        raise InvitationNotFound(_("No invitation is known under this link. Ask for a new one."))
    return found
