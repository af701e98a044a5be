"""A client gives a booking up by its link: the time is open again, and the list is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from nexapp.slots import booking_alerts, opening
from nexapp.slots import claim_followups as followups
from nexapp.slots.claim_errors import NothingBooked
from nexapp.slots.errors import SlotChanged
from nexapp.slots.history import record_event
from nexapp.slots.models import Slot, SlotOffer
from nexapp.slots.transitions import NO_BOOKING, NO_HOLD, transition
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.tenancy import current_actor, scoped


def reason_choices() -> list[tuple[str, str]]:
    """What the page offers to choose from; the words are for the business alone."""
    return [
        ("time", _("The time doesn't suit me any more")),
        ("ill", _("I'm ill")),
        ("elsewhere", _("I found another appointment")),
        ("mistake", _("I booked by mistake")),
        ("other", _("Something else")),
    ]


def cancel_booking(offer_id: UUID, reason: str, words: str | None = None) -> bool:
    """Open the slot again, in a new round that leaves out who gave it up. True where the list is told of it.

    Raises `NothingBooked` where the booking isn't there, not any more, or has begun.
    """
    row = end_booking(offer_id, reason, words)
    followups.resume_request(row.org_id, offer_id)
    followups.text_cancelled(row, offer_id)
    booking_alerts.tell_team(row, offer_id, "cancelled")
    return tell_if_in_time(row)


def end_booking(offer_id: UUID, reason: str, words: str | None = None, moved_to: UUID | None = None) -> Any:
    """The guarded change, its history and what was still to be sent. Locks the slot, then the offer."""
    slot = _slot_of(offer_id)
    try:
        row = transition(
            slot, ("pending", "booked"), Slot.booked_offer_id == offer_id, Slot.starts_at > func.now(),
            status="open", round=Slot.round + 1, opened_at=func.now(), sequence=Slot.sequence + 1,
            **NO_HOLD, **NO_BOOKING,
        )  # fmt: skip
    except SlotChanged as error:
        raise NothingBooked from error
    _mark(row, offer_id, reason, words, moved_to)
    followups.drop_unsent(row.org_id, offer_id)
    record_event(
        row, "freed", consumer_id=row.was_consumer_id, offer_id=offer_id, by="client", reason=reason,
        **({"words": words} if words else {}),
    )  # fmt: skip
    audit.record("booking.cancelled", "slot", row.id, {"offer_id": str(offer_id), "reason": reason})
    return row


def tell_if_in_time(row: Any) -> bool:
    """Text the list, unless the start is nearer than the business's shortest notice: then nobody would come."""
    if (row.starts_at - now()).total_seconds() <= row.notice_minutes * 60:
        return False
    opening.tell_the_list(row, "opened")
    return True


@job("end_replaced_booking")
def end_replaced_booking(offer_id: str, moved_to: str) -> None:
    """The new time stands, so the former one goes back to the list. Run twice, the second finds it gone."""
    try:
        row = end_booking(UUID(offer_id), "moved", moved_to=UUID(moved_to))
    except NothingBooked:
        return
    tell_if_in_time(row)


def _mark(row: Any, offer_id: UUID, reason: str, words: str | None, moved_to: UUID | None) -> None:
    db.session.execute(
        update(SlotOffer)
        .where(SlotOffer.org_id == row.org_id, SlotOffer.id == offer_id)
        .values(cancelled_at=func.now(), cancel_reason=words or reason, moved_to_offer_id=moved_to)
        .execution_options(synchronize_session=False)
    )


def _slot_of(offer_id: UUID) -> Slot:
    wanted = select(SlotOffer.slot_id).where(SlotOffer.org_id == current_actor().tenant, SlotOffer.id == offer_id)
    slot: Slot | None = db.session.scalars(scoped(Slot).where(Slot.id == wanted.scalar_subquery())).first()
    if slot is None:
        raise NothingBooked
    return slot
