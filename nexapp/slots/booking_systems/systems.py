"""What a business sets up: addresses that others post to, and feeds that we read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select, update

from nexapp.identity.models import StaffMember
from nexapp.slots.booking_systems import feeds
from nexapp.slots.booking_systems.addresses import hook_hash, make_key
from nexapp.slots.booking_systems.deliveries import tell_pages
from nexapp.slots.booking_systems.models import FEED, BookingDelivery, BookingSystem, ExternalBooking
from nexapp.slots.booking_systems.staffing import remember_staff
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue_many
from nexapp.spine.tenancy import current_actor, scoped

MOST_SYSTEMS = 30


@dataclass(frozen=True, slots=True)
class NewSystem:
    """`signing`: make (a key of ours), paste (the other system's), none."""

    kind: str
    name: str
    signing: str = "make"
    signing_key: str | None = None
    url: str | None = None
    staff_member_id: UUID | None = None


def add_system(new: NewSystem) -> UUID:
    """Raises `BadInput` with a sentence for its field."""
    if len(db.session.scalars(scoped(BookingSystem).with_only_columns(BookingSystem.id)).all()) >= MOST_SYSTEMS:
        raise BadInput(_("There are %(most)s already. Remove one first.", most=MOST_SYSTEMS))
    _check_staff(new.staff_member_id)
    system_id, is_feed = new_id(), new.kind == FEED
    system = BookingSystem(
        id=system_id, org_id=current_actor().tenant, kind=new.kind, name=new.name, url=new.url if is_feed else None,
        token_hash=None if is_feed else hook_hash(system_id, 1), generation=1, staff_member_id=new.staff_member_id,
        signing_key=None if is_feed else _key(new.signing, new.signing_key), created_by=current_actor().user_id,
    )  # fmt: skip
    db.session.add(system)
    db.session.flush()
    audit.record("booking_system.added", "booking_system", system_id, {"kind": new.kind})
    if is_feed:
        feeds.read_now(system_id)
    tell_pages()
    return system_id


def change_system(
    system_id: UUID, *, name: str, staff_member_id: UUID | None, opens_moved: bool, daily_limit: int
) -> None:
    system = get_system(system_id)
    _check_staff(staff_member_id)
    if system.kind == FEED and staff_member_id is None:
        raise BadInput(fields={"staff_member_id": _("Choose whose calendar it is.")})
    if system.staff_member_id != staff_member_id and staff_member_id is not None:
        _hand_over(system_id, staff_member_id)
    system.name, system.staff_member_id = name, staff_member_id
    system.opens_moved, system.daily_limit = opens_moved, daily_limit
    audit.record("booking_system.changed", "booking_system", system_id)
    tell_pages()


def change_key(system_id: UUID, signing: str, pasted: str | None) -> None:
    """Another key, or none; posts signed with the old one are refused from now on."""
    system = _get_hook(system_id)
    system.signing_key = _key(signing, pasted)
    audit.record("booking_system.key_changed", "booking_system", system_id, {"signed": system.signing_key is not None})
    tell_pages()


def change_address(system_id: UUID) -> None:
    """A new address; the old one is unknown from now on."""
    system = _get_hook(system_id)
    system.generation += 1
    system.token_hash = hook_hash(system_id, system.generation)
    audit.record("booking_system.address_changed", "booking_system", system_id)
    tell_pages()


def remove_system(system_id: UUID) -> None:
    """With all that came in by it. Slots that it opened stay."""
    db.session.delete(get_system(system_id))
    audit.record("booking_system.removed", "booking_system", system_id)
    tell_pages()


def name_staff(system_id: UUID, reference: str, staff_member_id: UUID) -> int:
    """Say once who that is; what waited for it is handled now. Gives how many that were."""
    get_system(system_id)
    _check_staff(staff_member_id)
    remember_staff(system_id, reference[:200], staff_member_id)
    return _handle_waiting(
        BookingDelivery.booking_system_id == system_id, BookingDelivery.reference == reference,
        BookingDelivery.outcome == "waiting_staff", approved=False,
    )  # fmt: skip


def approve(delivery_ids: list[UUID]) -> int:
    """A person wants these done: what waits opens its times and takes its slots. Gives how many."""
    wanted = BookingDelivery.id.in_(delivery_ids)
    return _handle_waiting(wanted, BookingDelivery.outcome == "waiting_approval", approved=True)


def dismiss(delivery_ids: list[UUID]) -> int:
    """Leave them alone, for good. Gives how many."""
    dismissed = db.session.scalars(
        update(BookingDelivery)
        .where(
            BookingDelivery.org_id == current_actor().tenant, BookingDelivery.id.in_(delivery_ids),
            BookingDelivery.outcome.in_(("waiting_approval", "waiting_staff", "conflict")),
        )
        .values(outcome="dismissed")
        .returning(BookingDelivery.id)
    ).all()  # fmt: skip
    for delivery_id in dismissed:
        audit.record("booking_delivery.dismissed", "booking_delivery", delivery_id)
    tell_pages()
    return len(dismissed)


def replay(delivery_id: UUID) -> UUID:
    """Handle a stored change again, as things stand now. Gives its system."""
    delivery = db.session.scalars(scoped(BookingDelivery).where(BookingDelivery.id == delivery_id)).first()
    if delivery is None:
        raise NotFound
    if delivery.change is None:
        raise Conflict(_("This was no booking: there is nothing to do again."))
    delivery.outcome, delivery.reason, delivery.handled_at = "received", None, None
    db.session.flush()
    _handle_waiting(BookingDelivery.id == delivery_id, approved=True)
    return UUID(str(delivery.booking_system_id))


def get_system(system_id: UUID) -> BookingSystem:
    found: BookingSystem | None = db.session.scalars(scoped(BookingSystem).where(BookingSystem.id == system_id)).first()
    if found is None:
        raise NotFound
    return found


def _get_hook(system_id: UUID) -> BookingSystem:
    system = get_system(system_id)
    if system.kind == FEED:
        raise NotFound
    return system


def _handle_waiting(*which: Any, approved: bool) -> int:
    rows = (
        db.session.execute(
            select(BookingDelivery.id)
            .where(BookingDelivery.org_id == current_actor().tenant, *which)
            .order_by(BookingDelivery.created_at, BookingDelivery.id)
        )
        .scalars()
        .all()
    )
    found = [{"delivery_id": row, "approved": approved} for row in rows]
    enqueue_many("handle_booking_delivery", found)
    for row in rows:
        audit.record(f"booking_delivery.{'approved' if approved else 'handled'}", "booking_delivery", row)
    tell_pages()
    return len(found)


def _hand_over(system_id: UUID, staff_member_id: UUID) -> None:
    """Bookings known from a calendar are from now on those of another."""
    db.session.execute(
        update(ExternalBooking)
        .where(ExternalBooking.org_id == current_actor().tenant, ExternalBooking.booking_system_id == system_id)
        .values(staff_member_id=staff_member_id)
    )


def _check_staff(staff_member_id: UUID | None) -> None:
    if staff_member_id is None:
        return
    known = scoped(StaffMember).where(StaffMember.id == staff_member_id, StaffMember.is_active)
    if db.session.scalar(known.with_only_columns(StaffMember.id)) is None:
        raise BadInput(fields={"staff_member_id": _("Choose somebody of your team.")})


def _key(signing: str, pasted: str | None) -> str | None:
    if signing == "none":
        return None
    if signing == "make":
        return make_key()
    if not pasted:
        raise BadInput(fields={"signing_key": _("Paste the key that the other system shows.")})
    return pasted
