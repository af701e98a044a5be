"""What a claim link may do with a booking; each step in a unit of its own, as in `claims`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from nexapp.slots import cancelling, holds, rescheduling
from nexapp.slots.claim_errors import SlotJustTaken
from nexapp.slots.claims import Claim, breaks_one_hold, within
from nexapp.slots.open_slots import find_time, list_open_times, offer_time


def cancel(claim: Claim, reason: str, words: str | None) -> None:
    """Raises `NothingBooked`."""
    within(claim, lambda: cancelling.cancel_booking(claim.offer.offer_id, reason, words))


def move(claim: Claim, token: str) -> UUID:
    """Exchange the booking for a time that the page listed; its new offer. Raises a `ClaimRefused`."""
    _refuse_unlisted(claim, token)
    return within(claim, lambda: rescheduling.move_booking(claim.offer.offer_id, token))


def hold_other(claim: Claim, token: str) -> UUID:
    """Hold a time that the page listed; its offer. Raises a `ClaimRefused`."""
    _refuse_unlisted(claim, token)

    def act() -> UUID:
        offer_id = offer_time(find_time(token), claim.offer, "other_times")
        if not holds.has(offer_id):
            holds.hold(offer_id)
        return offer_id

    try:
        return within(claim, act)
    except IntegrityError as error:
        if not breaks_one_hold(error):
            raise
        within(claim, lambda: holds.free_own_lapsed(claim.offer.consumer_id))
        return within(claim, act)


def _refuse_unlisted(claim: Claim, token: str) -> None:
    """A time that is offered in turn or in waves is not for everybody, whoever knows its name."""
    if all(time.token != token for time in list_open_times(claim.offer.org_id, claim.offer.slot_id)):
        refusal = SlotJustTaken()
        refusal.tried = True
        raise refusal
