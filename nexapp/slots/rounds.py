"""Rounds: whom an open slot is offered to, and when. Everybody at once, one after the other, or in waves.

A round is a row. Each piece of its work is one job: it locks the slot, does what is due, says when to look again and
raises `step`, all in one unit. So a job that runs twice, a worker that dies and a Redis that is emptied change
nothing, and no text of a round is written once the slot is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, text, update

from nexapp.slots.history import append_event, record_event
from nexapp.slots.matching import Matches, match_waiting_list
from nexapp.slots.models import SlotOffer
from nexapp.slots.offers import Batch, offer_all
from nexapp.slots.rounds_again import queue_again
from nexapp.slots.rounds_line import LOOK_AGAIN, next_people, turn_ends
from nexapp.slots.rounds_rows import (
    EVERYONE,
    IN_TURN,
    PICKED,
    count_list,
    count_matching,
    find_round,
    insert_round,
    look_again,
    save,
)
from nexapp.slots.transitions import lock_row
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor

SHORT_LIST = 1000
"""So many people are matched and texted while the merchant waits; more are gone through by a job."""

EACH_LIST, LONGEST_HOLD = timedelta(seconds=5), timedelta(seconds=45)
"""How long a text waits for each other list that is still to be gone through, and in all."""

STUCK = text("""
    SELECT org_id, slot_id, round FROM slot_rounds
    WHERE state <> 'done' AND next_at < now() - interval '90 seconds' ORDER BY next_at LIMIT 500
""")


@dataclass(frozen=True, slots=True)
class Opening:
    """What an opening meant for the list."""

    slot_id: UUID
    round: int
    texted: int
    skipped: dict[str, int] = field(default_factory=dict)
    held_back: int = 0
    """Of those texted, who are asleep and get their text in the morning."""
    in_line: int = 0
    """Who fits and is asked later, where people are not asked all at once."""
    listed: int = 0
    """How many are gone through now by a job, where the list is long; nobody is counted as texted yet."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A round just begun, and whom it is to be offered to in this unit."""

    batch: Batch
    opening: Opening


def begin_rounds(rows: Sequence[Any], kinds: Sequence[str]) -> list[Opening]:
    """Begin the rounds of slots just opened; who fits several of them gets one text about all."""
    begun = [_begin(row) for row in rows]
    offer_all([each.batch for each in begun])
    for row, kind, each in zip(rows, kinds, begun, strict=True):
        opened = each.opening
        told: dict[str, Any] = {"listed": opened.listed} if opened.listed else {
            "texted": opened.texted, "skipped": sum(opened.skipped.values()), "held_back": opened.held_back,
            "in_line": opened.in_line,
        }  # fmt: skip
        record_event(row, kind, mode=_mode(row), **told)
    return [each.opening for each in begun]


def begin_by_hand(row: Any) -> None:
    """A round that asks nobody by itself."""
    insert_round(row, PICKED, "done", 0)


