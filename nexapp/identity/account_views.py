"""A person's own account: name, zone, address for signing in, devices, and the admins' second factor."""

from __future__ import annotations

from uuid import UUID

from flask import Response, session, url_for
from flask_babel import gettext as _
from flask_login import logout_user
from sqlalchemy import select

from nexapp.identity.accounts import change_own_details, get_user, remove_email
from nexapp.identity.blueprint import pages
from nexapp.identity.devices import end_all_devices, end_device, list_devices
from nexapp.identity.email_links import send_link
from nexapp.identity.forms import AccountForm, FactorForm, OwnEmailForm
from nexapp.identity.models import Membership, User
from nexapp.spine.access import own_account, require_principal, signed_in
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, TooMany
from nexapp.spine.tenancy import current_actor
from nexapp.spine.web.pages import page, see_other


@pages.get("/account")
@signed_in
def account() -> Response:
    return _account_page()


@pages.post("/account")
@signed_in
def save_account() -> Response:
    form = AccountForm()
    if not form.validate():
        return _account_page(form, status=422)
    change_own_details(
        form.person_name.data, form.time_zone.data or None, form.wants_booking_texts.data if _own_place() else None
    )
    return see_other(url_for("identity.account"), _("Saved."))


@pages.post("/account/email")
@own_account
def add_email() -> Response:
    form = OwnEmailForm()
    if not form.validate():
        return _account_page(email_form=form, status=422)
    try:
        send_link(form.email.email, None, for_user=require_principal().user_id)
    except TooMany as limit:
        form.bind_errors(BadInput(fields={"email": limit.sentence}))
        return _account_page(email_form=form, status=limit.status)
    told = _("A link went to %(email)s. The address counts once you have opened it.", email=form.email.email)
    return see_other(url_for("identity.account"), told)


@pages.post("/account/email/removal")
@own_account
def drop_email() -> Response:
    remove_email(require_principal().user_id)
    return see_other(url_for("identity.account"), _("Nobody can sign in by that address any more."))


@pages.post("/account/sessions/<uuid:session_id>/end")
@signed_in
def end_one_session(session_id: UUID) -> Response:
    end_device(session_id)
    if session_id == require_principal().session_id:
        return _signed_out(_("You're signed out."))
    return see_other(url_for("identity.account"), _("That device is signed out."))


@pages.post("/account/sessions/end")
@signed_in
def end_every_session() -> Response:
    end_all_devices()
    return _signed_out(_("You're signed out on every device."))


@pages.get("/account/place")
@signed_in
def place() -> Response:
    """What an open page asks when its person's role or business changed: load anew."""
    return Response(status=204, headers={"HX-Refresh": "true"})


def _signed_out(toast: str) -> Response:
    logout_user()
    session.clear()
    return see_other(url_for("identity.sign_in"), toast)


def _own_place() -> Membership | None:
    actor = current_actor()
    if actor.org_id is None:
        return None
    mine = select(Membership).where(Membership.org_id == actor.org_id, Membership.user_id == actor.user_id)
    return db.session.scalar(mine)


def _details(user: User, own: Membership | None) -> dict[str, object]:
    return {
        "person_name": user.name,
        "time_zone": user.time_zone or "",
        "wants_booking_texts": own is not None and own.wants_booking_texts,
    }


def _account_page(
    form: AccountForm | None = None, *, email_form: OwnEmailForm | None = None, status: int = 200
) -> Response:
    found = require_principal()
    user, own = get_user(found.user_id), _own_place()
    return page(
        "identity/account.html",
        "identity/_devices.html",
        status=status,
        user=user,
        form=form or AccountForm(formdata=None, data=_details(user, own)),
        email_form=email_form or OwnEmailForm(formdata=None, data={"email": user.email}),
        factor_form=FactorForm(formdata=None, prefix="f"),
        devices=list_devices(),
        has_place=own is not None and user.phone is not None,
        is_platform_admin=found.is_platform_admin,
        on_local_phone=settings().uses_local_phone,
    )
