"""What follows a confirmation: the winner's text, the round's unsent texts, the place on the list, the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Row, Select, func, select, update

from nexapp.identity.models import Organization
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import Consumer
from nexapp.messaging.outbox import NewMessage, cancel_queued, queue_messages
from nexapp.messaging.templates import render
from nexapp.slots.history import record_event
from nexapp.slots.models import ConsumerProfile, NotifyRequest, Slot, SlotOffer
from nexapp.slots.offers import SUBJECT, first_name, slot_words, withdraw_unsent, withdraw_unsent_to
from nexapp.slots.reminder_rows import withdraw_reminders
from nexapp.slots.tokens import claim_url
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue
from nexapp.spine.realtime import publish

CONFIRMED = "booking_confirmed"
CANCELLED = "booking_given_up"
DECLINED = "booking_declined"
UNANSWERED = "booking_unanswered"


def cancel_unsent(slot: Any) -> None:
    """It is taken: who has not been texted yet won't be."""
    withdraw_unsent(slot)


def finish_booking(slot: Row[Any], offer_id: UUID) -> None:
    """The slot is booked: tell the winner by text, set their waiting aside, write the line."""
    text_winner(slot, offer_id)
    _pause_request(slot.org_id, offer_id)
    record_event(slot, "booked", consumer_id=slot.consumer_id, offer_id=offer_id)


def await_answer(slot: Row[Any], offer_id: UUID) -> None:
    """The business answers until `pending_until`; nobody else can take the slot meanwhile."""
    until = slot.pending_until.isoformat()
    enqueue(
        "lapse_pending", run_at=slot.pending_until, unique_key=f"lapse_pending:{offer_id}:{until}",
        slot_id=slot.id,
    )  # fmt: skip
    record_event(slot, "pending", consumer_id=slot.consumer_id, offer_id=offer_id, until=until)


def drop_unsent(org_id: UUID, offer_id: UUID) -> None:
    """What is still to be sent about a booking that has ended would be news of yesterday."""
    cancel_queued(SUBJECT, [offer_id])
    withdraw_reminders(org_id, offer_id)


def text_cancelled(slot: Any, offer_id: UUID) -> None:
    """Say that a booking was given up: a link can be forwarded, so the booking's own person hears of it."""
    facts = facts_of(slot, offer_id)
    words = {"business": facts.business, "time": slot_words(facts)["time"]}
    body = _("Your booking at %(business)s for %(time)s is cancelled, as you asked.", **words)
    queue_answer(facts, offer_id, body, CANCELLED, facts.starts_at)


def text_refusal(slot: Row[Any], offer_id: UUID, *, answered: bool) -> None:
    """Tell who waited for a yes that they have not got the time; a booking that it was to replace stands."""
    facts = facts_of(slot, offer_id)
    words, wording = words_of(facts, offer_id), DECLINED if answered else UNANSWERED
    if not answered and slot.pending_for == "booking_system":
        body = _("%(business)s got no booking for %(time)s in time, so others can take it now.", **words)
    else:
        body = render(wording, words, facts.org_id)
    if facts.replaces_offer_id is not None:
        body = f"{body} {_('Your former booking stands, if you have not cancelled it.')}"
    # Until the end: a booking may lapse with the start, and who is on the way has to know.
    queue_answer(facts, offer_id, body, DECLINED, facts.ends_at, wording)


def text_winner(slot: Any, offer_id: UUID) -> None:
    facts = facts_of(slot, offer_id)
    queue_answer(
        facts, offer_id, render(CONFIRMED, words_of(facts, offer_id), facts.org_id), CONFIRMED, facts.starts_at
    )


def words_of(facts: Row[Any], offer_id: UUID) -> dict[str, str]:
    """All that a business may put into a text about the booking."""
    return {**slot_words(facts), "first_name": first_name(facts.profile_name), "url": claim_url(offer_id)}


def queue_answer(
    facts: Row[Any], offer_id: UUID, body: str, purpose: str, expires_at: datetime, wording: str | None = None
) -> None:
    queue_messages(
        [
            NewMessage(
                to_phone=facts.phone, body=body, purpose=purpose, lane=ANSWERS, consumer_id=facts.consumer_id,
                subject_kind=SUBJECT, subject_id=offer_id, expires_at=expires_at, wording=wording,
            )
        ]
    )  # fmt: skip


def resume_request(org_id: UUID, offer_id: UUID) -> None:
    """The booking is gone, so its person waits again: no offer would reach who was set aside for it."""
    person = select(SlotOffer.consumer_id).where(SlotOffer.org_id == org_id, SlotOffer.id == offer_id)
    other = select(Slot.id).where(
        Slot.org_id == org_id, Slot.booked_consumer_id == person.scalar_subquery(),
        Slot.status.in_(("pending", "booked")), Slot.starts_at > func.now(),
    )  # fmt: skip
    # A pause until a date is the person's own wish.
    was_set_aside = (NotifyRequest.status == "paused", NotifyRequest.paused_until.is_(None), ~other.exists())
    _set_request(org_id, offer_id, *was_set_aside, status="active")


def _pause_request(org_id: UUID, offer_id: UUID) -> None:
    # Without a date: the page asks whether they stay on the list.
    paused = _set_request(org_id, offer_id, NotifyRequest.status == "active", status="paused", paused_until=None)
    if paused is not None:
        withdraw_unsent_to(org_id, paused)


def _set_request(org_id: UUID, offer_id: UUID, *guards: Any, **values: Any) -> UUID | None:
    changed = db.session.scalar(
        update(NotifyRequest)
        .where(NotifyRequest.org_id == org_id, NotifyRequest.id == _request_of(org_id, offer_id), *guards)
        .values(**values)
        .returning(NotifyRequest.id)
        .execution_options(synchronize_session=False)
    )
    if changed is not None:
        publish(f"org:{org_id}:waiting-list", "waiting-list-changed")
    return changed


def _request_of(org_id: UUID, offer_id: UUID) -> Any:
    wanted = select(SlotOffer.notify_request_id).where(SlotOffer.org_id == org_id, SlotOffer.id == offer_id)
    return wanted.scalar_subquery()


def facts_of(slot: Any, offer_id: UUID) -> Row[Any]:
    """The slot with its business and the person of the offer, as the texts need them."""
    wanted: Select[Any] = (
        select(
            *Slot.__table__.columns,
            Organization.name.label("business"), Organization.time_zone, Organization.currency,
            SlotOffer.replaces_offer_id, Consumer.id.label("consumer_id"), Consumer.phone,
            ConsumerProfile.name.label("profile_name"),
        )
        .join(Organization, Organization.id == Slot.org_id)
        .join(SlotOffer, (SlotOffer.org_id == Slot.org_id) & (SlotOffer.slot_id == Slot.id))
        .join(Consumer, Consumer.id == SlotOffer.consumer_id)
        .join(
            ConsumerProfile,
            (ConsumerProfile.org_id == Slot.org_id) & (ConsumerProfile.consumer_id == Consumer.id),
        )
        .where(Slot.org_id == slot.org_id, Slot.id == slot.id, SlotOffer.id == offer_id)
    )  # fmt: skip
    return db.session.execute(wanted).one()
