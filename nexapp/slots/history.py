"""A slot's history and its live signals: every change is one event line and one signal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from nexapp.slots import rush
from nexapp.slots.models import SlotEvent, SlotRound
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor
from nexapp.spine.unit import after_commit

GIVEN_BACK = {"lapsed", "released", "declined", "pending_lapsed"}
REFUSED = {"declined", "pending_lapsed"}


def record_event(
    slot: Any,
    kind: str,
    *,
    consumer_id: UUID | None = None,
    offer_id: UUID | None = None,
    **details: Any,
) -> None:
    """Append one line and tell the open pages. `slot` has id, org_id, round and public_token."""
    append_event(slot, kind, consumer_id=consumer_id, offer_id=offer_id, **details)
    slot_id = slot.id
    after_commit(lambda: rush.forget(slot_id), key=("rush", slot_id))
    tell_pages(slot)
    if kind in GIVEN_BACK:
        _ask_others(slot, kind)


def append_event(
    slot: Any,
    kind: str,
    *,
    consumer_id: UUID | None = None,
    offer_id: UUID | None = None,
    **details: Any,
) -> None:
    """Append one line and tell nobody; `slot` has id, org_id and round."""
    db.session.execute(
        insert(SlotEvent).values(
            id=new_id(), org_id=slot.org_id, slot_id=slot.id, round=slot.round, kind=kind,
            user_id=current_actor().user_id, consumer_id=consumer_id, offer_id=offer_id, details=details,
        )
    )  # fmt: skip


def _ask_others(slot: Any, kind: str) -> None:
    """It is free again: the next in line are asked at once, after texts that were withdrawn for a booking."""
    about = {"org_id": slot.org_id, "slot_id": slot.id, "round": slot.round}
    if kind in REFUSED:
        enqueue("requeue_withdrawn", **about)
        return
    line = SlotRound.org_id == slot.org_id, SlotRound.slot_id == slot.id, SlotRound.round == slot.round
    if db.session.scalar(select(SlotRound.id).where(*line, SlotRound.state != "done")):
        enqueue("advance_round", **about)


def tell_pages(slot: Any) -> None:
    """The merchant's pages and the claim pages of this slot fetch again after the commit."""
    publish(f"org:{slot.org_id}:slots", "slots-changed")
    publish(f"slot:{slot.public_token}", "slot-changed")
