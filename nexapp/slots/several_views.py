"""/s/<token>: the slots that one text offers, to choose from. Each choice leads to the page of its own offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, render_template, url_for
from sqlalchemy import case, func, select, update

from nexapp.identity.models import Organization, StaffMember
from nexapp.slots.claim_words import length_words, when_words
from nexapp.slots.history import append_event
from nexapp.slots.models import Service, Slot, SlotOffer
from nexapp.slots.offers import price_now
from nexapp.slots.tokens import claim_token, hash_token
from nexapp.slots.transitions import effective_status
from nexapp.spine.access import link
from nexapp.spine.db import db, lookup
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.web.failures import is_fragment

blueprint = Blueprint("several", __name__)


def resolve_bundle(token: str) -> Actor | None:
    """By one look-up, whose row stays in `g`. A link we don't know gets a page, not an error."""
    g.bundle = lookup("SELECT * FROM nexapp_bundle(:wanted)", wanted=hash_token(token))
    return Actor(Role.LINK, g.bundle.org_id) if g.bundle else Actor(Role.NOBODY)


@blueprint.get("/s/<token>")
@link(resolve_bundle)
def show(token: str) -> Response:
    if g.bundle is None:
        return Response(render_template("claims/unknown.html"), status=404)
    slots = list_slots(g.bundle.org_id, g.bundle.bundle_id)
    if not slots:
        return Response(render_template("claims/unknown.html"), status=404)
    answer = Response(
        render_template(
            "several/_slots.html" if is_fragment() else "several/page.html", slots=slots, business=slots[0].business,
            zone=slots[0].time_zone, first_at=slots[0].starts_at, when_words=when_words, length_words=length_words,
            price_now=price_now, claim_token=claim_token, free=[slot for slot in slots if slot.stands == "open"],
            fragment_url=url_for("several.show", token=token), opened_url=url_for("several.opened", token=token),
        )
    )  # fmt: skip
    answer.vary.add("HX-Request")
    return answer


@blueprint.post("/s/<token>/opened")
@link(resolve_bundle)
def opened(token: str) -> Response:
    """A person saw the page; programs that only fetch links don't run its script."""
    if g.bundle is not None:
        _note_opened(g.bundle.org_id, g.bundle.bundle_id)
    return Response(status=204)


def list_slots(org_id: UUID, bundle_id: UUID) -> Sequence[Any]:
    """The slots in order of time. `stands`: open, mine, taken or over."""
    status = effective_status()
    mine = (SlotOffer.id == Slot.booked_offer_id) | (SlotOffer.id == Slot.held_by_offer_id)
    stands = case(
        (status.in_(("held", "pending", "booked")) & func.coalesce(mine, False), "mine"),
        (Slot.starts_at <= func.now(), "over"), (SlotOffer.declined_at.is_not(None), "taken"),
        ((status == "open") & (SlotOffer.round == Slot.round), "open"),
        (status.in_(("held", "pending", "booked", "open")), "taken"), else_="over",
    )  # fmt: skip
    return db.session.execute(
        select(
            SlotOffer.id.label("offer_id"), *Slot.__table__.columns, stands.label("stands"),
            StaffMember.display_name.label("staff"), Service.name.label("service"),
            Organization.name.label("business"), Organization.time_zone, Organization.currency,
        )
        .join(Slot, (Slot.org_id == SlotOffer.org_id) & (Slot.id == SlotOffer.slot_id))
        .join(Organization, Organization.id == Slot.org_id)
        .join(StaffMember, (StaffMember.org_id == Slot.org_id) & (StaffMember.id == Slot.staff_member_id))
        .outerjoin(Service, (Service.org_id == Slot.org_id) & (Service.id == Slot.service_id))
        .where(SlotOffer.org_id == org_id, SlotOffer.bundle_id == bundle_id)
        .order_by(Slot.starts_at, SlotOffer.id)
    ).all()  # fmt: skip


def _note_opened(org_id: UUID, bundle_id: UUID) -> None:
    rows = db.session.execute(
        update(SlotOffer)
        .where(SlotOffer.org_id == org_id, SlotOffer.bundle_id == bundle_id, SlotOffer.opened_at.is_(None))
        .values(opened_at=func.now())
        .returning(SlotOffer.id, SlotOffer.org_id, SlotOffer.slot_id, SlotOffer.round, SlotOffer.consumer_id)
        .execution_options(synchronize_session=False)
    ).all()
    for row in rows:
        append_event(_Seen(row), "opened", consumer_id=row.consumer_id, offer_id=row.id)
    if rows:
        publish(f"org:{org_id}:slots", "slots-changed")


class _Seen:
    """The slot of an offer, as a line of its history needs it."""

    def __init__(self, offer: Any) -> None:
        self.id, self.org_id, self.round = offer.slot_id, offer.org_id, offer.round
