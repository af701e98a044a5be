"""A yes by text is a tap on the link and its confirmation in one: one unit, and one answer by text."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from nexapp.messaging.models import InboundMessage
from nexapp.messaging.templates import render
from nexapp.slots import claim_followups as followups
from nexapp.slots import holds
from nexapp.slots.claim_errors import ClaimRefused, HoldRanOut, SlotJustTaken
from nexapp.slots.claims import Claim, Situation, breaks_one_hold, find_claim, refuse_closed
from nexapp.slots.models import Slot
from nexapp.slots.open_slots import list_open_times
from nexapp.slots.times import clock_words, text_time
from nexapp.slots.tokens import claim_token, claim_url
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.tenancy import scoped

PURPOSE = "claim_answer"
HELD = "hold_confirmed"
JUST_NOW = timedelta(minutes=10)
GONE = {Situation.HELD_BY_OTHER, Situation.TAKEN}


@job("claim_by_reply")
def claim_by_reply(inbound_id: str, offer_id: str) -> None:
    """Run twice, the second finds the first's booking and says nothing."""
    claim = find_claim(claim_token(UUID(offer_id)))
    if claim is None:
        return
    if claim.situation.is_booked:
        _say_again(claim)
        return
    try:
        status = _take(claim)
    except ClaimRefused as refusal:
        _refuse(claim, refusal, UUID(inbound_id))
        return
    if status == "pending":
        _say_waiting(claim)


def _take(claim: Claim) -> str:
    # The person before the slot, as everywhere: a tap of theirs at this moment waits, and does not block.
    holds.lock_person_of(claim.offer.offer_id)
    if claim.situation is not Situation.HELD:
        refuse_closed(claim)
    try:
        return _hold_and_confirm(claim)
    except IntegrityError as error:
        if not breaks_one_hold(error):
            raise
        holds.free_own_lapsed(claim.offer.consumer_id)
        return _hold_and_confirm(claim)


def _hold_and_confirm(claim: Claim) -> str:
    """Both or nothing: a hold whose booking is refused would keep the time from the others."""
    with db.session.begin_nested():
        if claim.situation is not Situation.HELD:
            holds.hold(claim.offer.offer_id)
        return holds.confirm(claim.offer.offer_id, claim.offer.profile_name, None)


def _say_again(claim: Claim) -> None:
    """Theirs already. Who booked a moment ago has the confirmation on the way."""
    if claim.offer.confirmed_at is not None and claim.offer.confirmed_at > now() - JUST_NOW:
        return
    if claim.situation is Situation.BOOKED:
        followups.text_winner(_slot(claim), claim.offer.offer_id)
    else:
        _say_waiting(claim)


def _say_waiting(claim: Claim) -> None:
    """Held, and somebody else still has to say yes: the page says so, and so must the text."""
    slot = _slot(claim)
    if slot.pending_until is None:
        return
    until = clock_words(slot.pending_until, claim.offer.time_zone)
    if slot.pending_for == "booking_system":
        facts = followups.facts_of(slot, claim.offer.offer_id)
        words = followups.words_of(facts, claim.offer.offer_id) | {"until": until}
        _answer(claim, slot, render(HELD, words, facts.org_id), HELD)
        return
    url = claim_url(claim.offer.offer_id)
    body = _("%(business)s confirms each booking and answers by %(until)s. You asked for %(time)s. Details: %(url)s",
             business=claim.offer.business, until=until, time=_time(claim), url=url)  # fmt: skip
    _answer(claim, slot, body)


def _refuse(claim: Claim, refusal: ClaimRefused, inbound_id: UUID) -> None:
    inbound = db.session.scalars(scoped(InboundMessage).where(InboundMessage.id == inbound_id)).first()
    if inbound is not None:
        inbound.handled_as = "too_late"
    _answer(claim, _slot(claim), " ".join(filter(None, [_why(claim, refusal), _elsewhere(claim)])))


def _why(claim: Claim, refusal: ClaimRefused) -> str:
    """Names the time: who was texted of several at several businesses can't tell else which one it was."""
    named = {"business": claim.offer.business, "time": _time(claim)}
    if not isinstance(refusal, SlotJustTaken | HoldRanOut):
        return _("%(business)s, %(time)s: %(why)s", **named, why=refusal.sentence)
    if claim.situation in {Situation.OPEN, *GONE}:
        return _("%(business)s: %(time)s was just taken. You stay on the list.", **named)
    return _("%(business)s: %(time)s is no longer open. You stay on the list.", **named)


def _time(claim: Claim) -> str:
    return text_time(claim.offer.starts_at, claim.offer.time_zone)


def _elsewhere(claim: Claim) -> str:
    if not list_open_times(claim.offer.org_id, claim.offer.slot_id):
        return ""
    return _("Other open times: %(url)s", url=claim_url(claim.offer.offer_id))


def _answer(claim: Claim, slot: Slot, body: str, wording: str | None = None) -> None:
    offer_id = claim.offer.offer_id
    followups.queue_answer(followups.facts_of(slot, offer_id), offer_id, body, PURPOSE, slot.ends_at, wording)


def _slot(claim: Claim) -> Slot:
    found: Slot = db.session.scalars(
        scoped(Slot).where(Slot.id == claim.offer.slot_id).execution_options(populate_existing=True)
    ).one()
    return found
