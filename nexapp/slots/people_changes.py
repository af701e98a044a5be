"""What the business changes about somebody on its list: the name, the wishes, a pause, taking them off and back."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, update

from nexapp.slots.invitations import withdraw
from nexapp.slots.models import ConsumerProfile, NotifyRequest
from nexapp.slots.offers import withdraw_unsent_to
from nexapp.slots.waiting_list import Wishes, pause, resume, tell_list, write_profile, write_wishes
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import current_actor, scoped

ON_THE_LIST = ("invited", "active", "paused", "lapsed")


def get_person(request_id: UUID) -> NotifyRequest:
    """A request of this business. Raises `NotFound`."""
    found: NotifyRequest | None = db.session.scalars(
        scoped(NotifyRequest).where(NotifyRequest.id == request_id), execution_options={"populate_existing": True}
    ).first()
    if found is None:
        raise NotFound
    return found


def change_person(request_id: UUID, name: str, wishes: Wishes) -> None:
    """The name this business calls them by, and what suits them; whose last day had passed waits again."""
    person = get_person(request_id)
    write_profile(person.org_id, person.consumer_id, name)
    write_wishes(request_id, wishes)
    _change(request_id, ("lapsed",), status="active")
    audit.record("waiting_list.updated", "notify_request", request_id, {"by": "business"})
    tell_list(person.org_id)


def pause_person(request_id: UUID, until: date) -> None:
    get_person(request_id)
    pause(request_id, until)


def resume_person(request_id: UUID) -> None:
    get_person(request_id)
    resume(request_id)


def take_off(request_id: UUID) -> bool:
    """No more offers; unsent texts are cancelled. It can be undone. False where they were off already."""
    person = get_person(request_id)
    if not _change(request_id, ON_THE_LIST, status="left", status_before=NotifyRequest.status):
        return False
    withdraw_unsent_to(person.org_id, request_id)
    withdraw(person.org_id, request_id)
    audit.record("waiting_list.taken_off", "notify_request", request_id)
    tell_list(person.org_id)
    return True


def put_back(request_id: UUID) -> bool:
    """As they were before the business took them off. False for somebody who left by themselves, or is on the list."""
    person = get_person(request_id)
    taken_off = NotifyRequest.status_before.is_not(None)
    if not _change(request_id, ("left",), taken_off, status=NotifyRequest.status_before, status_before=None):
        return False
    audit.record("waiting_list.put_back", "notify_request", request_id)
    tell_list(person.org_id)
    return True


def name_of(person: NotifyRequest) -> str:
    named = scoped(ConsumerProfile).where(ConsumerProfile.consumer_id == person.consumer_id)
    found: ConsumerProfile = db.session.scalars(named, execution_options={"populate_existing": True}).one()
    return found.name


def _change(request_id: UUID, only_from: tuple[str, ...], *guards: Any, **values: Any) -> bool:
    mine = (NotifyRequest.org_id == current_actor().tenant, NotifyRequest.id == request_id)
    changed = db.session.execute(
        update(NotifyRequest)
        .where(*mine, NotifyRequest.status.in_(only_from), *guards)
        .values(updated_at=func.now(), **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]
