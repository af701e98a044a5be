"""The other times of a business that a link's holder may take, and the offer that makes one theirs to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from nexapp.slots.claim_errors import SlotJustTaken
from nexapp.slots.tokens import claim_token, hash_token
from nexapp.spine.db import db, lookup
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor

SLOT = """
    SELECT id, org_id, round, public_token, status, starts_at, ends_at FROM slots
    WHERE org_id = :org AND public_token = :token
"""

# Where the list's own offer of the round is there already, it is theirs; the second insert finds the first.
OFFER = """
    INSERT INTO slot_offers (id, org_id, slot_id, round, consumer_id, notify_request_id, token_hash, source,
        replaces_offer_id, opened_at)
    VALUES (:id, :org, :slot, :round, :consumer, :request, :hash, :source, :replaces, now())
    ON CONFLICT (org_id, slot_id, round, consumer_id) DO UPDATE
    SET replaces_offer_id = excluded.replaces_offer_id, opened_at = coalesce(slot_offers.opened_at, now())
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class OpenTime:
    """A time as the page shows it. `token` names it in the form; it gives no right by itself."""

    token: str
    starts_at: datetime
    ends_at: datetime
    staff: str
    service: str | None
    location: str | None
    price_cents: int | None


def list_open_times(org_id: UUID, apart: UUID) -> Sequence[OpenTime]:
    """Without a unit, by one look-up. The same for everybody: a rush's losers are shown one page."""
    row = lookup("SELECT times FROM nexapp_open_slots(:org, :apart)", org=org_id, apart=apart)
    return [_time(found) for found in (row.times if row else [])]


def find_time(token: str) -> Row[Any]:
    """The slot of a time that somebody chose. Raises `SlotJustTaken` where this business has none of that name."""
    row = db.session.execute(text(SLOT), {"org": current_actor().tenant, "token": token}).first()
    if row is None:
        raise SlotJustTaken
    return row


def offer_time(slot: Row[Any], mine: Any, source: str, replaces: UUID | None = None) -> UUID:
    """The offer of a chosen slot to the holder of another link; made where it isn't there. Texts nobody."""
    offer_id = new_id()
    found: UUID = db.session.execute(
        text(OFFER),
        {
            "id": offer_id, "org": slot.org_id, "slot": slot.id, "round": slot.round, "consumer": mine.consumer_id,
            "request": mine.notify_request_id, "hash": hash_token(claim_token(offer_id)), "source": source,
            "replaces": replaces,
        },
    ).scalar_one()  # fmt: skip
    return found


def _time(found: dict[str, Any]) -> OpenTime:
    return OpenTime(
        token=found["public_token"],
        starts_at=datetime.fromisoformat(found["starts_at"]),
        ends_at=datetime.fromisoformat(found["ends_at"]),
        staff=found["staff"],
        service=found["service"],
        location=found["location"],
        price_cents=found["price_cents"],
    )
