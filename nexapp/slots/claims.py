"""A claim link: how its slot stands for the person who holds it, and what they may do.

Whoever opens a link is answered from one read-only look-up. Only a tap that may change something enters a unit of work,
and it does so here: the claim views run without one (`link(..., unit=False)`), so that the many who come second cost
no transaction, and a refused tap has rolled back before its page is drawn from a fresh look-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from psycopg.errors import DeadlockDetected
from sqlalchemy import Row, func, update
from sqlalchemy.exc import IntegrityError, OperationalError

from nexapp.slots import holds
from nexapp.slots.claim_errors import (
    AlreadyBooked,
    BookedAtThatTime,
    ClaimRefused,
    MustWait,
    NothingHeld,
    SlotJustTaken,
)
from nexapp.slots.history import append_event
from nexapp.slots.models import NotifyRequest, SlotOffer
from nexapp.slots.times import clock_words
from nexapp.slots.tokens import hash_token
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db, lookup
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

Result = TypeVar("Result")


class Situation(StrEnum):
    """How the slot stands for the link's holder. Each has its own sentence in templates/claims/_<value>.html."""

    OPEN = "open"
    WAIT = "wait"
    """Open, but this person let a hold run out and others want it."""
    HELD = "held"
    PENDING = "pending"
    BOOKED = "booked"
    HELD_BY_OTHER = "held_by_other"
    TAKEN = "taken"
    DECLINED = "declined"
    PAST = "past"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    """Taken back by the business before anybody booked it."""
    OTHER_ROUND = "other_round"
    BUSY = "busy"
    """Open, but this person has a booking at that time."""
    HANDED_OVER = "handed_over"
    """Theirs, if they book it in the business's booking system by the deadline."""
    GIVEN_UP = "given_up"
    """Their own booking, which they cancelled."""
    MOVED = "moved"
    """Their own booking, which they exchanged for another time."""
    WITHDRAWN = "withdrawn"
    """Their own booking, which the business cancelled and has offered anew."""

    @property
    def is_over(self) -> bool:
        return self in _OVER

    @property
    def is_theirs(self) -> bool:
        return self is Situation.HELD or self.is_booked

    @property
    def is_booked(self) -> bool:
        """Confirmed by the person, whoever else still has to say yes."""
        return self in {Situation.PENDING, Situation.HANDED_OVER, Situation.BOOKED}


