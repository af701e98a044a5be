"""Invitations into a team: a link that works once, for seven days, and for the invited number or address alone.

The link is no key by itself. Who follows it proves the number by a code, or the address by a link of its own; so one
that was forwarded, stolen or opened by a scanner lets nobody in.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select, text, update

from nexapp.identity.accounts import get_user
from nexapp.identity.businesses import choose_business
from nexapp.identity.errors import InvitationEnded, InvitationNotFound, NotInvited
from nexapp.identity.events import TeamInvitationMade
from nexapp.identity.models import Membership, Organization, StaffMember, TeamInvitation, User
from nexapp.identity.staff import get_staff_member
from nexapp.identity.team import assignable_by, lock_inviting_role
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.db import db, lookup
from nexapp.spine.errors import BadInput, Forbidden, TooMany
from nexapp.spine.events import emit
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import Role, current_actor, scoped

LIFETIME = timedelta(days=7)
RESEND_AFTER = timedelta(minutes=1)
A_DAY_TO_ONE = 5
"""Sends to one number or address within a day, by all businesses."""

MOST_WAITING = 50
A_DAY_BY_ONE = 60
"""Of one business, withdrawn ones included: a team is no way to text strangers."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the page of an invitation may show."""

    org_id: UUID
    invitation_id: UUID
    role: Role
    phone: str | None
    email: str | None
    business: str
    inviter: str
    is_live: bool
    was_accepted: bool
    is_readers: bool
    """Whether the person who is signed in is the one who was invited."""


def list_waiting() -> list[TeamInvitation]:
    """The acting business's invitations without an answer, lapsed ones included, the newest first."""
    waiting = scoped(TeamInvitation).where(TeamInvitation.accepted_at.is_(None), TeamInvitation.withdrawn_at.is_(None))
    return list(db.session.scalars(waiting.order_by(TeamInvitation.created_at.desc())))


def invite(role: Role, *, phone: str | None, email: str | None, staff_id: UUID | None = None) -> TeamInvitation:
    """Offer somebody a place. Raises `Forbidden` above the actor's role, `BadInput` or `TooMany`."""
    actor = current_actor()
    if role not in assignable_by(lock_inviting_role()) or role is Role.OWNER:
        raise Forbidden(_("You can't give a role above your own."))
    if email and not settings().sends_email:
        raise BadInput(fields={"contact": _("This installation sends no e-mail. Type a mobile number.")})
    _refuse_too_many(phone, email)
    invitation = TeamInvitation(
        org_id=actor.tenant, token_hash=b"", role=role.value, phone=phone, email=email, invited_by=actor.user_id,
        staff_member_id=get_staff_member(staff_id).id if staff_id else None, expires_at=now() + LIFETIME,
    )  # fmt: skip
    _send(invitation)
    audit.record("team_invitation.sent", "team_invitation", invitation.id, {"role": role.value})
    return invitation


def resend(invitation_id: UUID) -> TeamInvitation:
    """Send it again under a fresh link, good for another week; the old link ends."""
    own, invitation = lock_inviting_role(), _get_waiting(invitation_id)
    if not own.at_least(Role(invitation.role)):
        raise Forbidden(_("You can't give a role above your own."))
    if invitation.sent_at + RESEND_AFTER > now():
        raise TooMany(_("It was sent this minute. Wait a moment."), retry_after=60)
    _refuse_flood(invitation.phone, invitation.email)
    invitation.invited_by = current_actor().user_id
    _send(invitation)
    audit.record("team_invitation.resent", "team_invitation", invitation.id)
    return invitation


def withdraw(invitation_id: UUID) -> None:
    """The link ends at once."""
    invitation = _get_waiting(invitation_id)
    invitation.withdrawn_at = now()
    db.session.flush()
    audit.record("team_invitation.withdrawn", "team_invitation", invitation.id)
    _signal(invitation.org_id)


def find_by_token(token: str, reader: UUID | None) -> Found | None:
    row = lookup("SELECT * FROM nexapp_team_invitation(:hash, :reader)", hash=hash_token(token), reader=reader)
    if row is None:
        return None
    return Found(
        row.org_id, row.invitation_id, Role(row.role), row.phone, row.email, row.business, row.inviter, row.is_live,
        row.was_accepted, row.is_readers,
    )  # fmt: skip


def accept(token: str) -> Found:
    """The signed-in person takes the place, once. Runs as the system: their business is not theirs yet.

    Raises `InvitationNotFound`, `InvitationEnded`, or `NotInvited` for anybody but the invited one.
    """
    actor = current_actor()
    assert actor.user_id is not None  # noqa: S101 - the view is for signed-in people
    found = find_by_token(token, actor.user_id)
    if found is None:
        raise InvitationNotFound
    if not found.is_readers:
        raise NotInvited(_("This invitation is for somebody else's number or address."))
    invitation = _spend(found.invitation_id, actor.user_id) if found.is_live else None
    if invitation is None:
        raise InvitationEnded(_("This invitation was used, withdrawn or has lapsed."))
    _join(invitation, actor.user_id)
    choose_business(actor, found.org_id)
    _signal(found.org_id)
    return found


