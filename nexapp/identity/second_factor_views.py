"""The step after the code for platform admins: setting up the authenticator app, and showing its code."""

from __future__ import annotations

import ipaddress
from uuid import UUID

import segno
from flask import Response, request, url_for
from flask_babel import lazy_gettext

from nexapp.identity.accounts import get_user
from nexapp.identity.addresses import home_address, safe_next
from nexapp.identity.blueprint import pages
from nexapp.identity.forms import FactorForm
from nexapp.identity.models import SecondFactor
from nexapp.identity.second_factors import (
    FactorCheck,
    begin_enrolment,
    check_factor,
    confirm_enrolment,
    current_code,
    key_of,
    list_admin_factors,
    remove_factor,
    setup_address,
)
from nexapp.identity.sessions import pass_second_factor
from nexapp.spine.access import Principal, own_account, public, require_principal, second_factor_step
from nexapp.spine.config import settings
from nexapp.spine.errors import BadInput, Forbidden, NotFound, TooMany
from nexapp.spine.web.pages import page, see_other

SENTENCES = {
    FactorCheck.WRONG: lazy_gettext("That is not the code of your app. Type the one it shows now."),
    FactorCheck.REPLAYED: lazy_gettext("This code was used already. Wait for the next one, half a minute at most."),
    FactorCheck.LOCKED: lazy_gettext("Too many wrong codes. Try again in 15 minutes."),
}


@pages.get("/sign-in/second-factor")
@second_factor_step
def second_factor() -> Response:
    found, wanted = require_principal(), safe_next(request.args.get("next"))
    if not found.lacks_second_factor:
        return see_other(wanted or home_address(found))
    return _factor_page(begin_enrolment(found.user_id), FactorForm(formdata=None, data={"next": wanted}))


@pages.post("/sign-in/second-factor")
@second_factor_step
def check_second_factor() -> Response:
    found, form = require_principal(), FactorForm()
    wanted = safe_next(form.next.data)
    if not found.lacks_second_factor:
        return see_other(wanted or home_address(found))
    factor = begin_enrolment(found.user_id)
    if not form.validate():
        return _factor_page(factor, form, 422)
    outcome = check_factor(found.user_id, form.code.data)
    if outcome is not FactorCheck.ACCEPTED:
        return _refused(factor, form, outcome)
    return _welcome(found, factor, wanted)


@pages.post("/account/second-factor/replacement")
@own_account
def replace_second_factor() -> Response:
    """Move to another app: who can show the present one's code starts again at its set-up."""
    found, form = require_principal(), FactorForm(prefix="f")
    if not found.is_platform_admin:
        raise Forbidden
    outcome = check_factor(found.user_id, form.code.data or "")
    if outcome is not FactorCheck.ACCEPTED:
        return see_other(url_for("identity.account"), str(SENTENCES[outcome]), "error")
    remove_factor(found.user_id)
    return see_other(url_for("identity.second_factor", next=url_for("identity.account")))


@pages.get("/dev/authenticator")
@public("the demo's authenticator app, outside production only")
def authenticator() -> Response:
    """What an admin's app would show, beside the local phone that shows their texts."""
    here = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - an address to compare with
    if settings().production or not settings().uses_local_phone or not here.is_loopback:
        raise NotFound
    codes = [(name, current_code(factor)) for name, factor in list_admin_factors()]
    return page("identity/authenticator.html", codes=codes)


def _welcome(found: Principal, factor: SecondFactor, wanted: str | None) -> Response:
    pass_second_factor(found.user_id, found.session_id)
    onward = wanted or url_for("operations.admin_home")
    if factor.confirmed_at is not None:
        return see_other(onward)
    return page("identity/recovery_codes.html", codes=confirm_enrolment(factor), onward=onward)


def _refused(factor: SecondFactor, form: FactorForm, outcome: FactorCheck) -> Response:
    sentence = str(SENTENCES[outcome])
    status = TooMany.status if outcome is FactorCheck.LOCKED else BadInput.status
    form.bind_errors(BadInput(fields={"code": sentence}))
    response = _factor_page(factor, form, status)
    if outcome is FactorCheck.LOCKED:
        response.headers["Retry-After"] = "900"
    return response


def _factor_page(factor: SecondFactor, form: FactorForm, status: int = 200) -> Response:
    shown = {} if factor.confirmed_at else {"drawing": _drawing(factor), "key": key_of(factor)}
    return page(
        "identity/second_factor.html", status=status, form=form, on_local_phone=settings().uses_local_phone, **shown
    )


def _drawing(factor: SecondFactor) -> str:
    """The QR code, as the address of an image that holds itself."""
    code = segno.make(setup_address(factor, _account_of(factor.user_id)), error="m")
    return str(code.svg_data_uri(scale=5, border=3, light="#fff", dark="#000"))


def _account_of(user_id: UUID) -> str:
    user = get_user(user_id)
    return user.phone or user.email or user.name
