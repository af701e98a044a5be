"""What a merchant does with a slot: add it, open it to the list, free it, release, book by hand, cancel.

Each step is one guarded statement with its history in the same unit. Staff may take them on their own slots,
managers on all; raises `errors.NotYourSlot`, `SlotChanged`, `TooLateToOffer`, or `NotFound` for a foreign id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import Organization
from nexapp.messaging.consumers import ensure_consumer
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import Consumer
from nexapp.messaging.outbox import NewMessage, cancel_queued, queue_messages
from nexapp.messaging.templates import render
from nexapp.slots.claim_followups import resume_request
from nexapp.slots.errors import NotYourSlot, SlotChanged, TooLateToOffer
from nexapp.slots.history import record_event
from nexapp.slots.hours import closed_words
from nexapp.slots.models import ConsumerProfile, Slot, SlotOffer
from nexapp.slots.offers import SUBJECT, first_name, slot_words, withdraw_unsent
from nexapp.slots.rounds import Opening, begin_rounds
from nexapp.slots.rounds_rows import Asking
from nexapp.slots.transitions import (
    NO_BOOKING,
    NO_HOLD,
    UNCLAIMED,
    enough_notice,
    get_slot_for_change,
    transition,
)
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db


def open_slot(slot_id: UUID, expected_round: int | None = None, how: Asking | None = None) -> Opening:
    """Open a draft, or offer an open slot again: a new round. Two at once make one round; the other is refused.

    `expected_round` is the round that the person saw: a form sent twice finds that it is over. `how` is kept for the
    slot; None leaves it as it was.
    """
    slot = get_slot_for_change(slot_id)
    row = _open(slot, UNCLAIMED, Slot.round == (slot.round if expected_round is None else expected_round), **_how(how))
    return tell_the_list(row, _kind(row))


def open_slots(slot_ids: Sequence[UUID]) -> list[Opening]:
    """Open several at once: who fits more than one gets one text about all, with a page to choose from.

    Slots that changed meanwhile or start too soon are left out, those of colleagues too.
    """
    # All are locked before anybody is matched, and in one order: two such openings can't wait for each other.
    rows = [row for slot_id in sorted(set(slot_ids)) if (row := _open_if_possible(slot_id)) is not None]
    return _tell(rows, [_kind(row) for row in rows])


def free_slot(slot_id: UUID) -> Opening:
    """ "Client cancelled": a booked slot is open again, in a new round that leaves out who gave it up."""
    slot = get_slot_for_change(slot_id)
    row = _open(slot, ("booked",), **NO_BOOKING)
    record_event(row, "freed", consumer_id=row.was_consumer_id, offer_id=row.was_offer_id)
    _tell_displaced(row, row.was_offer_id, by_client=True)
    return tell_the_list(row, "opened")


def cancel_slot(slot_id: UUID) -> int:
    """Cancel a slot in any state that has not ended. Gives how many people are told of it: who holds or booked it."""
    slot = get_slot_for_change(slot_id)
    row = transition(slot, (*UNCLAIMED, "held", "pending", "booked"), status="cancelled", **NO_HOLD)
    withdraw_unsent(row)
    held = (row.was_holder_id, row.was_hold_offer_id) if row.was == "held" else (None, None)
    consumer_id, offer_id = (row.was_consumer_id, row.was_offer_id) if row.was in {"pending", "booked"} else held
    record_event(row, "cancelled", consumer_id=consumer_id, offer_id=offer_id, was=row.was)
    audit.record("slot.cancelled", "slot", row.id, {"was": row.was})
    return _tell_displaced(row, offer_id)


def release_by_merchant(slot_id: UUID) -> None:
    """End somebody's hold, so that the others may take the slot."""
    slot = get_slot_for_change(slot_id)
    row = transition(slot, ("held",), status="open", **NO_HOLD)
    db.session.execute(
        update(SlotOffer)
        .where(SlotOffer.org_id == row.org_id, SlotOffer.id == row.was_hold_offer_id)
        .values(released_at=func.now())
    )
    record_event(row, "released", consumer_id=row.was_holder_id, offer_id=row.was_hold_offer_id, by="business")
    audit.record("slot.released", "slot", row.id)