def has_live_invitation(email: str) -> bool:
    """Whether somebody invited this address, which may be nobody's account yet. Runs as the system."""
    wanted = select(TeamInvitation.id).where(
        func.lower(TeamInvitation.email) == email.lower(),
        TeamInvitation.accepted_at.is_(None),
        TeamInvitation.withdrawn_at.is_(None),
        TeamInvitation.expires_at > func.now(),
    )
    return db.session.scalar(wanted.limit(1)) is not None


def hash_token(token: str) -> bytes:
    return hashlib.sha256(f"team-invitation:{token}".encode()).digest()


def _send(invitation: TeamInvitation) -> None:
    token = secrets.token_urlsafe(16)
    invitation.token_hash = hash_token(token)
    invitation.sends = (invitation.sends or 0) + 1
    invitation.sent_at, invitation.expires_at = now(), now() + LIFETIME
    db.session.add(invitation)
    db.session.flush()
    business = db.session.get_one(Organization, invitation.org_id)
    inviter = get_user(invitation.invited_by).name if invitation.invited_by else ""
    url = settings().base_url + url_for("identity.invitation", token=token)
    emit(
        TeamInvitationMade(
            invitation.id, invitation.org_id, business.name, inviter, invitation.phone, invitation.email, url
        )
    )
    _signal(invitation.org_id)


def _get_waiting(invitation_id: UUID) -> TeamInvitation:
    wanted = scoped(TeamInvitation).where(
        TeamInvitation.id == invitation_id,
        TeamInvitation.accepted_at.is_(None),
        TeamInvitation.withdrawn_at.is_(None),
    )
    found: TeamInvitation | None = db.session.scalar(wanted.with_for_update())
    if found is None:
        raise InvitationNotFound
    return found


def _spend(invitation_id: UUID, user_id: UUID) -> TeamInvitation | None:
    return db.session.scalar(
        update(TeamInvitation)
        .where(
            TeamInvitation.id == invitation_id,
            TeamInvitation.accepted_at.is_(None),
            TeamInvitation.withdrawn_at.is_(None),
            TeamInvitation.expires_at > func.now(),
        )
        .values(accepted_at=func.now(), accepted_by=user_id)
        .returning(TeamInvitation)
    )


def _join(invitation: TeamInvitation, user_id: UUID) -> None:
    """A new place, or the old one given back. Who is in the team already keeps the role they have."""
    known = db.session.scalar(
        select(Membership)
        .where(Membership.org_id == invitation.org_id, Membership.user_id == user_id)
        .with_for_update()
    )
    if known is None:
        known = Membership(org_id=invitation.org_id, user_id=user_id, role=invitation.role)
        db.session.add(known)
    elif known.deactivated_at is not None:
        known.role, known.deactivated_at = invitation.role, None
    db.session.flush()
    _link(invitation, user_id)
    changes = {"role": known.role, "membership": str(known.id)}
    audit.record("team_invitation.accepted", "team_invitation", invitation.id, changes, org_id=invitation.org_id)


def _link(invitation: TeamInvitation, user_id: UUID) -> None:
    if invitation.staff_member_id is None:
        return
    theirs = select(StaffMember.id).where(StaffMember.org_id == invitation.org_id, StaffMember.user_id == user_id)
    if db.session.scalar(theirs) is None:
        db.session.execute(
            update(StaffMember)
            .where(
                StaffMember.org_id == invitation.org_id,
                StaffMember.id == invitation.staff_member_id,
                StaffMember.user_id.is_(None),
            )
            .values(user_id=user_id)
        )


def _refuse_known(phone: str | None, email: str) -> None:
    mine = User.phone == phone if phone else func.lower(User.email) == email.lower()
    active = scoped(Membership).join(User, User.id == Membership.user_id)
    if db.session.scalar(active.where(mine, Membership.deactivated_at.is_(None))) is not None:
        raise BadInput(fields={"contact": _("They are in the team already.")})
    waiting = list_waiting()
    if any(phone == each.phone if phone else email.lower() == (each.email or "").lower() for each in waiting):
        raise BadInput(fields={"contact": _("They are invited already. Send it again below.")})


def _refuse_too_many(phone: str | None, email: str | None) -> None:
    org_id = current_actor().tenant
    # Two at once wait for each other: the second one then counts, or finds, the first one's row.
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"invite:{org_id}"})
    _refuse_known(phone, email or "")
    if len(list_waiting()) >= MOST_WAITING:
        raise TooMany(_("%(most)d invitations wait for an answer. Withdraw some first.", most=MOST_WAITING))
    _refuse_flood(phone, email)


def _refuse_flood(phone: str | None, email: str | None) -> None:
    load = db.session.execute(
        text("SELECT sends FROM nexapp_team_invitation_load(:phone, :email)"), {"phone": phone, "email": email}
    ).one()
    if load.sends >= A_DAY_TO_ONE:
        raise TooMany(_("They got enough invitations for today. Try again tomorrow."), retry_after=86400)
    lately = scoped(TeamInvitation).where(TeamInvitation.sent_at > now() - timedelta(days=1))
    sends = select(func.sum(lately.with_only_columns(TeamInvitation.sends).subquery().c.sends))
    if (db.session.scalar(sends) or 0) >= A_DAY_BY_ONE:
        raise TooMany(_("You sent enough invitations for today. Try again tomorrow."), retry_after=86400)


def _signal(org_id: UUID) -> None:
    publish(f"org:{org_id}:team", "team-changed")
