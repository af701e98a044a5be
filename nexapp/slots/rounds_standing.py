"""How far the asking of a slot has come, as its page shows it: whose turn it is, until when, and who is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from nexapp.messaging.models import Consumer
from nexapp.slots.models import ConsumerProfile, SlotMatch, SlotOffer
from nexapp.slots.rounds_by_hand import matches
from nexapp.slots.rounds_line import look_at_turn
from nexapp.slots.rounds_rows import EVERYONE, find_round
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

NAMES_SHOWN = 3
PEOPLE_FOUND = 5
LIVE = ("open", "held", "pending")


@dataclass(frozen=True, slots=True)
class Standing:
    """`waiting` stand in line still. `ends_at`: when the next are asked; `at_latest` where no receipt has come yet."""

    mode: str
    state: str
    listed: int
    fitting: int
    turn: int
    waiting: int
    names: list[str]
    turn_size: int
    asked: int
    ends_at: datetime | None
    at_latest: bool

    @property
    def reached(self) -> int:
        """How many of the line have been gone through."""
        return self.fitting - self.waiting


def find_standing(slot: Any) -> Standing | None:
    """Of the present round; None where there is nothing to say: all were asked at once, or it is over."""
    found = _round(slot)
    if found is None or slot.state not in LIVE or _is_settled(found):
        return None
    turn = look_at_turn(found)
    names = _names(found) if found.mode != EVERYONE and found.turn else []
    return Standing(
        mode=found.mode, state=found.state, listed=found.listed, fitting=found.fitting, turn=found.turn,
        waiting=_waiting(found), names=names, turn_size=turn.people, asked=turn.asked,
        ends_at=turn.ends_at if turn.asked and not turn.unsent else None, at_latest=not turn.delivered,
    )  # fmt: skip


def _is_settled(found: Any) -> bool:
    """All were asked at once, by hand, or there was nobody to ask."""
    return found.state == "done" and (found.mode == EVERYONE or not found.fitting)


def find_people(search: str) -> Sequence[Any]:
    """Those whom the business knows by such a name or number, on the list or not; the first few."""
    return db.session.execute(
        select(ConsumerProfile.consumer_id, ConsumerProfile.name, Consumer.phone)
        .join(Consumer, Consumer.id == ConsumerProfile.consumer_id)
        .where(ConsumerProfile.org_id == current_actor().tenant, matches(search))
        .order_by(ConsumerProfile.name, ConsumerProfile.consumer_id)
        .limit(PEOPLE_FOUND)
    ).all()


def _round(slot: Any) -> Any | None:
    return find_round(slot, slot.round) if slot.round else None


def _waiting(found: Any) -> int:
    return db.session.scalar(
        select(func.count()).where(
            SlotMatch.org_id == found.org_id, SlotMatch.slot_id == found.slot_id, SlotMatch.round == found.round,
            SlotMatch.outcome == "in_line",
        )
    ) or 0  # fmt: skip


def _names(found: Any) -> list[str]:
    """Of the present turn."""
    rows = db.session.scalars(
        select(ConsumerProfile.name)
        .join(
            SlotOffer,
            (SlotOffer.org_id == ConsumerProfile.org_id) & (SlotOffer.consumer_id == ConsumerProfile.consumer_id),
        )
        .where(
            SlotOffer.org_id == found.org_id, SlotOffer.slot_id == found.slot_id, SlotOffer.round == found.round,
            SlotOffer.turn == found.turn,
        )
        .order_by(SlotOffer.id)
        .limit(NAMES_SHOWN)
    )  # fmt: skip
    return list(rows)
