"""/w/<token>: a person's own place on one waiting list, without an account."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from nexapp.identity.business_settings import get_business
from nexapp.identity.models import Location, Organization, StaffMember
from nexapp.slots import waiting_list
from nexapp.slots.claim_words import when_words
from nexapp.slots.explaining import why
from nexapp.slots.models import NotifyRequest, Service
from nexapp.slots.person import list_recent_openings, position_of
from nexapp.slots.times import today_in
from nexapp.slots.tokens import claim_token, hash_token
from nexapp.slots.waiting_list import Wishes, consent_wording
from nexapp.slots.waiting_list_forms import PauseForm, WishesForm, as_typed, window_words
from nexapp.slots.waiting_list_views import blueprint, choices_for
from nexapp.spine.access import link
from nexapp.spine.config import settings
from nexapp.spine.db import db, lookup
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.web.pages import page

DONE = ("joined", "updated", "changed", "paused", "resumed", "left", "rejoined")


def resolve_request(token: str) -> Actor:
    """Whose place it is; the request's id stays in `g`. Raises `NotFound` for a link we don't know."""
    row = lookup("SELECT * FROM nexapp_request_link(:wanted)", wanted=hash_token(token))
    if row is None:
        raise NotFound(_("We don't know this link. Part of it may be missing: copy it to the last letter."))
    g.notify_request_id = row.notify_request_id
    return Actor(Role.LINK, row.org_id)


@blueprint.get("/w/<token>")
@link(resolve_request)
def show(token: str) -> Response:
    return _own_page(token)


@blueprint.post("/w/<token>/preferences")
@link(resolve_request)
def change(token: str) -> Any:
    form = _wishes_form(get_business(), filled=True)
    if "more" in request.form:
        form.add_window()
        return _own_page(token, wishes_form=form)
    if not form.validate():
        return _own_page(token, 422, wishes_form=form)
    waiting_list.change_wishes(_id(), form.wishes())
    return _done(token, "changed")


@blueprint.post("/w/<token>/pause")
@link(resolve_request)
def pause(token: str) -> Any:
    form = PauseForm(today=today_in(get_business().time_zone))
    if not form.validate():
        return _own_page(token, 422, pause_form=form)
    waiting_list.pause(_id(), form.until.data)
    return _done(token, "paused")


@blueprint.post("/w/<token>/resume")
@link(resolve_request)
def resume(token: str) -> Any:
    waiting_list.resume(_id())
    return _done(token, "resumed")


@blueprint.post("/w/<token>/leave")
@link(resolve_request)
def leave(token: str) -> Any:
    waiting_list.leave(_id())
    return _done(token, "left")


@blueprint.post("/w/<token>/rejoin")
@link(resolve_request)
def rejoin(token: str) -> Any:
    business = get_business()
    wording = consent_wording(business.name, business.daily_offer_cap)
    waiting_list.rejoin(_id(), wording, request.remote_addr)
    return _done(token, "rejoined")


def _done(token: str, what: str) -> Any:
    return redirect(url_for("waiting_list.show", token=token, done=what), 303)


def _own_page(
    token: str, status: int = 200, *, wishes_form: WishesForm | None = None, pause_form: PauseForm | None = None
) -> Response:
    own, business = waiting_list.get_request(_id()), get_business()
    wishes, today = waiting_list.get_wishes(own), today_in(business.time_zone)
    return page(
        "waiting_list/own.html",
        status=status,
        token=token,
        business=business,
        own=own,
        state=_state(own, today),
        wishes=_in_words(wishes),
        wishes_form=wishes_form or _wishes_form(business, wishes),
        is_changing=wishes_form is not None,
        pause_form=pause_form or PauseForm(formdata=None, today=today),
        offers=_live_offers(own, business),
        position=_position(own, business),
        answers=_answers(own, business) if request.args.get("why") else None,
        consumer=waiting_list.get_consumer(own),
        wording=consent_wording(business.name, business.daily_offer_cap),
        sender=settings().twilio_from,
        done=request.args.get("done") if request.args.get("done") in DONE and request.method != "POST" else None,
    )


def _position(own: NotifyRequest, business: Organization) -> int | None:
    """The place in line, where people are asked in one; None where everybody is told at once."""
    in_line = business.offer_mode in {"in_turn", "waves"} and own.status == "active"
    return position_of(own) if in_line else None


def _answers(own: NotifyRequest, business: Organization) -> list[dict[str, Any]]:
    """The latest times that opened since they joined, and whether a text went out to them."""
    return [
        {
            "starts_at": slot.starts_at,
            "when": when_words(slot.starts_at, business.time_zone),
            "why": why(slot.slot_id, own.consumer_id),
        }
        for slot in list_recent_openings(own)
    ]


def _state(own: NotifyRequest, today: date) -> str:
    """How the place stands today: a pause ends on its day, and a last day passes, without anybody's doing."""
    if own.status in {"active", "paused"} and own.ends_on is not None and own.ends_on < today:
        return "lapsed"
    if own.status == "paused" and own.paused_until is not None and own.paused_until <= today:
        return "active"
    return own.status


def _wishes_form(business: Organization, wishes: Wishes | None = None, *, filled: bool = False) -> WishesForm:
    given: dict[str, Any] = {} if filled else {"formdata": None, "data": as_typed(wishes or Wishes())}
    form = WishesForm(**given, today=today_in(business.time_zone))
    choices_for(form)
    return form


def _in_words(wishes: Wishes) -> dict[str, Any]:
    return {
        "time_range": wishes.time_range,
        "starts_on": wishes.starts_on,
        "ends_on": wishes.ends_on,
        "windows": [window_words(window) for window in wishes.windows],
        "staff": _name(StaffMember.display_name, StaffMember, wishes.staff_member_id),
        "service": _name(Service.name, Service, wishes.service_id),
        "location": _name(Location.name, Location, wishes.location_id),
        "minutes": wishes.minutes_needed,
        "party_size": wishes.party_size,
    }


def _name(column: Any, model: Any, row_id: UUID | None) -> str | None:
    if row_id is None:
        return None
    return db.session.scalar(select(column).where(model.org_id == g.actor.tenant, model.id == row_id))


def _live_offers(own: NotifyRequest, business: Organization) -> list[dict[str, Any]]:
    return [
        {
            "href": url_for("claims.show", token=claim_token(offer.id)),
            "when": when_words(offer.starts_at, business.time_zone),
            "starts_at": offer.starts_at,
            "mine": offer.status == "held" and offer.mine,
        }
        for offer in waiting_list.list_live_offers(own)
    ]


def _id() -> UUID:
    found: UUID = g.notify_request_id
    return found
