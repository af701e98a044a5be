"""The rows of rounds: how far the asking of each has come, and the one job that takes it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from nexapp.slots.models import NotifyRequest, SlotRound
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue

EVERYONE, IN_TURN, WAVES, PICKED = "everyone", "in_turn", "waves", "picked"
MODES = (EVERYONE, IN_TURN, WAVES)
LARGEST_WAVE = 500
LARGEST_NUMBER = 2**31 - 1
AT_ONCE = 10_000
"""People of a long list in one unit: about a second. The slot is locked meanwhile, and who taps it waits."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How the people of one slot are asked: a mode, or None as the business does."""

    mode: str | None = None
    wave_size: int | None = None


def round_number(typed: str) -> int:
    """Of a form; one that no column holds stands for a round that there isn't."""
    return max(-1, min(int(typed), LARGEST_NUMBER))


def count_list(org_id: UUID) -> int:
    waits = NotifyRequest.status.in_(("active", "paused"))
    return db.session.scalar(select(func.count()).where(NotifyRequest.org_id == org_id, waits)) or 0


def count_matching(row: Any) -> int:
    """How many other slots of the business have their list still to be gone through."""
    others = select(func.count()).where(
        SlotRound.org_id == row.org_id, SlotRound.slot_id != row.id, SlotRound.state == "matching",
        SlotRound.created_at > func.now() - timedelta(minutes=2),
    )  # fmt: skip
    return db.session.scalar(others) or 0


def insert_round(row: Any, mode: str, state: str, listed: int) -> Any:
    at_once, minutes = {
        EVERYONE: (AT_ONCE, 0), PICKED: (AT_ONCE, 0), IN_TURN: (1, row.turn_minutes),
        WAVES: (row.wave_size or row.house_wave_size, row.wave_minutes),
    }[mode]  # fmt: skip
    return db.session.execute(
        insert(SlotRound)
        .values(
            id=new_id(), org_id=row.org_id, slot_id=row.id, round=row.round, mode=mode, state=state, at_once=at_once,
            wait_minutes=minutes, listed=listed, finished_at=func.now() if state == "done" else None,
        )
        .returning(*SlotRound.__table__.columns)
    ).one()  # fmt: skip


def find_round(row: Any, round_number: int) -> Any | None:
    return db.session.execute(
        select(*SlotRound.__table__.columns).where(
            SlotRound.org_id == row.org_id, SlotRound.slot_id == row.id, SlotRound.round == round_number
        )
    ).first()


def save(found: Any, **values: Any) -> None:
    db.session.execute(
        update(SlotRound)
        .where(SlotRound.org_id == found.org_id, SlotRound.id == found.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def look_again(found: Any, at: datetime | None) -> None:
    """The next job of the round, once; with no time given, at once. An older one finds that its step is over."""
    step = found.step + 1
    save(found, step=step, next_at=at or func.now())
    enqueue(
        "advance_round", run_at=at, unique_key=f"advance_round:{found.id}:{step}", org_id=found.org_id,
        slot_id=found.slot_id, round=found.round, step=step,
    )  # fmt: skip
