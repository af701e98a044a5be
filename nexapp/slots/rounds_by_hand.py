"""People chosen from the list by hand: who fits and who doesn't, and the offer to those chosen.

A merchant may overrule wishes. An opt-out, a missing consent, a pause, the limits and the night stand all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_

from nexapp.messaging.models import Consumer
from nexapp.slots.errors import SlotChanged
from nexapp.slots.history import record_event
from nexapp.slots.matching import OF_FIT, judge, settle
from nexapp.slots.models import ConsumerProfile, NotifyRequest, Slot
from nexapp.slots.offers import Batch, offer_all
from nexapp.slots.rounds import begin_by_hand
from nexapp.slots.transitions import NO_HOLD, enough_notice, find_row, get_slot_for_change, lock_row, transition
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

PAGE = 40
MOST_CHOSEN = 200
ASKABLE = ("draft", "open")


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody on the list: `reason` is why the list would skip them, `barred` why they can't be asked at all."""

    request_id: UUID
    name: str
    phone: str
    reason: str | None
    barred: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    texted: int
    left_out: int


def list_choices(slot_id: UUID, search: str = "", after: UUID | None = None) -> tuple[list[Choice], UUID | None]:
    """A page of the list for a slot that the actor may change, the longest waiting first, and where the next begins."""
    slot = get_slot_for_change(slot_id)
    ids = _requests(search, after)
    row = find_row(slot.org_id, slot.id)
    judged = judge(row, ids[:PAGE])
    hard = {person.notify_request_id: person.reason for person in judge(row, ids[:PAGE], by_hand=True)}
    choices = [
        Choice(p.notify_request_id, p.name, p.phone, _of_fit(p.reason), hard.get(p.notify_request_id)) for p in judged
    ]
    return choices, ids[PAGE - 1] if len(ids) > PAGE else None


def offer_by_hand(slot_id: UUID, request_ids: Sequence[UUID], expected_round: int | None = None) -> Chosen:
    """Offer the slot to people chosen from the list, beside those whom its round asks. Who can't be asked is left out.

    A draft is opened, and asks nobody else. Raises `SlotChanged` where it is neither draft nor open.
    """
    slot = get_slot_for_change(slot_id)
    row = _opened(slot, expected_round) if slot.status == "draft" else lock_row(slot.org_id, slot.id)
    if row is None or row.was not in ASKABLE or (row.was == "open" and expected_round not in {None, row.round}):
        raise SlotChanged
    judged = judge(row, list(dict.fromkeys(request_ids))[:MOST_CHOSEN], by_hand=True)
    fitting = [person for person in judged if person.reason is None]
    settle(row, fitting)
    texted = offer_all([Batch(row, fitting)])
    kind = "opened" if row.was == "draft" else "picked"
    record_event(row, kind, texted=texted, by_hand=True)
    audit.record("slot.offered_by_hand", "slot", row.id, {"round": row.round, "people": texted})
    return Chosen(texted, len(set(request_ids)) - texted)


def _opened(slot: Slot, expected_round: int | None) -> Any:
    expected = slot.round if expected_round is None else expected_round
    row = transition(
        slot, ("draft",), enough_notice(), Slot.round == expected,
        status="open", round=Slot.round + 1, opened_at=func.now(), **NO_HOLD,
    )  # fmt: skip
    begin_by_hand(row)
    return row


def _of_fit(reason: str | None) -> str | None:
    return reason if reason in OF_FIT else None


def _requests(search: str, after: UUID | None) -> list[UUID]:
    """Ids of the list in its order, one more than a page has."""
    query = (
        select(NotifyRequest.id)
        .join(Consumer, Consumer.id == NotifyRequest.consumer_id)
        .join(
            ConsumerProfile,
            (ConsumerProfile.org_id == NotifyRequest.org_id)
            & (ConsumerProfile.consumer_id == NotifyRequest.consumer_id),
        )
        .where(NotifyRequest.org_id == current_actor().tenant, NotifyRequest.status.in_(("active", "paused")))
    )
    if search:
        query = query.where(matches(search))
    if after is not None:
        place = select(NotifyRequest.created_at, NotifyRequest.id).where(NotifyRequest.id == after).subquery()
        query = query.where(
            tuple_(NotifyRequest.created_at, NotifyRequest.id)
            > tuple_(select(place.c.created_at).scalar_subquery(), select(place.c.id).scalar_subquery())
        )
    return list(db.session.scalars(query.order_by(NotifyRequest.created_at, NotifyRequest.id).limit(PAGE + 1)))


def matches(search: str) -> Any:
    """By part of the name, or by some of a number's digits."""
    digits = "".join(c for c in search if c.isdecimal() and c.isascii())
    by_name = ConsumerProfile.name.icontains(search, autoescape=True)
    return by_name | Consumer.phone.contains(digits) if len(digits) >= 3 else by_name