_OVER = {
    Situation.DECLINED, Situation.PAST, Situation.CANCELLED, Situation.CLOSED, Situation.OTHER_ROUND,
    Situation.GIVEN_UP, Situation.MOVED, Situation.WITHDRAWN,
}  # fmt: skip
_MINE = {"held": Situation.HELD, "pending": Situation.PENDING, "booked": Situation.BOOKED}
_EVERYBODY = {
    "held": Situation.HELD_BY_OTHER, "pending": Situation.TAKEN, "booked": Situation.TAKEN, "draft": Situation.CLOSED,
    "cancelled": Situation.CANCELLED, "expired": Situation.PAST, "completed": Situation.PAST, "no_show": Situation.PAST,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """What the look-up found for a link; `offer` is its row."""

    token: str
    offer: Row[Any]
    situation: Situation

    @property
    def actor(self) -> Actor:
        return Actor(Role.LINK, self.offer.org_id)

    @property
    def may_change(self) -> bool:
        """There is a booking, and it hasn't begun."""
        return self.situation.is_booked and self.offer.starts_at > now()

    @property
    def may_move(self) -> bool:
        """What waits for a yes can be given up, and is exchanged once it stands."""
        return self.may_change and self.situation is Situation.BOOKED

    @property
    def is_late(self) -> bool:
        """So near that the business would find nobody else."""
        return bool(self.offer.starts_at - now() <= timedelta(minutes=self.offer.notice_minutes))


@dataclass(frozen=True, slots=True)
class SlotOfEvent:
    id: UUID
    org_id: UUID
    round: int


def find_claim(token: str) -> Claim | None:
    """The offer behind a link, by one look-up; None for a link we don't know."""
    offer = lookup("SELECT * FROM nexapp_offer(:wanted)", wanted=hash_token(token))
    return Claim(token, offer, _situation(offer)) if offer is not None else None


def is_known_topic(public_token: str) -> bool:
    row = lookup("SELECT nexapp_slot_topic(:wanted) AS known", wanted=public_token)
    return row is not None and bool(row.known)


def hold_slot(claim: Claim) -> None:
    """Hold the slot for the link's holder; who has it already keeps it. Raises a `ClaimRefused`."""
    if claim.situation.is_theirs:
        return
    refuse_closed(claim)
    try:
        within(claim, lambda: holds.hold(claim.offer.offer_id))
    except IntegrityError as error:
        if not breaks_one_hold(error):
            raise
        # One that ran out elsewhere is freed in a unit of its own: no unit locks two slots.
        within(claim, lambda: holds.free_own_lapsed(claim.offer.consumer_id))
        within(claim, lambda: holds.hold(claim.offer.offer_id))


def refuse_closed(claim: Claim) -> None:
    """Raise the `ClaimRefused` of a slot that the look-up found not free for this person."""
    if claim.situation is Situation.WAIT:
        until = claim.offer.may_hold_at
        raise MustWait(until, clock_words(until, claim.offer.time_zone))
    if claim.situation is Situation.BUSY:
        raise BookedAtThatTime
    if claim.situation is not Situation.OPEN:
        raise SlotJustTaken


def confirm_slot(claim: Claim, name: str, note: str | None) -> None:
    """Book what is held. Who has booked already stays booked, under the name given first. Raises a `ClaimRefused`."""
    if claim.situation.is_booked:
        return
    if claim.offer.held_at is None:
        raise NothingHeld
    within(claim, lambda: holds.confirm(claim.offer.offer_id, name, note))


def release_slot(claim: Claim) -> None:
    """Give a hold back; where there is none, nothing happens. Raises `AlreadyBooked`."""
    if claim.situation.is_booked:
        raise AlreadyBooked
    if claim.situation is Situation.HELD:
        within(claim, lambda: holds.release(claim.offer.offer_id))


def note_opened(claim: Claim) -> None:
    """Remember that a person saw the page, once. Asked for by the page's script, which scanners don't run."""
    if claim.offer.opened_at is None:
        within(claim, lambda: _mark_opened(claim.offer))


def stay_on_list(claim: Claim) -> None:
    """Wait on after a booking, which had set the request aside."""
    if claim.offer.request_status == "paused":
        within(claim, lambda: _resume_request(claim.offer))


def within(claim: Claim, act: Callable[[], Result]) -> Result:
    """Act in a unit of the link's holder; a refusal has rolled back."""
    try:
        return _in_unit(claim, act)
    except ClaimRefused as refusal:
        refusal.tried = True
        raise
    except OperationalError as error:
        if not isinstance(error.orig, DeadlockDetected):
            raise
        # PostgreSQL broke a circle with the sender of the round's texts; nothing was changed, and the other is through.
        return _in_unit(claim, act)


def _in_unit(claim: Claim, act: Callable[[], Result]) -> Result:
    with unit_of_work(claim.actor):
        return act()


def _mark_opened(offer: Row[Any]) -> None:
    first = db.session.scalar(
        update(SlotOffer)
        .where(SlotOffer.org_id == offer.org_id, SlotOffer.id == offer.offer_id, SlotOffer.opened_at.is_(None))
        .values(opened_at=func.now())
        .returning(SlotOffer.id)
        .execution_options(synchronize_session=False)
    )
    if first is None:
        return
    slot = SlotOfEvent(offer.slot_id, offer.org_id, offer.round)
    append_event(slot, "opened", consumer_id=offer.consumer_id, offer_id=offer.offer_id)
    # The merchant's pages only: two hundred people opening would make each other's pages fetch again and again.
    publish(f"org:{offer.org_id}:slots", "slots-changed")


def _resume_request(offer: Row[Any]) -> None:
    resumed = db.session.scalar(
        update(NotifyRequest)
        .where(NotifyRequest.org_id == offer.org_id, NotifyRequest.id == offer.notify_request_id)
        .where(NotifyRequest.status == "paused")
        .values(status="active", paused_until=None)
        .returning(NotifyRequest.id)
        .execution_options(synchronize_session=False)
    )
    if resumed is not None:
        audit.record("waiting_list.resumed", "notify_request", resumed)
        publish(f"org:{offer.org_id}:waiting-list", "waiting-list-changed")


def _situation(offer: Row[Any]) -> Situation:
    if offer.mine and offer.state in _MINE and (offer.state == "held" or offer.ends_at > now()):
        waits_there = offer.state == "pending" and offer.pending_for == "booking_system" and offer.booking_url
        return Situation.HANDED_OVER if waits_there else _MINE[offer.state]
    if (ended := _ended(offer)) is not None:
        return ended
    if offer.state == "open":
        return _open_to(offer)
    if offer.starts_at <= now() and offer.state != "cancelled":
        return Situation.PAST
    return _EVERYBODY[offer.state]


def _ended(offer: Row[Any]) -> Situation | None:
    """What became of an offer that nothing can be done with any more."""
    if offer.moved_to_offer_id is not None:
        return Situation.MOVED
    if offer.cancelled_at is not None:
        return Situation.GIVEN_UP
    if offer.declined_at is not None:
        return Situation.DECLINED
    if not offer.current_round:
        return Situation.WITHDRAWN if offer.confirmed_at is not None else Situation.OTHER_ROUND
    return None


def _open_to(offer: Row[Any]) -> Situation:
    if offer.is_busy:
        return Situation.BUSY
    return Situation.WAIT if offer.may_hold_at is not None else Situation.OPEN


def breaks_one_hold(error: IntegrityError) -> bool:
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == "slots_one_hold"
