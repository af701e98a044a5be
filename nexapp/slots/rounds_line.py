"""The line of a round: who is asked next, judged afresh, and when their turn is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update

from nexapp.slots.matching import judge, settle
from nexapp.slots.models import SlotMatch
from nexapp.spine.clock import now
from nexapp.spine.db import db

GRACE = timedelta(minutes=5)
"""Where no receipt comes, a turn counts from the sending and lasts so much longer."""
LOOK_AHEAD = 20
"""So many of a line are judged at least, for some of them may fit no more, or sleep."""
LOOK_AGAIN = timedelta(seconds=15)
LOOK_MEANWHILE = timedelta(minutes=1)
"""A receipt may have come, or somebody of the turn may be out of the question by now."""

# A person of the present turn is still asked while they have said nothing, their text may yet reach them, and they
# still wait for a time: who booked another one, paused, left or wants no texts any more keeps nobody waiting.
TURN = text("""
    SELECT count(*) AS people, count(*) FILTER (WHERE asked) AS asked,
        count(*) FILTER (WHERE asked AND gone_at IS NULL) AS unsent,
        min(send_at) FILTER (WHERE asked AND gone_at IS NULL) AS sends_at,
        bool_and(delivered_at IS NOT NULL) FILTER (WHERE asked) AS delivered,
        max(least(delivered_at + :wait, gone_at + :wait + :grace)) FILTER (WHERE asked) AS ends_at
    FROM (
        SELECT m.send_at, m.delivered_at,
            coalesce(m.sent_at, CASE WHEN m.status = 'unknown' THEN m.attempted_at END,
                CASE WHEN m.id IS NULL THEN f.created_at END) AS gone_at,
            coalesce(f.passed_at, f.lapsed_at, f.released_at, f.declined_at) IS NULL
                AND coalesce(m.status NOT IN ('failed', 'undelivered', 'cancelled', 'suppressed', 'expired'), true)
                AND c.opted_out_at IS NULL AND (
                    coalesce(r.status, 'active') = 'active'
                    OR r.status = 'paused' AND coalesce(r.paused_until <= CAST(now() AS date), false))
                AS asked
        FROM slot_offers f
        JOIN consumers c ON c.id = f.consumer_id
        LEFT JOIN messages m ON m.id = f.message_id
        LEFT JOIN notify_requests r ON r.org_id = f.org_id AND r.id = f.notify_request_id
        WHERE f.org_id = :org_id AND f.slot_id = :slot_id AND f.round = :round AND f.turn = :turn
    ) people
""")


@dataclass(frozen=True, slots=True)
class Placed:
    """Somebody whose turn it is: as they were judged just now, with their place in the line."""

    notify_request_id: UUID
    consumer_id: UUID
    phone: str
    name: str
    quiet_until: datetime | None
    sleeps_from: datetime | None
    sleeps_until: datetime | None
    reason: str | None
    place: int


def next_people(row: Any, wanted: int) -> list[Placed]:
    """The next in line who still fit, their outcome recorded; who is awake goes before who sleeps."""
    while places := _places(row, max(wanted, LOOK_AHEAD)):
        judged = judge(row, list(places))
        people = [_placed(person, places[person.notify_request_id]) for person in judged]
        gone = [person for person in people if person.reason is not None]
        fitting = sorted((p for p in people if p.reason is None), key=lambda p: (p.quiet_until is not None, p.place))
        awake = [person for person in fitting if person.quiet_until is None]
        chosen = (awake or fitting)[:wanted]
        settle(row, [*gone, *chosen])
        _forget_unlisted(row, set(places) - {person.notify_request_id for person in people})
        if chosen:
            return chosen
    return []


def _placed(person: Any, place: int) -> Placed:
    return Placed(
        person.notify_request_id, person.consumer_id, person.phone, person.name, person.quiet_until,
        person.sleeps_from, person.sleeps_until, person.reason, place,
    )  # fmt: skip


def _places(row: Any, most: int) -> dict[UUID, int]:
    rows = db.session.execute(
        select(SlotMatch.notify_request_id, SlotMatch.place)
        .where(
            SlotMatch.org_id == row.org_id, SlotMatch.slot_id == row.id, SlotMatch.round == row.round,
            SlotMatch.outcome == "in_line",
        )
        .order_by(SlotMatch.place)
        .limit(most)
    )  # fmt: skip
    return {found.notify_request_id: found.place for found in rows}


def _forget_unlisted(row: Any, requests: set[UUID]) -> None:
    """Who left the list while they stood in line."""
    if requests:
        db.session.execute(
            update(SlotMatch)
            .where(
                SlotMatch.org_id == row.org_id, SlotMatch.slot_id == row.id, SlotMatch.round == row.round,
                SlotMatch.notify_request_id.in_(requests), SlotMatch.outcome == "in_line",
            )
            .values(outcome="skipped", reason="lapsed")
            .execution_options(synchronize_session=False)
        )  # fmt: skip


def look_at_turn(found: Any) -> Any:
    """Who of the present turn is still asked, whose text has not left, and when the turn ends for all of them."""
    return db.session.execute(TURN, {
        "org_id": found.org_id, "slot_id": found.slot_id, "round": found.round, "turn": found.turn,
        "wait": timedelta(minutes=found.wait_minutes), "grace": GRACE,
    }).one()  # fmt: skip


def turn_ends(found: Any) -> datetime | None:
    """When to look again, at the end of the turn or before; None where nobody is being asked."""
    turn = look_at_turn(found)
    if not turn.asked:
        return None
    if turn.unsent:
        soonest: datetime = max(turn.sends_at or now(), now() + LOOK_AGAIN)
        return soonest
    ends_at: datetime = min(turn.ends_at, now() + LOOK_MEANWHILE)
    return ends_at