def book_by_hand(slot_id: UUID, name: str, phone: str | None = None) -> None:
    """Give the slot to somebody who called or came in. `phone` is E.164; nothing is texted to it."""
    slot = get_slot_for_change(slot_id)
    # A refusal is shown on the slot's page, by a unit that goes on to commit: the person must not stay behind.
    with db.session.begin_nested():
        consumer_id = _known_person(slot.org_id, name, phone) if phone else None
        row = transition(
            slot, UNCLAIMED, Slot.ends_at > func.now(), status="booked", **NO_HOLD,
            booked_consumer_id=consumer_id, booked_name=name, booked_at=func.now(),
            booked_price_cents=func.nexapp_price_at(Slot.price_cents, Slot.price_steps, Slot.starts_at, func.now()),
        )  # fmt: skip
    withdraw_unsent(row)
    record_event(row, "booked", consumer_id=consumer_id, by="business")
    audit.record("slot.booked_by_hand", "slot", row.id)


def _open(slot: Slot, from_states: tuple[str, ...], *guards: Any, **values: Any) -> Any:
    if closed := closed_words(slot):
        raise SlotChanged(closed)
    try:
        return transition(
            slot, from_states, enough_notice(), *guards,
            status="open", round=Slot.round + 1, opened_at=func.now(), **NO_HOLD, **values,
        )  # fmt: skip
    except SlotChanged:
        _refuse_late(slot)
        raise


def _open_if_possible(slot_id: UUID) -> Any | None:
    try:
        slot = get_slot_for_change(slot_id)
        return _open(slot, UNCLAIMED, Slot.round == slot.round)
    except (SlotChanged, TooLateToOffer, NotYourSlot):
        return None


def _kind(row: Any) -> str:
    return "opened" if row.was == "draft" else "offered_again"


def _how(how: Asking | None) -> dict[str, Any]:
    return {} if how is None else {"offer_mode": how.mode, "wave_size": how.wave_size}


def _refuse_late(slot: Slot) -> None:
    minutes = db.session.scalar(select(Organization.notice_minutes).where(Organization.id == slot.org_id)) or 0
    if (slot.starts_at - now()).total_seconds() <= minutes * 60:
        raise TooLateToOffer(minutes)


def tell_the_list(row: Any, kind: str) -> Opening:
    """Begin the round of a slot that `transition` has just opened; `kind` is the line of its history."""
    return _tell([row], [kind])[0]


def _tell(rows: Sequence[Any], kinds: Sequence[str]) -> list[Opening]:
    for row in rows:
        withdraw_unsent(row)
        audit.record("slot.opened", "slot", row.id, {"round": row.round, "was": row.was})
    return begin_rounds(rows, kinds)


def _tell_displaced(row: Any, offer_id: UUID | None, *, by_client: bool = False) -> int:
    """Only who came by one of our texts is told by text; the others spoke to the business.

    `by_client`: they cancelled themselves, so the text does not say that the business had to.
    """
    if offer_id is None:
        return 0
    person = db.session.execute(
        select(Consumer.id, Consumer.phone, ConsumerProfile.name)
        .join(SlotOffer, SlotOffer.consumer_id == Consumer.id)
        .join(
            ConsumerProfile,
            (ConsumerProfile.org_id == SlotOffer.org_id) & (ConsumerProfile.consumer_id == Consumer.id),
        )
        .where(SlotOffer.org_id == row.org_id, SlotOffer.id == offer_id)
    ).one()
    # A confirmation that has not left yet would be news of yesterday.
    cancel_queued(SUBJECT, [offer_id])
    resume_request(row.org_id, offer_id)
    words = slot_words(row) | {"first_name": first_name(person.name), "url": ""}
    gone = _("Your booking at %(business)s for %(time)s is cancelled. You stay on the waiting list.", **words)
    queue_messages([_farewell(row, person, gone if by_client else render("booking_cancelled", words, row.org_id))])
    return 1


def _farewell(row: Any, person: Any, body: str) -> NewMessage:
    return NewMessage(
        to_phone=person.phone, body=body, purpose="booking_cancelled", lane=ANSWERS, consumer_id=person.id,
        subject_kind="slot", subject_id=row.id, expires_at=row.ends_at, org_id=row.org_id,
    )  # fmt: skip


def _known_person(org_id: UUID, name: str, phone: str) -> UUID:
    consumer_id = ensure_consumer(phone)
    db.session.execute(
        insert(ConsumerProfile).values(org_id=org_id, consumer_id=consumer_id, name=name).on_conflict_do_nothing()
    )
    return consumer_id
