"""The services of a business: what is done, how long it takes, what it costs, who of the team offers it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from nexapp.identity.models import StaffMember
from nexapp.slots.calendar.models import ServiceStaff
from nexapp.slots.models import Service
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.tenancy import current_actor, scoped


@dataclass(frozen=True, slots=True)
class Offering:
    """A service as its form says it. Nobody in `staff_ids`: everybody offers it."""

    name: str
    minutes: int
    price_cents: int | None = None
    staff_ids: frozenset[UUID] = field(default_factory=frozenset)


def list_all_services() -> Sequence[Any]:
    """Every service with the ids of who offers it, those on offer first."""
    people = (
        select(func.array_agg(ServiceStaff.staff_member_id))
        .where(ServiceStaff.org_id == Service.org_id, ServiceStaff.service_id == Service.id)
        .scalar_subquery()
    )
    return db.session.execute(
        select(
            Service.id, Service.name, Service.minutes, Service.price_cents, Service.is_active,
            func.coalesce(people, []).label("staff_ids"),
        )
        .where(Service.org_id == current_actor().tenant)
        .order_by(Service.is_active.desc(), func.lower(Service.name))
    ).all()  # fmt: skip


def refuse_unoffered(service_id: UUID | None, staff_ids: Collection[UUID]) -> None:
    """Raises `BadInput` where some offer the service and not all of these do. Who left the team doesn't count."""
    if service_id is None:
        return
    people = set(
        db.session.scalars(
            select(ServiceStaff.staff_member_id)
            .join(
                StaffMember,
                (StaffMember.org_id == ServiceStaff.org_id) & (StaffMember.id == ServiceStaff.staff_member_id),
            )
            .where(
                ServiceStaff.org_id == current_actor().tenant, ServiceStaff.service_id == service_id,
                StaffMember.is_active,
            )
        )
    )  # fmt: skip
    if people and not people.issuperset(staff_ids):
        raise BadInput(
            fields={
                "service_id": ngettext(
                    "This member of the team doesn't offer it.", "Not all of these people offer it.", len(staff_ids)
                )
            }
        )


def get_service(service_id: UUID) -> Service:
    found: Service | None = db.session.scalar(scoped(Service).where(Service.id == service_id))
    if found is None:
        raise NotFound
    return found


def add_service(offering: Offering) -> Service:
    """Raises `BadInput` where the name is taken or somebody is not of the team."""
    service = Service(org_id=current_actor().tenant)
    _write(service, offering)
    audit.record("service.added", "service", service.id)
    return service


def change_service(service_id: UUID, offering: Offering) -> Service:
    """Slots that exist keep their length and price."""
    service = get_service(service_id)
    _write(service, offering)
    audit.record("service.changed", "service", service.id)
    return service


def set_service_activity(service_id: UUID, *, is_active: bool) -> Service:
    """Offer a service, or no more. Slots and wishes that name it stay. Raises `BadInput` where the name is taken."""
    service = get_service(service_id)
    if service.is_active != is_active:
        _save(service, service.name, is_active=is_active)
        audit.record("service.activated" if is_active else "service.deactivated", "service", service_id)
    return service


def _write(service: Service, offering: Offering) -> None:
    _refuse_strangers(offering.staff_ids)
    _save(
        service, offering.name, name=offering.name, minutes=offering.minutes, price_cents=offering.price_cents,
    )  # fmt: skip
    _set_staff(service.id, offering.staff_ids)


def _save(service: Service, name: str, /, **values: Any) -> None:
    # The savepoint comes before the change: it would be written ahead of it, and its refusal end the whole unit.
    try:
        with db.session.begin_nested():
            for column, value in values.items():
                setattr(service, column, value)
            db.session.add(service)
    except IntegrityError as error:
        sentence = _("There is a service called %(name)s already.", name=name)
        raise BadInput(fields={"name": sentence}) from error


def _set_staff(service_id: UUID, staff_ids: frozenset[UUID]) -> None:
    org_id = current_actor().tenant
    db.session.execute(delete(ServiceStaff).where(ServiceStaff.org_id == org_id, ServiceStaff.service_id == service_id))
    if staff_ids:
        rows = [{"org_id": org_id, "service_id": service_id, "staff_member_id": one} for one in sorted(staff_ids)]
        db.session.execute(insert(ServiceStaff), rows)


def _refuse_strangers(staff_ids: frozenset[UUID]) -> None:
    if not staff_ids:
        return
    known = db.session.scalar(
        select(func.count()).where(StaffMember.org_id == current_actor().tenant, StaffMember.id.in_(staff_ids))
    )
    if known != len(staff_ids):
        raise BadInput(fields={"staff": _("Choose people of your team.")})
