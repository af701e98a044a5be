"""Signing in by a code to the phone, and out. The answers don't tell whether a number is known."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError

from nexapp.identity.accounts import admit
from nexapp.identity.addresses import home_address, safe_next
from nexapp.identity.blueprint import pages
from nexapp.identity.codes import CodeCheck, CodeState, check_code, issue_code, phone_of, resend_at
from nexapp.identity.errors import AccountClosed
from nexapp.identity.forms import CodeForm, SignInForm
from nexapp.identity.models import User
from nexapp.identity.sessions import PENDING, end_session, start_session
from nexapp.spine.access import principal, public
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.errors import BadInput, NexError, TooMany
from nexapp.spine.web.failures import answer_stale_form
from nexapp.spine.web.pages import page, see_other
from nexapp.spine.web.templating import national

PURPOSE = "sign_in"


@pages.get("/sign-in")
@public("people sign in here")
def sign_in() -> Response:
    wanted = safe_next(request.args.get("next"))
    if (found := principal()) is not None:
        return see_other(wanted or home_address(found))
    return _sign_in_page(SignInForm(data={"next": wanted}))


@pages.post("/sign-in")
@public("people sign in here")
def request_code() -> Response:
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 422)
    try:
        _send_code(form.phone.phone, safe_next(form.next.data))
    except TooMany as limit:
        form.bind_errors(BadInput(fields={"phone": limit.sentence}))
        return _limited(_sign_in_page(form, limit.status), limit)
    return see_other(url_for("identity.enter_code"))


@pages.get("/sign-in/code")
@public("the second step of signing in")
def enter_code() -> Response:
    if (pending := _pending()) is None:
        return see_other(url_for("identity.sign_in", next=request.args.get("next")))
    form = CodeForm(formdata=None)
    if "used" in request.args:
        form.bind_errors(BadInput(fields={"code": CodeCheck(CodeState.USED).sentence}))
    return _code_page(form, pending)


@pages.post("/sign-in/code")
@public("the second step of signing in")
def check_sign_in() -> Response:
    if (pending := _pending()) is None:
        return see_other(url_for("identity.sign_in"), _("Start again: this sign-in has ended."), "info")
    form = CodeForm()
    if not form.validate():
        return _code_page(form, pending, 422)
    result = check_code(UUID(pending["code_id"]), form.code.data)
    if result.state is CodeState.USED:
        # A second tap: the first one's answer may have signed this browser in meanwhile. The next request tells.
        return see_other(url_for("identity.enter_code", used=1, next=pending["next"]))
    if result.code is None:
        return _refused(form, pending, BadInput(result.sentence))
    try:
        user = admit(result.code.phone)
    except AccountClosed as closed:
        return _refused(form, pending, closed)
    return welcome(user, pending["next"])


@pages.errorhandler(CSRFError)
def pass_on_who_is_signed_in(error: CSRFError) -> Any:
    """A second tap after the first one's answer came: its form is of the session before. Nothing is done for it."""
    found = principal() if request.endpoint == "identity.check_sign_in" else None
    return answer_stale_form(error) if found is None else see_other(home_address(found))


@pages.post("/sign-in/codes")
@public("asks for another code")
def resend_code() -> Response:
    if (pending := _pending()) is None:
        return see_other(url_for("identity.sign_in"))
    phone = pending["phone"] or phone_of(UUID(pending["code_id"]))
    if phone is None:
        return see_other(url_for("identity.sign_in", next=pending["next"]))
    try:
        _send_code(phone, pending["next"], pending.get("shown"))
    except TooMany as limit:
        form = CodeForm(formdata=None)
        form.bind_errors(BadInput(fields={"code": limit.sentence}))
        return _limited(_code_page(form, pending, limit.status), limit)
    return see_other(url_for("identity.enter_code"), _("Another code is on its way. Only the newest one counts."))


@pages.post("/sign-out")
@public("ends this browser's own session, if there is one")
def sign_out() -> Response:
    end_session()
    return see_other("/", _("You're signed out."))


def _send_code(phone: str, wanted: str | None, shown: str | None = None) -> None:
    code_id = issue_code(phone, PURPOSE)
    kept = None if shown else phone
    session[PENDING] = {"code_id": str(code_id), "phone": kept, "next": wanted, "shown": shown}


def _pending() -> dict[str, Any] | None:
    found: dict[str, Any] | None = session.get(PENDING)
    return found


def welcome(user: User, wanted: str | None) -> Response:
    """Sign this browser in, and go on to where the person wanted."""
    row = start_session(user)
    if user.is_platform_admin:
        return see_other(url_for("identity.second_factor", next=wanted))
    if wanted and wanted.startswith("/i/"):
        return see_other(wanted)
    if row.org_id is None:
        return see_other(url_for("identity.onboarding"))
    return see_other(wanted or "/")


def _refused(form: CodeForm, pending: dict[str, Any], error: NexError) -> Response:
    form.bind_errors(BadInput(fields={"code": error.sentence}))
    return _code_page(form, pending, error.status)


def _sign_in_page(form: SignInForm, status: int = 200) -> Response:
    by_email = settings().sends_email
    return page("identity/sign_in.html", form=form, has_code=_pending() is not None, by_email=by_email, status=status)


def _code_page(form: CodeForm, pending: dict[str, Any], status: int = 200) -> Response:
    again = resend_at(UUID(pending["code_id"]))
    return page(
        "identity/code.html",
        status=status,
        form=form,
        phone=pending.get("shown") or national(pending["phone"]),
        resend_at=again if again and again > now() else None,
        on_local_phone=settings().uses_local_phone,
    )


def _limited(response: Response, limit: TooMany) -> Response:
    response.headers["Retry-After"] = str(limit.retry_after)
    return response
