"""Moving a slot to another time, length or member of the team, and taking that back.

One guarded UPDATE each, with history and audit in the same unit. Who holds or booked the slot by one of our texts is
told a few seconds later, so that an undo in that time tells nobody. Raises `errors.SlotOverlaps`, `TimeBlocked`,
`DayClosed`, `MovedMeanwhile`, `CannotMove`, `CannotUndo`, `NotYourSlot`, or `NotFound` for a foreign id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from nexapp.identity.models import StaffMember
from nexapp.slots import hours, moving_texts
from nexapp.slots.adding import check_length, check_when, lock_calendar, overlap_at, time_zone
from nexapp.slots.booking_systems.elsewhere import elsewhere_words
from nexapp.slots.calendar.errors import CannotMove, CannotUndo, MovedMeanwhile
from nexapp.slots.calendar.models import SlotMove
from nexapp.slots.errors import NotYourSlot, SlotChanged
from nexapp.slots.history import record_event
from nexapp.slots.models import Slot
from nexapp.slots.moving_texts import Place
from nexapp.slots.reminder_rows import withdraw_reminders
from nexapp.slots.times import text_time, to_instant
from nexapp.slots.transitions import effective_status, get_slot_for_change, may_change_staff, transition
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor, scoped

MOVABLE = ("draft", "open", "held", "pending", "booked")
UNDO_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a slot is to go, in wall time."""

    staff_member_id: UUID
    on: date
    at: time
    minutes: int
    which: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move meant. `move_id` None: the slot stood there already."""

    slot: Any
    move_id: UUID | None
    tells: bool = False
    """Somebody gets a text about it."""
    outside: str | None = None
    """What to know of the new time: it is outside the opening hours, or another system has a booking there."""


def move_slot(slot_id: UUID, aim: Aim, sequence: int | None = None) -> Moved:
    """Move it. `sequence` is the slot's that the person saw: another's move meanwhile is not undone by theirs."""
    lock_calendar()
    slot = get_slot_for_change(slot_id)
    _refuse_stale(slot, sequence)
    zone = time_zone()
    place = _place(aim, slot, zone)
    if place == Place(slot.staff_member_id, slot.starts_at, slot.ends_at):
        return Moved(slot, None)
    rules = hours.rules_at(zone, place.starts_at, place.ends_at)
    hours.refuse_closed(rules, aim.staff_member_id, place.starts_at)
    hours.refuse_blocked(rules, aim.staff_member_id, place.starts_at, place.ends_at)
    before = Place(slot.staff_member_id, slot.starts_at, slot.ends_at)
    row = _change(slot, place)
    move_id, tells = _follow_up(row, before)
    is_open = rules.is_open(place.staff_member_id, place.starts_at, place.ends_at)
    outside = None if is_open else hours.outside_words(rules, place.staff_member_id, place.starts_at)
    elsewhere = elsewhere_words(place.staff_member_id, place.starts_at, place.ends_at, zone, but=slot.id)
    return Moved(row, move_id, tells, " ".join(filter(None, (elsewhere, outside))) or None)


def undo_move(slot_id: UUID, move_id: UUID) -> Moved:
    """Put a slot back where the move took it from, if nothing happened since that would be lost."""
    lock_calendar()
    slot = get_slot_for_change(slot_id)
    move = _get_move(slot, move_id)
    if move.undone_at is not None:
        return Moved(slot, None)
    _refuse_undo(slot, move)
    before = Place(slot.staff_member_id, slot.starts_at, slot.ends_at)
    if not may_change_staff(move.from_staff_id):
        raise NotYourSlot
    row = _change(slot, _former_place(move))
    move.undone_at = now()
    back_id, tells = _follow_up(row, before, kind="moved_back")
    # An undo is not undone by the button of an undo.
    db.session.execute(update(SlotMove).where(SlotMove.id == back_id).values(undone_at=func.now()))
    return Moved(row, None, tells)


def find_last_move(slot: Any) -> SlotMove | None:
    """The move that put the slot where it stands, while it may be taken back."""
    found: SlotMove | None = db.session.scalar(
        scoped(SlotMove).where(
            SlotMove.slot_id == slot.id, SlotMove.sequence == slot.sequence, SlotMove.undone_at.is_(None),
            SlotMove.created_at > func.now() - UNDO_FOR,
        )
    )  # fmt: skip
    return found


def _refuse_stale(slot: Slot, sequence: int | None) -> None:
    if sequence is not None and sequence != slot.sequence:
        raise MovedMeanwhile
    if slot.ends_at <= now():
        raise CannotMove(_("This slot is over. It stays where it was."))


def _place(aim: Aim, slot: Slot, zone: str) -> Place:
    check_length(aim.minutes)
    if aim.staff_member_id != slot.staff_member_id:
        _check_staff(aim.staff_member_id)
    starts_at = _start(aim, slot, zone)
    return Place(aim.staff_member_id, starts_at, starts_at + timedelta(minutes=aim.minutes))


def _start(aim: Aim, slot: Slot, zone: str) -> datetime:
    # The hour that happens twice is asked about only by who leaves it or comes into it.
    for which in ("first", "second"):
        try:
            if to_instant(aim.on, aim.at, zone, which) == slot.starts_at:
                return slot.starts_at
        except BadInput:
            break
    return check_when(aim.on, aim.at, zone, aim.which)


def _check_staff(staff_id: UUID) -> None:
    known = db.session.scalar(
        scoped(StaffMember).where(StaffMember.id == staff_id, StaffMember.is_active).with_only_columns(StaffMember.id)
    )
    if known is None:
        raise BadInput(fields={"staff_member_id": _("Choose somebody of your team.")})
    if not may_change_staff(staff_id):
        raise NotYourSlot


def _change(slot: Slot, place: Place) -> Any:
    sequence, zone = slot.sequence, time_zone()
    try:
        with db.session.begin_nested():
            return transition(
                slot, MOVABLE, Slot.sequence == sequence, staff_member_id=place.staff_member_id,
                starts_at=place.starts_at, ends_at=place.ends_at, sequence=Slot.sequence + 1,
                pending_until=case((Slot.pending_until > place.starts_at, place.starts_at), else_=Slot.pending_until),
            )  # fmt: skip
    except IntegrityError as error:
        raise overlap_at(place.staff_member_id, place.starts_at, place.ends_at, zone, but=slot.id) from error
    except SlotChanged as error:
        raise CannotMove(_("This slot is over or was cancelled. It stays where it was.")) from error


def _follow_up(row: Any, before: Place, kind: str = "moved") -> tuple[UUID, bool]:
    """Remember the move, write its line, and let who has to know hear of it."""
    move_id, offer_id = new_id(), _client_offer(row)
    known = moving_texts.take_back(row, offer_id) or before
    if offer_id is not None:
        withdraw_reminders(row.org_id, offer_id)
    tells = offer_id is not None and moving_texts.tell_client(row, offer_id, known)
    db.session.execute(
        insert(SlotMove).values(
            id=move_id, org_id=row.org_id, slot_id=row.id, user_id=current_actor().user_id, sequence=row.sequence,
            status=row.was, offer_id=offer_id, from_staff_id=before.staff_member_id, from_starts_at=before.starts_at,
            from_ends_at=before.ends_at, known_staff_id=known.staff_member_id, known_starts_at=known.starts_at,
            known_ends_at=known.ends_at,
        )
    )  # fmt: skip
    moving_texts.rewrite_unsent(row, before)
    record_event(
        row, kind, consumer_id=row.was_consumer_id or row.was_holder_id, offer_id=offer_id,
        from_time=text_time(before.starts_at, row.time_zone), from_starts_at=before.starts_at.isoformat(),
        starts_at=row.starts_at.isoformat(),
        from_staff=str(before.staff_member_id), staff=str(row.staff_member_id),
    )  # fmt: skip
    audit.record("slot.moved", "slot", row.id, {"was": row.was, "undo": kind != "moved"})
    return move_id, tells


def _client_offer(row: Any) -> UUID | None:
    """The offer of who holds or booked it by one of our texts; the others spoke to the business."""
    found: UUID | None = row.was_hold_offer_id if row.was == "held" else row.was_offer_id
    return found if row.was in {"held", "pending", "booked"} else None


def _get_move(slot: Slot, move_id: UUID) -> SlotMove:
    move: SlotMove | None = db.session.scalar(
        scoped(SlotMove).where(SlotMove.id == move_id, SlotMove.slot_id == slot.id)
    )
    if move is None:
        raise NotFound
    return move


def _former_place(move: SlotMove) -> Place:
    """Where the move took it from. Raises `CannotUndo` where somebody has blocked or closed that time since."""
    place = Place(move.from_staff_id, move.from_starts_at, move.from_ends_at)
    rules = hours.rules_at(time_zone(), place.starts_at, place.ends_at).since(move.created_at)
    try:
        hours.refuse_closed(rules, place.staff_member_id, place.starts_at)
        hours.refuse_blocked(rules, place.staff_member_id, place.starts_at, place.ends_at)
    except BadInput as error:
        raise CannotUndo(error.sentence) from error
    return place


def _refuse_undo(slot: Slot, move: SlotMove) -> None:
    if move.sequence != slot.sequence:
        raise CannotUndo(_("The slot has changed again since. Move it by hand."))
    if move.created_at < now() - UNDO_FOR:
        raise CannotUndo(_("That was a while ago. Move it by hand."))
    if move.from_starts_at <= now() and move.from_starts_at != slot.starts_at:
        raise CannotUndo(_("The time it came from has passed."))
    status = db.session.scalar(select(effective_status()).where(Slot.org_id == slot.org_id, Slot.id == slot.id))
    holder = slot.held_by_offer_id if status == "held" else slot.booked_offer_id
    came_in = status in {"held", "pending", "booked"} and (status, holder) != (move.status, move.offer_id)
    if came_in:
        raise CannotUndo(_("Somebody took it at its new time meanwhile. Move it by hand; they are told."))