def pass_turn(offer_id: UUID) -> None:
    """The person doesn't want this one: they stay on the list, and the next is asked at once."""
    actor = current_actor()
    passed = update(SlotOffer).where(SlotOffer.id == offer_id, SlotOffer.passed_at.is_(None))
    if actor.org_id is not None:
        passed = passed.where(SlotOffer.org_id == actor.org_id)
    row = db.session.execute(
        passed.values(passed_at=func.now())
        .returning(SlotOffer.id, SlotOffer.org_id, SlotOffer.slot_id, SlotOffer.round, SlotOffer.consumer_id)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return
    append_event(_SlotOf(row.slot_id, row.org_id, row.round), "passed", consumer_id=row.consumer_id, offer_id=row.id)
    publish(f"org:{row.org_id}:slots", "slots-changed")
    enqueue("advance_round", org_id=row.org_id, slot_id=row.slot_id, round=row.round)


@job("advance_round")
def advance_round(org_id: str, slot_id: str, round: int, step: int | None = None) -> None:
    """Do what is due in a round. With `step`, only as that step; without, whatever is next and may be done now."""
    row = lock_row(UUID(org_id), UUID(slot_id))
    found = find_round(row, round) if row is not None else None
    if row is None or found is None or found.state == "done" or (step is not None and step != found.step):
        return
    if row.round != round or row.was not in {"open", "held", "pending"} or _is_late(row):
        save(found, state="done", finished_at=func.now(), next_at=None)
    elif row.was != "open":
        # Who is late to give it back is asked now and then, not again and again.
        until = row.held_until if row.was == "held" else row.pending_until
        look_again(found, max(until, now() + LOOK_AGAIN))
    elif found.state == "matching":
        _line_up(row, found)
    else:
        _go_on(row, found)


@job("revive_rounds")
def revive_rounds() -> None:
    """Rounds whose job failed for good are looked at again. Runs as the system."""
    for row in db.session.execute(STUCK).all():
        enqueue("advance_round", org_id=row.org_id, slot_id=row.slot_id, round=row.round)


@job("requeue_withdrawn")
def requeue_withdrawn(org_id: str, slot_id: str, round: int) -> None:
    """The slot is open again: who was to be texted when it was taken gets that text now."""
    row = lock_row(UUID(org_id), UUID(slot_id))
    if row is None or row.round != round or row.was != "open" or row.starts_at <= now():
        return
    queue_again(row)
    # Only now: those whose text was withdrawn are of the present turn, and the next are not asked beside them.
    enqueue("advance_round", org_id=row.org_id, slot_id=row.id, round=row.round)


@dataclass(frozen=True, slots=True)
class _SlotOf:
    id: UUID
    org_id: UUID
    round: int


def _is_late(row: Any) -> bool:
    late: bool = row.starts_at - timedelta(minutes=row.notice_minutes) <= now()
    return late


def _mode(row: Any) -> str:
    return str(row.offer_mode or row.house_mode)


def _begin(row: Any) -> _Begun:
    listed = count_list(row.org_id)
    if listed > SHORT_LIST:
        return _begin_long(row, listed)
    if _mode(row) == EVERYONE:
        return _ask_everyone(row, listed)
    found = insert_round(row, _mode(row), "asking", listed)
    line = match_waiting_list(row, at_once=0)
    people = next_people(row, found.at_once)
    save(found, fitting=line.in_line, turn=1)
    _plan_next(found, line.in_line > len(people) and bool(people))
    return _Begun(_batch(row, people, found.mode, 1, line.in_line), _opened(row, people, line))


def _begin_long(row: Any, listed: int) -> _Begun:
    found = insert_round(row, _mode(row), "matching", listed)
    look_again(found, None)
    return _Begun(Batch(row, []), Opening(row.id, row.round, 0, listed=listed))


def _ask_everyone(row: Any, listed: int) -> _Begun:
    insert_round(row, EVERYONE, "done", listed)
    matches = match_waiting_list(row)
    asleep = sum(1 for person in matches.offered if person.quiet_until is not None)
    opened = Opening(row.id, row.round, len(matches.offered), matches.skipped, asleep)
    return _Begun(Batch(row, matches.offered), opened)


def _opened(row: Any, people: Sequence[Any], line: Matches) -> Opening:
    asleep = sum(1 for person in people if person.quiet_until is not None)
    return Opening(row.id, row.round, len(people), line.skipped, asleep, in_line=line.in_line - len(people))


def _line_up(row: Any, found: Any) -> None:
    if found.mode != EVERYONE:
        line = match_waiting_list(row, at_once=0)
        save(found, state="asking", fitting=line.in_line)
        _ask_next(row, found, line.in_line)
        return
    # Who was judged this instant is not judged once more: the first some thousand are told in the same unit.
    first = match_waiting_list(row, at_once=found.at_once)
    fitting = first.in_line + len(first.offered)
    save(found, state="asking", fitting=fitting)
    _ask(row, found, first.offered, fitting, more=bool(first.in_line), hold_until=_hold_until(row))


def _go_on(row: Any, found: Any) -> None:
    """The next are asked once nobody of the present turn can answer in it any more."""
    if found.mode == EVERYONE or (ends_at := turn_ends(found)) is None or ends_at <= now():
        _ask_next(row, found, found.fitting)
    else:
        look_again(found, ends_at)


def _ask_next(row: Any, found: Any, line: int) -> None:
    people = next_people(row, found.at_once)
    _ask(row, found, people, line, more=bool(people))


def _ask(
    row: Any, found: Any, people: Sequence[Any], line: int, *, more: bool, hold_until: datetime | None = None
) -> None:
    turn = found.turn + 1
    offer_all([replace(_batch(row, people, found.mode, turn, line), hold_until=hold_until)])
    save(found, turn=turn)
    _plan_next(found, more)
    if people and found.mode != EVERYONE:
        append_event(row, "next_asked", texted=len(people), turn=turn)
    publish(f"org:{row.org_id}:slots", "slots-changed")


def _plan_next(found: Any, more: bool) -> None:
    """Look again when the people just asked may have the answer, or be done where nobody is left to ask."""
    if not more:
        save(found, state="done", finished_at=func.now(), next_at=None)
    else:
        look_again(found, None if found.mode == EVERYONE else now() + LOOK_AGAIN)


def _hold_until(row: Any) -> datetime | None:
    """Where other long lists of the business are still to be gone through, who fits several gets one text of all."""
    others = count_matching(row)
    return now() + min(others * EACH_LIST, LONGEST_HOLD) if others else None


def _batch(row: Any, people: Sequence[Any], mode: str, turn: int, line: int) -> Batch:
    return Batch(row, people, turn, line if mode == IN_TURN else None)
