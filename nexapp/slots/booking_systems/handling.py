"""Each delivery once, in the order of its system: one lock per system, so that what came at once is handled in turn.

Nothing here waits for the network. A delivery that needs a person (`outcomes.WAITING`) stays until they tapped.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.slots.booking_systems.changes import BOOKED, Change
from nexapp.slots.booking_systems.deliveries import SOURCE, add_delivery, tell_pages
from nexapp.slots.booking_systems.filling import fill_time, retry_at, slots_to_take
from nexapp.slots.booking_systems.models import FEED, BookingDelivery, BookingSystem, ExternalBooking
from nexapp.slots.booking_systems.opening_times import FreeTime, Outcome, open_time
from nexapp.slots.booking_systems.outcomes import CHANGED_A_SLOT, UNHANDLED
from nexapp.slots.booking_systems.staffing import find_staff
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.tenancy import current_actor, scoped
from nexapp.spine.webhooks import WebhookEvent, handles


@handles(SOURCE)
def handle_post(event: WebhookEvent) -> None:
    for delivery_id in event.payload["deliveries"]:
        handle(UUID(delivery_id))


@job("handle_booking_delivery")
def handle_booking_delivery(delivery_id: str, approved: bool = False) -> None:
    handle(UUID(delivery_id), approved=approved)


def handle(delivery_id: UUID, *, approved: bool = False) -> None:
    """Act on a delivery that nobody has acted on; `approved`: a person has seen it and wants it done."""
    delivery = _find(delivery_id)
    if delivery is None:
        return
    system = lock_system(delivery.booking_system_id)
    delivery = _find(delivery_id)
    if system is None or delivery is None or delivery.outcome not in UNHANDLED:
        return
    outcome = _Taking(system, delivery, approved=approved).take()
    settle(delivery_id, outcome)
    tell_pages()


def lock_system(booking_system_id: UUID) -> Any:
    """The row, for this transaction alone; posts that come in meanwhile don't wait for it."""
    wanted = scoped(BookingSystem).where(BookingSystem.id == booking_system_id)
    # Only columns, as rows: an object in the session could be older than the lock.
    return db.session.execute(
        wanted.with_only_columns(*BookingSystem.__table__.columns).with_for_update(key_share=True)
    ).first()


def settle(delivery_id: UUID, outcome: Outcome) -> None:
    db.session.execute(
        update(BookingDelivery)
        .where(BookingDelivery.org_id == current_actor().tenant, BookingDelivery.id == delivery_id)
        .values(outcome=outcome.code, reason=outcome.reason, slot_id=outcome.slot_id, handled_at=func.now())
    )


