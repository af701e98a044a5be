"""/b/<slug>: joining a waiting list by a form and a code. Nothing is active, and nothing changes, before the code."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from nexapp.identity.business_settings import get_business
from nexapp.identity.codes import check_code, issue_code, resend_at
from nexapp.identity.models import Organization, StaffMember, VerificationCode
from nexapp.slots.models import Service
from nexapp.slots.queries import list_locations
from nexapp.slots.times import day_words, today_in
from nexapp.slots.tokens import request_token
from nexapp.slots.waiting_list import Wishes, consent_wording, join
from nexapp.slots.waiting_list_forms import CodeForm, JoinForm, WishesForm
from nexapp.spine.access import link
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.db import db, lookup
from nexapp.spine.errors import BadInput, NotFound, TooMany
from nexapp.spine.tenancy import Actor, Role, current_actor, scoped
from nexapp.spine.web.pages import page

blueprint = Blueprint("waiting_list", __name__)
blueprint.add_app_template_filter(day_words, "day")
PURPOSE = "waiting_list"
SLUG = re.compile(r"[a-z0-9](-?[a-z0-9]){0,99}")


def resolve_business(slug: str, **_others: Any) -> Actor:
    """The business of a public page. Raises `NotFound` where there is none, or it shows none."""
    row = lookup("SELECT * FROM nexapp_public_page(:wanted)", wanted=slug) if SLUG.fullmatch(slug) else None
    if row is None:
        raise NotFound(_("There is no waiting list at this address. Ask the business for its link."))
    return Actor(Role.LINK, row.org_id)


@blueprint.get("/b/<slug>")
@link(resolve_business)
def join_page(slug: str) -> Response:
    business = get_business()
    return _join_page(business, _join_form(business, filled=False))


@blueprint.get("/b/<slug>/notify-requests")
@link(resolve_business)
def back_to_form(slug: str) -> Any:
    """Somebody reloaded where a form had been sent."""
    return redirect(url_for("waiting_list.join_page", slug=slug), 303)


@blueprint.post("/b/<slug>/notify-requests")
@link(resolve_business)
def ask_to_join(slug: str) -> Any:
    business = get_business()
    form = _join_form(business, filled=True)
    if "more" in request.form:
        form.add_window()
        return _join_page(business, form)
    if not form.validate():
        return _join_page(business, form, 422)
    try:
        code_id = issue_code(form.phone.phone, PURPOSE, _payload(business, form), business.id)
    except TooMany as limit:
        form.bind_errors(BadInput(fields={"phone": limit.sentence}))
        return _limited(_join_page(business, form, limit.status), limit)
    return redirect(url_for("waiting_list.enter_code", slug=slug, code_id=code_id), 303)


@blueprint.get("/b/<slug>/notify-requests/<uuid:code_id>")
@link(resolve_business)
def enter_code(slug: str, code_id: UUID) -> Response:
    code = _find_code(code_id)
    if code is None or code.used_at is not None:
        return _ended_page()
    return _code_page(code, CodeForm(formdata=None))


@blueprint.post("/b/<slug>/notify-requests/<uuid:code_id>")
@link(resolve_business)
def prove_number(slug: str, code_id: UUID) -> Any:
    code, form = _find_code(code_id), CodeForm()
    if code is None:
        return _ended_page()
    result = check_code(code_id, form.code.data or "")
    if result.code is None:
        form.bind_errors(BadInput(fields={"code": result.sentence}))
        return _code_page(code, form, 422)
    return _place(result.code)


@blueprint.post("/b/<slug>/notify-requests/<uuid:code_id>/codes")
@link(resolve_business)
def another_code(slug: str, code_id: UUID) -> Any:
    """The same form again, with a new code: only the newest one is shown a page for."""
    code = _find_code(code_id)
    if code is None or code.used_at is not None:
        return _ended_page()
    try:
        fresh_id = issue_code(code.phone, PURPOSE, code.payload, code.org_id)
    except TooMany as limit:
        form = CodeForm(formdata=None)
        form.bind_errors(BadInput(fields={"code": limit.sentence}))
        return _limited(_code_page(code, form, limit.status), limit)
    return redirect(url_for("waiting_list.enter_code", slug=slug, code_id=fresh_id, again=1), 303)


def choices_for(form: WishesForm) -> None:
    """The business's own staff, services and places; those no longer active can't be chosen anew."""
    staff = scoped(StaffMember).where(StaffMember.is_active).order_by(StaffMember.position, StaffMember.display_name)
    services = scoped(Service).where(Service.is_active).order_by(Service.name)
    form.staff_member_id.offer(_("Anybody"), [(row.id, row.display_name) for row in db.session.scalars(staff)])
    form.service_id.offer(_("Any service"), [(row.id, row.name) for row in db.session.scalars(services)])
    form.location_id.offer(_("Anywhere"), [(row.id, row.name) for row in list_locations()])


def _place(code: VerificationCode) -> Any:
    payload = code.payload
    wishes = Wishes.from_json(payload["wishes"])
    request_id, is_new = join(code.phone, payload["name"], wishes, payload["wording"], payload["ip"])
    done = "joined" if is_new else "updated"
    return redirect(url_for("waiting_list.show", token=request_token(request_id), done=done), 303)


def _payload(business: Organization, form: JoinForm) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "wishes": form.wishes().to_json(),
        "wording": consent_wording(business.name, business.daily_offer_cap),
        "ip": request.remote_addr,
    }


def _join_form(business: Organization, *, filled: bool) -> JoinForm:
    given: dict[str, Any] = {} if filled else {"formdata": None}
    form = JoinForm(**given, country=business.country, today=today_in(business.time_zone))
    choices_for(form)
    return form


def _find_code(code_id: UUID) -> VerificationCode | None:
    return db.session.scalar(
        select(VerificationCode).where(
            VerificationCode.id == code_id,
            VerificationCode.org_id == current_actor().tenant,
            VerificationCode.purpose == PURPOSE,
        )
    )


def _join_page(business: Organization, form: JoinForm, status: int = 200) -> Response:
    wording = consent_wording(business.name, business.daily_offer_cap)
    return page("waiting_list/join.html", status=status, business=business, form=form, wording=wording)


def _code_page(code: VerificationCode, form: CodeForm, status: int = 200) -> Response:
    again = resend_at(code.id)
    return page(
        "waiting_list/code.html",
        status=status,
        business=get_business(),
        form=form,
        code_id=code.id,
        ending=code.phone[-4:],
        resend_at=again if again and again > now() else None,
        sent_again=request.args.get("again") == "1",
        on_local_phone=settings().uses_local_phone,
    )


def _ended_page() -> Response:
    return page("waiting_list/ended.html", status=410, business=get_business())


def _limited(response: Response, limit: TooMany) -> Response:
    response.headers["Retry-After"] = str(limit.retry_after)
    return response
