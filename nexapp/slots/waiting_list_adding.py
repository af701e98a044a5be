"""Putting somebody on the list by hand: the business says how it knows, the person is asked by one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select, text

from nexapp.messaging.consumers import ensure_consumer
from nexapp.messaging.models import Consumer
from nexapp.slots.invitations import text_soon, write_invitations
from nexapp.slots.list_models import Invitation
from nexapp.slots.models import ConsumerProfile, NotifyRequest
from nexapp.slots.people_changes import put_back
from nexapp.slots.waiting_list import Wishes, tell_list, write_profile, write_request, write_wishes
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import current_actor, scoped

OPTED_OUT = text("SELECT phone FROM nexapp_opted_out(CAST(:phones AS text[]))")


@dataclass(frozen=True, slots=True)
class Added:
    """`is_new` is False for somebody whom the list knew already, and who stays, or is again, as they were."""

    request_id: UUID
    is_new: bool
    is_back: bool = False
    """The business had taken them off."""


def add_by_hand(phone: str, name: str, wishes: Wishes, source: str) -> Added:
    """Invite the number's owner; offers begin with their yes.

    Raises `BadInput`, with nothing written, for a number that takes no texts and for somebody who left the list by
    themselves: nobody is asked twice.
    """
    _refuse_opted_out(phone)
    known = _find_request(phone)
    if known is not None:
        return _again(known)
    request_id = _write(phone, name, wishes, source)
    audit.record("waiting_list.invited", "notify_request", request_id, {"source": "by_hand"})
    tell_list(current_actor().tenant)
    return Added(request_id, is_new=True)


def list_opted_out(phones: list[str]) -> set[str]:
    """Those of the numbers that take no texts, whoever knows them."""
    return set(db.session.scalars(OPTED_OUT, {"phones": phones}))


def _refuse_opted_out(phone: str) -> None:
    if list_opted_out([phone]):
        sentence = _("This number takes no texts. Its owner can change that by texting START to us.")
        raise BadInput(sentence, fields={"phone": sentence})


def _find_request(phone: str) -> NotifyRequest | None:
    mine: Any = scoped(NotifyRequest).join(Consumer, Consumer.id == NotifyRequest.consumer_id)
    found: NotifyRequest | None = db.session.scalars(mine.where(Consumer.phone == phone)).first()
    return found


def _again(known: NotifyRequest) -> Added:
    if known.status == "left" and known.status_before is None:
        sentence = _("They left the list by themselves. They can join again on the public page.")
        raise BadInput(sentence, fields={"phone": sentence})
    return Added(known.id, is_new=False, is_back=known.status == "left" and put_back(known.id))


def _write(phone: str, name: str, wishes: Wishes, source: str) -> UUID:
    org_id, consumer_id = current_actor().tenant, ensure_consumer(phone)
    profile = (ConsumerProfile.org_id == org_id) & (ConsumerProfile.consumer_id == consumer_id)
    # What a person calls themselves stands: a booking may have told their name before.
    if db.session.scalar(select(ConsumerProfile.name).where(profile)) in {None, ""}:
        write_profile(org_id, consumer_id, name)
    request_id, _is_new = write_request(org_id, consumer_id, status="invited", source="by_hand")
    write_wishes(request_id, wishes)
    _invite(org_id, consumer_id, request_id, source)
    return request_id


def _invite(org_id: UUID, consumer_id: UUID, request_id: UUID, source: str) -> None:
    asked = select(Invitation.id).where(Invitation.org_id == org_id, Invitation.consumer_id == consumer_id)
    if db.session.scalar(asked) is None:
        row = {"org_id": org_id, "consumer_id": consumer_id, "notify_request_id": request_id, "source": source}
        write_invitations([row | {"attested_by": current_actor().user_id}])
        text_soon(org_id)
