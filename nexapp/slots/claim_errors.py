"""Why a tap on a claim page was refused. The page shows the sentence and what the person can do next."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask_babel import gettext as _

from nexapp.spine.errors import Conflict, NexError


class ClaimRefused(NexError):
    """A refusal that the claim page answers itself; nothing was changed.

    `tried` where the database refused, so that the slot has changed since the page's look-up.
    """

    status = 409
    code = "claim_refused"
    tried = False


class SlotJustTaken(ClaimRefused):
    """Somebody else holds or booked it, or it is open no longer: the fresh page tells which."""

    code = "slot_just_taken"

    def __init__(self) -> None:
        super().__init__(_("Just taken — you stay on the list."))


class HoldRanOut(ClaimRefused):
    """The time to confirm was over before the confirmation arrived."""

    code = "hold_ran_out"

    def __init__(self) -> None:
        super().__init__(_("Your time to confirm ran out before this arrived."))


class NothingHeld(ClaimRefused):
    """A confirmation from somebody who holds nothing."""

    code = "nothing_held"

    def __init__(self) -> None:
        super().__init__(_("Hold the time first, then confirm it."))


class AlreadyBooked(ClaimRefused):
    """A release of what is booked: giving a booking up is a step of its own, with its reason."""

    code = "already_booked"

    def __init__(self) -> None:
        super().__init__(_("You have booked this time. Use “Cancel” if you can't come."))


class MustWait(ClaimRefused):
    """Who let a hold run out waits while others want the time."""

    code = "must_wait"

    def __init__(self, until: datetime, clock: str) -> None:
        super().__init__(_("Your hold ran out, and others want this time. You can try again at %(time)s.", time=clock))
        self.until = until


class HoldsElsewhere(ClaimRefused):
    """One live hold per person and business. `offer_id` is the offer of the other one."""

    code = "holds_elsewhere"

    def __init__(self, offer_id: UUID) -> None:
        super().__init__(_("You are holding another time here. Confirm it or give it back first."))
        self.offer_id = offer_id


class BookedAtThatTime(ClaimRefused):
    """The person has a booking at an overlapping time, here or elsewhere; which is nobody's business."""

    code = "booked_at_that_time"

    def __init__(self) -> None:
        super().__init__(_("You have another booking at that time. Cancel it first, or take another time."))


class NothingBooked(ClaimRefused):
    """A change of a booking that is not there, or not any more."""

    code = "nothing_booked"

    def __init__(self) -> None:
        super().__init__(_("There is no booking to change here any more."))


class ExchangeWaits(ClaimRefused):
    """A second exchange of one booking, while the first waits for the business's yes."""

    code = "exchange_waits"

    def __init__(self) -> None:
        super().__init__(_("You have asked for another time already, and that one waits for its answer."))


class NotWaitingForAnswer(Conflict):
    """The merchant answers a booking that no longer waits: it lapsed, or somebody answered it already."""

    code = "not_waiting_for_answer"

    def __init__(self) -> None:
        super().__init__(_("This booking no longer waits for an answer. The page now shows how it stands."))
