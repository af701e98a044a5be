"""Texts to the team: somebody booked, waits for an answer, moved or cancelled. Sent to who switched them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import or_, select

from nexapp.identity.models import Membership, Organization, StaffMember, User
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.slots import notices
from nexapp.slots.models import ConsumerProfile, Slot, SlotOffer
from nexapp.slots.times import text_time
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.tenancy import Role

PURPOSE = "booking_alert"
SUBJECT = "slot"


def tell_team(slot: Any, offer_id: UUID, kind: str) -> int:
    """Notify the team, and text those who asked for it; how many. `kind`: booked, pending, moved or cancelled."""
    # What the client is to book in another system needs nobody's answer.
    if kind == "pending" and slot.pending_for == "booking_system":
        return 0
    facts = _facts(slot, offer_id)
    notices.tell_booking(slot, kind, facts)
    people = _wanting(slot)
    if not people:
        return 0
    body = _body(kind, facts, slot.id)
    queue_messages(
        [
            NewMessage(
                to_phone=person.phone, body=body, purpose=PURPOSE, lane=ANSWERS, subject_kind=SUBJECT,
                subject_id=slot.id, expires_at=slot.starts_at, org_id=slot.org_id,
            )
            for person in people
        ]
    )  # fmt: skip
    return len(people)


def _wanting(slot: Any) -> Sequence[Any]:
    """Staff hear of their own slots, the others of all."""
    theirs = (
        select(StaffMember.user_id)
        .join(Slot, (Slot.org_id == StaffMember.org_id) & (Slot.staff_member_id == StaffMember.id))
        .where(Slot.org_id == slot.org_id, Slot.id == slot.id)
        .scalar_subquery()
    )
    return db.session.execute(
        select(User.phone)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == slot.org_id, Membership.wants_booking_texts, Membership.deactivated_at.is_(None),
            User.deactivated_at.is_(None), User.phone.is_not(None),
            or_(Membership.role.not_in((Role.STAFF.value, Role.VIEWER.value)), User.id == theirs),
        )
        .order_by(User.phone)
    ).all()  # fmt: skip


def _facts(slot: Any, offer_id: UUID) -> Any:
    return db.session.execute(
        select(
            Slot.starts_at, Organization.time_zone, StaffMember.display_name.label("staff"),
            ConsumerProfile.name.label("client"),
        )
        .join(Organization, Organization.id == Slot.org_id)
        .join(StaffMember, (StaffMember.org_id == Slot.org_id) & (StaffMember.id == Slot.staff_member_id))
        .join(SlotOffer, (SlotOffer.org_id == Slot.org_id) & (SlotOffer.slot_id == Slot.id))
        .join(
            ConsumerProfile,
            (ConsumerProfile.org_id == Slot.org_id) & (ConsumerProfile.consumer_id == SlotOffer.consumer_id),
        )
        .where(Slot.org_id == slot.org_id, Slot.id == slot.id, SlotOffer.id == offer_id)
    ).one()  # fmt: skip


def _body(kind: str, facts: Any, slot_id: UUID) -> str:
    words = {
        "client": (facts.client or _("A client"))[:40], "time": text_time(facts.starts_at, facts.time_zone),
        "staff": facts.staff[:40], "url": f"{settings().base_url}/slots/{slot_id}",
    }  # fmt: skip
    if kind == "pending":
        return _("%(client)s wants %(time)s with %(staff)s and waits for your answer: %(url)s", **words)
    if kind == "moved":
        return _("%(client)s moved their booking to %(time)s with %(staff)s.", **words)
    if kind == "cancelled":
        return _("%(client)s cancelled %(time)s with %(staff)s. %(url)s", **words)
    return _("%(client)s booked %(time)s with %(staff)s.", **words)
