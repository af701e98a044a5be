"""One person on the list: how they came there, what they were offered, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from nexapp.identity.models import User
from nexapp.messaging.models import Message
from nexapp.slots.list_models import Invitation, ListImport
from nexapp.slots.models import Consent, NotifyRequest, Slot, SlotMatch
from nexapp.slots.people import find_listed
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import current_actor

RECENT = 15
ANSWERED = 5

# What each opening of a slot meant for them, the latest first: of every slot the latest round alone.
HISTORY = text("""
    SELECT s.id AS slot_id, s.starts_at, s.status AS slot_status, t.display_name AS staff, v.name AS service,
        m.outcome, m.reason, m.created_at, f.opened_at, f.held_at, g.status AS text_status,
        s.booked_consumer_id = m.consumer_id AS is_theirs
    FROM (
        SELECT DISTINCT ON (slot_id) * FROM slot_matches
        WHERE org_id = :org_id AND notify_request_id = :request_id ORDER BY slot_id, round DESC
    ) m
    JOIN slots s ON s.org_id = m.org_id AND s.id = m.slot_id
    JOIN staff_members t ON t.org_id = s.org_id AND t.id = s.staff_member_id
    LEFT JOIN services v ON v.org_id = s.org_id AND v.id = s.service_id
    LEFT JOIN slot_offers f ON f.org_id = m.org_id AND f.slot_id = m.slot_id AND f.round = m.round
        AND f.consumer_id = m.consumer_id
    LEFT JOIN messages g ON g.org_id = f.org_id AND g.id = f.message_id
    ORDER BY m.created_at DESC, s.id LIMIT :most
""")
BOOKINGS = text("""
    SELECT s.id, s.starts_at, s.status, s.booked_offer_id IS NOT NULL AS from_list, t.display_name AS staff,
        v.name AS service
    FROM slots s
    JOIN staff_members t ON t.org_id = s.org_id AND t.id = s.staff_member_id
    LEFT JOIN services v ON v.org_id = s.org_id AND v.id = s.service_id
    WHERE s.org_id = :org_id AND s.booked_consumer_id = :consumer_id
    ORDER BY s.starts_at DESC LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of one request."""

    person: Any
    consents: Sequence[Consent]
    invitation: Any
    history: Sequence[Any]
    bookings: Sequence[Any]


def get_story(request_id: UUID) -> Story:
    """Raises `NotFound`."""
    person = find_listed(request_id)
    if person is None:
        raise NotFound
    org_id = current_actor().tenant
    about = {"org_id": org_id, "request_id": request_id, "consumer_id": person.consumer_id, "most": RECENT}
    return Story(
        person=person,
        consents=_consents(org_id, person.consumer_id),
        invitation=_invitation(org_id, person.consumer_id),
        history=db.session.execute(HISTORY, about).all(),
        bookings=db.session.execute(BOOKINGS, about).all(),
    )


def position_of(request: NotifyRequest) -> int:
    """How many have waited longer on this list, and themselves."""
    before = (NotifyRequest.created_at, NotifyRequest.id)
    longer = select(func.count()).where(
        NotifyRequest.org_id == request.org_id, NotifyRequest.status == "active",
        func.row(*before) < func.row(request.created_at, request.id),
    )  # fmt: skip
    return 1 + int(db.session.scalar(longer) or 0)


def list_recent_openings(request: NotifyRequest) -> Sequence[Any]:
    """Slots that were matched with this request, the latest first."""
    wanted = (
        select(SlotMatch.slot_id, Slot.starts_at, func.max(SlotMatch.created_at).label("opened"))
        .join(Slot, (Slot.org_id == SlotMatch.org_id) & (Slot.id == SlotMatch.slot_id))
        .where(SlotMatch.org_id == request.org_id, SlotMatch.notify_request_id == request.id)
        .group_by(SlotMatch.slot_id, Slot.starts_at)
        .order_by(func.max(SlotMatch.created_at).desc())
        .limit(ANSWERED)
    )
    return db.session.execute(wanted).all()


def _consents(org_id: UUID, consumer_id: UUID) -> Sequence[Consent]:
    wanted = select(Consent).where(Consent.org_id == org_id, Consent.consumer_id == consumer_id)
    return db.session.scalars(wanted.order_by(Consent.created_at.desc()).limit(5)).all()


def _invitation(org_id: UUID, consumer_id: UUID) -> Any:
    return db.session.execute(
        select(
            Invitation.source, Invitation.created_at, Invitation.answered_at, Invitation.import_id,
            Message.status.label("text_status"), User.name.label("attested_by"), ListImport.filename,
        )
        .outerjoin(Message, (Message.org_id == Invitation.org_id) & (Message.id == Invitation.message_id))
        .outerjoin(User, User.id == Invitation.attested_by)
        .outerjoin(ListImport, (ListImport.org_id == Invitation.org_id) & (ListImport.id == Invitation.import_id))
        .where(Invitation.org_id == org_id, Invitation.consumer_id == consumer_id)
    ).first()  # fmt: skip
