"""Organisations, who belongs to them, and which one a session works in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.identity.errors import BusinessNotFound
from nexapp.identity.models import Membership, Organization, User, UserSession
from nexapp.identity.slugs import slug_candidates
from nexapp.identity.staff import add_staff_member
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role

TWICE_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Place:
    """A business as one of its people sees it in the selector."""

    org_id: UUID
    name: str
    role: Role
    time_zone: str
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class NewBusiness:
    name: str
    owner_name: str
    time_zone: str
    phone: str | None
    address: str | None
    average_value_cents: int
    booking_url: str | None
    requires_confirmation: bool
    kind: str = "business"


def list_places(user_id: UUID) -> list[Place]:
    """Every business a person belongs to, by name."""
    rows = db.session.execute(
        select(Organization.id, Organization.name, Membership.role, Organization.time_zone, Organization.suspended_at)
        .join(Membership, Membership.org_id == Organization.id)
        .where(Membership.user_id == user_id, Membership.deactivated_at.is_(None))
        .order_by(func.lower(Organization.name), Organization.id)
    )
    return [Place(r.id, r.name, Role(r.role), r.time_zone, r.suspended_at is not None) for r in rows]


def select_business(actor: Actor, org_id: UUID) -> Place:
    """Work in another business from now on, in this session only. Raises `BusinessNotFound`."""
    assert actor.user_id is not None  # noqa: S101 - the view is for signed-in people
    for place in list_places(actor.user_id):
        if place.org_id == org_id and not place.is_suspended:
            choose_business(actor, org_id)
            return place
    raise BusinessNotFound


def found_business(actor: Actor, new: NewBusiness) -> UUID:
    """Set up the actor's fresh organisation, with them as owner and, where time is booked, first staff member; its id.

    The same form sent twice founds one business: the second time gives the first one's id.
    """
    assert actor.user_id is not None  # noqa: S101 - the view is for signed-in people
    if (known := _founded_just_now(actor.user_id, new.name)) is not None:
        choose_business(actor, known)
        return known
    org = create_organization(
        new.name, org_id=actor.tenant, kind=new.kind, time_zone=new.time_zone, phone=new.phone, address=new.address,
        average_value_cents=new.average_value_cents, booking_url=new.booking_url,
        uses_booking_system=False, requires_confirmation=new.requires_confirmation,
    )  # fmt: skip
    add_member(org.id, actor.user_id, Role.OWNER)
    if new.kind in WITH_SLOTS:
        add_staff_member(org.id, new.owner_name, actor.user_id)
    db.session.execute(update(User).where(User.id == actor.user_id, User.name == "").values(name=new.owner_name))
    choose_business(actor, org.id)
    return org.id


def create_organization(name: str, *, time_zone: str, org_id: UUID | None = None, **details: Any) -> Organization:
    """Insert one under the first free slug. Other tenants' slugs can't be seen, only bumped into."""
    org_id = org_id or new_id()
    for slug in slug_candidates(name):
        inserted = db.session.scalar(
            insert(Organization)
            .values(id=org_id, name=name, slug=slug, time_zone=time_zone, **details)
            .on_conflict_do_nothing(index_elements=["slug"])
            .returning(Organization.id)
        )
        if inserted is not None:
            break
    audit.record("organization.created", "organization", org_id, org_id=org_id)
    return db.session.get_one(Organization, org_id)


def add_member(org_id: UUID, user_id: UUID, role: Role) -> Membership:
    membership = Membership(org_id=org_id, user_id=user_id, role=role.value)
    db.session.add(membership)
    db.session.flush()
    audit.record("membership.added", "membership", membership.id, {"role": role.value}, org_id=org_id)
    return membership


def _founded_just_now(user_id: UUID, name: str) -> UUID | None:
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 0))"), {"who": f"found:{user_id}"})
    return db.session.scalar(
        select(Organization.id)
        .join(Membership, Membership.org_id == Organization.id)
        .where(
            Membership.user_id == user_id,
            Membership.role == Role.OWNER.value,
            Organization.name == name,
            Organization.created_at > func.now() - TWICE_WITHIN,
        )
    )


def choose_business(actor: Actor, org_id: UUID) -> None:
    """This session works there from now on; whether the person may is the caller's matter."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == actor.session_id, UserSession.user_id == actor.user_id)
        .values(org_id=org_id)
    )
