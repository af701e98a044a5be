"""Guarded changes of a slot's state: one UPDATE each, which says what the slot was before it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import case, func, null, select, update

from nexapp.identity.models import Organization, StaffMember
from nexapp.slots.errors import NotYourSlot, SlotChanged
from nexapp.slots.models import Slot
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import Role, current_actor, scoped

NO_HOLD: dict[str, Any] = {"held_by_offer_id": null(), "held_consumer_id": null(), "held_until": null()}
NO_BOOKING: dict[str, Any] = {
    "booked_consumer_id": null(), "booked_offer_id": null(), "booked_name": null(), "booked_note": null(),
    "booked_at": null(), "booked_price_cents": null(), "pending_until": null(), "pending_for": null(),
}  # fmt: skip
UNCLAIMED = ("draft", "open")


def get_slot_for_change(slot_id: UUID) -> Slot:
    """The slot, if the actor may change it. Raises `NotFound`, or `NotYourSlot` for a colleague's."""
    slot: Slot | None = db.session.scalars(scoped(Slot).where(Slot.id == slot_id)).first()
    if slot is None:
        raise NotFound
    if not may_change_staff(slot.staff_member_id):
        raise NotYourSlot
    return slot


def may_change_staff(staff_member_id: UUID) -> bool:
    """Managers change everybody's slots, staff those of the staff member they are."""
    actor = current_actor()
    if actor.role is Role.SYSTEM or actor.role.at_least(Role.MANAGER):
        return True
    if not actor.role.at_least(Role.STAFF):
        return False
    mine = select(StaffMember.user_id).where(
        StaffMember.org_id == actor.tenant, StaffMember.id == staff_member_id, StaffMember.user_id == actor.user_id
    )
    return db.session.scalar(mine) is not None


def transition(slot: Slot, from_states: tuple[str, ...], *guards: Any, **values: Any) -> Any:
    """Change the state if it still is one of `from_states`; raises `SlotChanged` where it isn't.

    A hold that ran out counts as open. The row has the slot's new values, its business's settings, and what the
    slot was: `was`, `was_consumer_id`, `was_offer_id`, `was_holder_id`, `was_hold_offer_id`.
    """
    prior = _prior(slot)
    row = db.session.execute(
        update(Slot)
        .where(Slot.org_id == slot.org_id, Slot.id == prior.c.id, prior.c.was.in_(from_states))
        .where(Organization.id == Slot.org_id, *guards)
        .values(updated_at=func.now(), **values)
        .returning(*Slot.__table__.columns, *_settings(), *(prior.c[name] for name in _PRIOR))
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        raise SlotChanged
    return row


_PRIOR = ("was", "was_consumer_id", "was_offer_id", "was_holder_id", "was_hold_offer_id")


def _prior(slot: Slot) -> Any:
    # The lock makes a second change wait for the first, and then see what the first left.
    return (
        select(
            Slot.id,
            effective_status().label("was"),
            Slot.booked_consumer_id.label("was_consumer_id"),
            Slot.booked_offer_id.label("was_offer_id"),
            Slot.held_consumer_id.label("was_holder_id"),
            Slot.held_by_offer_id.label("was_hold_offer_id"),
        )
        .where(Slot.org_id == slot.org_id, Slot.id == slot.id)
        # Not against the keys of new rows that only point at the slot: figures are counted while somebody changes it.
        .with_for_update(key_share=True)
        .cte("prior")
    )


def lock_row(org_id: UUID, slot_id: UUID) -> Any | None:
    """The slot as `transition` gives it, its row locked; `was` is how everybody sees it now. None where it is gone."""
    return db.session.execute(_row(org_id, slot_id).with_for_update(of=Slot, key_share=True)).first()


def find_row(org_id: UUID, slot_id: UUID) -> Any | None:
    """As `lock_row`, for looking only."""
    return db.session.execute(_row(org_id, slot_id)).first()


def _row(org_id: UUID, slot_id: UUID) -> Any:
    return (
        select(*Slot.__table__.columns, *_settings(), effective_status().label("was"))
        .join(Organization, Organization.id == Slot.org_id)
        .where(Slot.org_id == org_id, Slot.id == slot_id)
    )


def effective_status() -> Any:
    """The state as everybody sees it: a hold that ran out is open."""
    lapsed = (Slot.status == "held") & (Slot.held_until <= func.now())
    return case((lapsed, "open"), else_=Slot.status)


def enough_notice() -> Any:
    """The start is far enough away for people to be asked."""
    return Slot.starts_at > func.now() + func.make_interval(0, 0, 0, 0, 0, Organization.notice_minutes)


def _settings() -> tuple[Any, ...]:
    return (
        Organization.name.label("business"), Organization.time_zone, Organization.currency, Organization.country,
        Organization.notice_minutes, Organization.daily_offer_cap, Organization.quiet_starts, Organization.quiet_ends,
        Organization.average_value_cents, Organization.offer_mode.label("house_mode"),
        Organization.wave_size.label("house_wave_size"), Organization.wave_minutes, Organization.turn_minutes,
    )  # fmt: skip
