"""The same client at another time: a new slot that is theirs from the start."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from nexapp.slots import claim_followups as followups
from nexapp.slots.adding import NewSlot, add_slot
from nexapp.slots.errors import SlotChanged
from nexapp.slots.history import record_event
from nexapp.slots.models import Slot, SlotOffer
from nexapp.slots.open_slots import offer_time
from nexapp.slots.transitions import NO_HOLD, get_slot_for_change, transition
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import scoped

BOOKED_ONCE = ("booked", "completed", "no_show")


def get_former(slot_id: UUID) -> Slot:
    """The slot whose client comes again. Raises `SlotChanged` where it has none."""
    slot = get_slot_for_change(slot_id)
    if slot.status not in BOOKED_ONCE or not (slot.booked_name or slot.booked_consumer_id):
        raise SlotChanged
    return slot


def book_again(slot_id: UUID, new: NewSlot) -> tuple[UUID, bool]:
    """Add the new time and book it for the client of `slot_id`. Gives the new slot, and whether they are told by text.

    Only who came by one of our texts is told by one. The same form twice is the same booking. Raises as
    `adding.add_slot` does, `SlotChanged`, or `BadInput` where the client has a booking here at that time.
    """
    former = get_former(slot_id)
    fresh_id, is_new = add_slot(new)
    told = former.booked_offer_id is not None
    if not is_new:
        return fresh_id, told
    _refuse_overlap(fresh_id, former.booked_consumer_id)
    row = _book(fresh_id, former)
    if told:
        _give_link(row, former)
    else:
        record_event(row, "booked", consumer_id=row.booked_consumer_id, by="business")
    audit.record("slot.booked_again", "slot", row.id, {"after": str(former.id)})
    return fresh_id, told


def _book(fresh_id: UUID, former: Slot) -> Any:
    fresh: Slot = db.session.scalars(scoped(Slot).where(Slot.id == fresh_id)).one()
    return transition(
        fresh, ("draft",), status="booked", booked_consumer_id=former.booked_consumer_id,
        booked_name=former.booked_name, booked_at=func.now(), booked_price_cents=Slot.price_cents, **NO_HOLD,
    )  # fmt: skip


def _give_link(row: Any, former: Slot) -> None:
    mine = db.session.execute(
        select(SlotOffer.id, SlotOffer.consumer_id, SlotOffer.notify_request_id).where(
            SlotOffer.org_id == former.org_id, SlotOffer.id == former.booked_offer_id
        )
    ).one()
    offer_id = offer_time(row, mine, "rebook")
    values = {"booked_offer_id": offer_id}
    db.session.execute(
        update(Slot)
        .where(Slot.org_id == row.org_id, Slot.id == row.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(SlotOffer)
        .where(SlotOffer.org_id == row.org_id, SlotOffer.id == offer_id)
        .values(confirmed_at=func.now(), opened_at=None)
        .execution_options(synchronize_session=False)
    )
    followups.text_winner(row, offer_id)
    record_event(row, "booked", consumer_id=mine.consumer_id, offer_id=offer_id, by="business")


def _refuse_overlap(fresh_id: UUID, consumer_id: UUID | None) -> None:
    """What the client has booked elsewhere is not this business's to know."""
    if consumer_id is None:
        return
    fresh: Slot = db.session.scalars(scoped(Slot).where(Slot.id == fresh_id)).one()
    other = db.session.scalar(
        select(Slot.id).where(
            Slot.org_id == fresh.org_id, Slot.id != fresh_id, Slot.booked_consumer_id == consumer_id,
            Slot.status.in_(("booked", "pending")), Slot.starts_at < fresh.ends_at, Slot.ends_at > fresh.starts_at,
        )
    )  # fmt: skip
    if other is not None:
        raise BadInput(fields={"at": _("The client has another booking here at that time.")})