class _Taking:
    """One change, taken by the rules of its system. Runs under the system's lock."""

    def __init__(self, system: Any, delivery: Any, *, approved: bool) -> None:
        self.system, self.delivery, self.approved = system, delivery, approved

    def take(self) -> Outcome:
        if self.delivery.change is None:
            return Outcome("ignored")
        change = Change.from_json(self.delivery.change)
        known = self._known(change.uid)
        if self._is_old(change, known):
            return Outcome("out_of_date")
        return self._booked(change, known) if change.action == BOOKED else self._cancelled(change, known)

    def _known(self, uid: str) -> Any:
        wanted = scoped(ExternalBooking).where(
            ExternalBooking.booking_system_id == self.system.id, ExternalBooking.uid == uid
        )
        return db.session.execute(wanted.with_only_columns(*ExternalBooking.__table__.columns)).first()

    def _is_old(self, change: Change, known: Any) -> bool:
        if known is None or change.frees_only:
            return False
        if change.version is not None and known.version is not None and change.version != known.version:
            return bool(change.version < known.version)
        return bool(self._stamp(change) < known.changed_at)

    def _stamp(self, change: Change) -> datetime:
        # A sender whose clock runs ahead must not lock out what it says next.
        received: datetime = self.delivery.received_at
        return min(change.happened_at or received, received)

    # Booked

    def _booked(self, change: Change, known: Any) -> Outcome:
        staff_id = self._whose(change, known)
        assert change.starts_at is not None  # noqa: S101 - readers give a booking its time
        assert change.ends_at is not None  # noqa: S101
        span = (change.starts_at, change.ends_at)
        stays = known is not None and known.status == "booked" and _place(known) == (*span, staff_id)
        if stays and not self._is_waiting():
            return Outcome("repeated")
        self._keep(change, "booked", staff_id, span, known.slot_id if stays else None)
        outcome = self._fill(change, staff_id, *span)
        self._leave(change, known, staff_id)
        return outcome

    def _whose(self, change: Change, known: Any) -> UUID | None:
        """Who a change names; where it names nobody, who the booking is known to be of."""
        is_named = change.reference or change.staff_member_id or self.system.staff_member_id
        if not is_named and known is not None and known.staff_member_id is not None:
            return UUID(str(known.staff_member_id))
        return find_staff(self.system, change)

    def _fill(self, change: Change, staff_id: UUID | None, starts_at: datetime, ends_at: datetime) -> Outcome:
        if staff_id is None:
            return Outcome("waiting_staff")
        taken = slots_to_take(staff_id, starts_at, ends_at)
        if taken and self._is_over_limit(len(taken)):
            return Outcome("waiting_approval", "over_limit", taken[0].id)
        outcome = fill_time(staff_id, starts_at, ends_at, change.client, self.system.name)
        self._link(change.uid, outcome)
        again = retry_at(outcome, staff_id, starts_at, ends_at)
        if again is not None:
            self._look_again(again)
        return outcome

    def _leave(self, change: Change, known: Any, staff_id: UUID | None) -> None:
        """A booking that moved, or went to somebody else, under its own uid leaves a time behind."""
        old = _place(known) if known and known.status == "booked" else None
        if known is None and change.was_starts_at and change.was_ends_at:
            old = (change.was_starts_at, change.was_ends_at, None)
        is_others = old is not None and None not in (old[2], staff_id) and old[2] != staff_id
        if old is None or (old[:2] == (change.starts_at, change.ends_at) and not is_others):
            return
        left = change.leaving(*old)
        row = add_delivery(self.system.id, left, self.delivery.payload, signed=self.delivery.signed)
        slot_id = known.slot_id if known else None
        delivery = _find(row)
        taking = _Taking(self.system, delivery, approved=self.approved)
        settle(row, taking._free(left, find_staff(self.system, left), (left.starts_at, left.ends_at), slot_id))

    def _look_again(self, at: datetime) -> None:
        enqueue(
            "handle_booking_delivery", run_at=at, delivery_id=self.delivery.id, approved=self.approved,
            unique_key=f"booking_delivery:{self.delivery.id}:{at.isoformat()}",
        )  # fmt: skip

    # Cancelled

    def _cancelled(self, change: Change, known: Any) -> Outcome:
        if known is not None and known.status == "cancelled" and not self._is_waiting():
            return Outcome("repeated")
        starts_at = change.starts_at or (known and known.starts_at)
        ends_at = change.ends_at or (known and known.ends_at)
        if starts_at is None or ends_at is None:
            return Outcome("left_alone", "unknown")
        if not change.frees_only:
            self._keep(change, "cancelled", known.staff_member_id if known else None, (starts_at, ends_at), None)
        # What waits for a person remembers the slot by itself: the booking has let go of it.
        slot_id = known.slot_id if known is not None and not change.frees_only else None
        return self._free(change, self._whose(change, known), (starts_at, ends_at), self.delivery.slot_id or slot_id)

    def _is_waiting(self) -> bool:
        """It was taken note of already, and waited for a person."""
        return self.approved or self.delivery.outcome != "received"

    def _free(self, change: Change, staff_id: UUID | None, span: tuple[Any, Any], slot_id: UUID | None) -> Outcome:
        if change.moved and not self.system.opens_moved:
            return Outcome("left_alone", "moved")
        if staff_id is None:
            return Outcome("waiting_staff", None, slot_id)
        if self._is_over_limit():
            return Outcome("waiting_approval", "over_limit", slot_id)
        source = "feed" if self.system.kind == FEED else "hook"
        return open_time(
            FreeTime(
                staff_id, *span, self.delivery.received_at, service=change.service, slot_id=slot_id, source=source
            )
        )  # fmt: skip

    def _is_over_limit(self, slots: int = 1) -> bool:
        """Whoever has an unsigned address can post to it: a person looks at more than a few slots a day."""
        if self.delivery.signed or self.approved:
            return False
        lately = scoped(BookingDelivery).where(
            BookingDelivery.booking_system_id == self.system.id, BookingDelivery.outcome.in_(CHANGED_A_SLOT),
            ~BookingDelivery.signed, BookingDelivery.created_at > func.now() - func.make_interval(0, 0, 0, 1),
        )  # fmt: skip
        changed = db.session.scalar(select(func.count()).select_from(lately.subquery())) or 0
        return changed + slots > int(self.system.daily_limit)

    # What is known

    def _keep(
        self, change: Change, status: str, staff_id: UUID | None, times: tuple[Any, Any], slot_id: UUID | None
    ) -> None:
        values = {
            "status": status, "staff_member_id": staff_id, "starts_at": times[0], "ends_at": times[1],
            "changed_at": self._stamp(change), "version": change.version, "slot_id": slot_id,
        }  # fmt: skip
        own = {"org_id": self.system.org_id, "booking_system_id": self.system.id, "uid": change.uid}
        db.session.execute(
            insert(ExternalBooking)
            .values(id=new_id(), **own, **values)
            .on_conflict_do_update(index_elements=["org_id", "booking_system_id", "uid"], set_=values)
        )

    def _link(self, uid: str, outcome: Outcome) -> None:
        filled = outcome.slot_id if outcome.code in {"filled", "approved"} else None
        if filled is not None:
            db.session.execute(
                update(ExternalBooking)
                .where(
                    ExternalBooking.org_id == self.system.org_id, ExternalBooking.uid == uid,
                    ExternalBooking.booking_system_id == self.system.id,
                )
                .values(slot_id=filled)
            )  # fmt: skip


def _find(delivery_id: UUID) -> Any:
    wanted = scoped(BookingDelivery).where(BookingDelivery.id == delivery_id)
    return db.session.execute(wanted.with_only_columns(*BookingDelivery.__table__.columns)).first()


def _place(known: Any) -> tuple[datetime, datetime, UUID | None]:
    return known.starts_at, known.ends_at, known.staff_member_id
