"""One slot, person by person: its history, whom it was offered to, their texts with receipts, and who was skipped."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from nexapp.identity.models import User
from nexapp.messaging.models import Consumer, Message, MessageEvent
from nexapp.slots.models import ConsumerProfile, Slot, SlotEvent, SlotMatch, SlotOffer
from nexapp.spine.clock import now
from nexapp.spine.db import db

PEOPLE = 50
MOST_PEOPLE = 2000
NAMES_SHOWN = 12
MOMENTS = timedelta(minutes=2)
SECRET = re.compile(r"(?<=/[csw]/)[\w-]{16,}")


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that a slot's page shows beside the slot itself."""

    round: int
    events: Sequence[Any]
    people: Sequence[Any]
    receipts: dict[UUID, list[Any]]
    skipped: Sequence[Any]
    counts: Any

    @property
    def asleep_until(self) -> datetime | None:
        """When texts go out that wait for the end of the quiet hours; one that is tried again waits for moments."""
        at: datetime | None = self.counts.next_at
        return at if at is not None and at > now() + MOMENTS else None

    @property
    def unshown(self) -> int:
        return int(self.counts.offered) - len(self.people)


def get_timeline(slot: Any, round_number: int | None = None, limit: int = PEOPLE) -> Timeline:
    shown = slot.round if round_number is None else round_number
    people = _people(slot, shown, limit)
    return Timeline(
        round=shown,
        events=_events(slot),
        people=people,
        receipts=_receipts([person.message_id for person in people if person.message_id]),
        skipped=_skipped(slot, shown),
        counts=_counts(slot, shown),
    )


def shown_text(body: str) -> str:
    """A text as its page shows it: who holds a link speaks for the person it was sent to, so its secret is left out."""
    return SECRET.sub("…", body)


def _events(slot: Any) -> Sequence[Any]:
    return db.session.execute(
        select(
            SlotEvent.id, SlotEvent.kind, SlotEvent.round, SlotEvent.created_at, SlotEvent.details,
            User.name.label("user"), ConsumerProfile.name.label("person"),
        )
        .outerjoin(User, User.id == SlotEvent.user_id)
        .outerjoin(
            ConsumerProfile,
            (ConsumerProfile.org_id == SlotEvent.org_id) & (ConsumerProfile.consumer_id == SlotEvent.consumer_id),
        )
        .where(SlotEvent.org_id == slot.org_id, SlotEvent.slot_id == slot.id)
        .order_by(SlotEvent.created_at.desc(), SlotEvent.id.desc())
        .limit(100)
    ).all()  # fmt: skip


def _people(slot: Any, round_number: int, limit: int) -> Sequence[Any]:
    standing = case(
        (Slot.booked_offer_id == SlotOffer.id, 0), (Slot.held_by_offer_id == SlotOffer.id, 1),
        (SlotOffer.held_at.is_not(None), 2), (SlotOffer.opened_at.is_not(None), 3), else_=4,
    )  # fmt: skip
    return db.session.execute(
        select(
            SlotOffer.id, SlotOffer.opened_at, SlotOffer.held_at, SlotOffer.lapsed_at, SlotOffer.released_at,
            SlotOffer.passed_at, SlotOffer.bundle_id, SlotOffer.turn,
            ConsumerProfile.name, Consumer.phone, Message.id.label("message_id"), Message.status, Message.body,
            Message.send_at, Message.sent_at, Message.error, Message.segments, Slot.status.label("slot_status"),
            (Slot.booked_offer_id == SlotOffer.id).label("has_booked"),
            ((Slot.held_by_offer_id == SlotOffer.id) & (Slot.held_until > func.now())).label("holds"),
        )
        .join(Slot, (Slot.org_id == SlotOffer.org_id) & (Slot.id == SlotOffer.slot_id))
        .join(Consumer, Consumer.id == SlotOffer.consumer_id)
        .join(
            ConsumerProfile,
            (ConsumerProfile.org_id == SlotOffer.org_id) & (ConsumerProfile.consumer_id == SlotOffer.consumer_id),
        )
        .outerjoin(
            Message,
            (Message.org_id == SlotOffer.org_id) & (Message.id == SlotOffer.message_id),
        )
        .where(SlotOffer.org_id == slot.org_id, SlotOffer.slot_id == slot.id, SlotOffer.round == round_number)
        .order_by(standing, SlotOffer.turn, ConsumerProfile.name, SlotOffer.id)
        .limit(min(limit, MOST_PEOPLE))
    ).all()  # fmt: skip


def _receipts(message_ids: list[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    rows = db.session.execute(
        select(MessageEvent.message_id, MessageEvent.at, MessageEvent.kind)
        .where(MessageEvent.message_id.in_(message_ids))
        .order_by(MessageEvent.at)
    )
    for row in rows if message_ids else []:
        found[row.message_id].append(row)
    return found


def _skipped(slot: Any, round_number: int) -> Sequence[Any]:
    names = func.array_agg(aggregate_order_by(ConsumerProfile.name, ConsumerProfile.name))
    return db.session.execute(
        select(SlotMatch.reason, func.count().label("people"), names[1:NAMES_SHOWN].label("names"))
        .join(
            ConsumerProfile,
            (ConsumerProfile.org_id == SlotMatch.org_id) & (ConsumerProfile.consumer_id == SlotMatch.consumer_id),
        )
        .where(
            SlotMatch.org_id == slot.org_id, SlotMatch.slot_id == slot.id, SlotMatch.round == round_number,
            SlotMatch.outcome == "skipped",
        )
        .group_by(SlotMatch.reason)
        .order_by(func.count().desc(), SlotMatch.reason)
    ).all()  # fmt: skip


def _counts(slot: Any, round_number: int) -> Any:
    waits = Message.status == "queued"
    return db.session.execute(
        select(
            func.count().label("offered"),
            func.count(SlotOffer.opened_at).label("looked"),
            func.count().filter(Message.status.in_(("sent", "delivered"))).label("sent"),
            func.count().filter(waits).label("waiting"),
            func.count().filter(Message.status.in_(("failed", "undelivered", "unknown", "suppressed"))).label("failed"),
            func.count().filter(Message.status == "cancelled").label("withdrawn"),
            func.min(Message.send_at).filter(waits).label("next_at"),
        )
        .select_from(SlotOffer)
        .outerjoin(
            Message,
            (Message.org_id == SlotOffer.org_id) & (Message.id == SlotOffer.message_id),
        )
        .where(SlotOffer.org_id == slot.org_id, SlotOffer.slot_id == slot.id, SlotOffer.round == round_number)
    ).one()  # fmt: skip
