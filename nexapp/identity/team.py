"""The team of a business: roles and their limits, leaving, and who owns it.

Every change first locks the business's row and reads the actor's role again: of two that would take away the last two
owners, or of one by somebody who was just demoted, the later one sees what the earlier one left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from nexapp.identity.errors import LastOwner, MemberNotFound
from nexapp.identity.events import AccessEnded
from nexapp.identity.models import Membership, Organization, StaffMember, TeamInvitation, User
from nexapp.identity.staff import get_staff_member
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, Forbidden
from nexapp.spine.events import emit
from nexapp.spine.realtime import publish
from nexapp.spine.sockets import recheck_soon
from nexapp.spine.tenancy import Role, current_actor, scoped

ASSIGNABLE = (Role.OWNER, Role.ADMIN, Role.MANAGER, Role.STAFF, Role.VIEWER)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team, with the staff member whose time is theirs to change."""

    id: UUID
    user_id: UUID
    name: str
    phone: str | None
    email: str | None
    role: Role
    deactivated_at: datetime | None
    staff_member_id: UUID | None
    staff_name: str | None

    @property
    def called(self) -> str:
        return self.name or str(_("Somebody without a name yet"))


def list_members() -> list[Member]:
    """The acting business's team, the highest role first; who has no access any more stands last."""
    wanted = (
        select(Membership, User, StaffMember.id, StaffMember.display_name)
        .join(User, User.id == Membership.user_id)
        .outerjoin(StaffMember, (StaffMember.org_id == Membership.org_id) & (StaffMember.user_id == Membership.user_id))
        .where(Membership.org_id == current_actor().tenant)
        .order_by(Membership.deactivated_at.is_not(None), func.lower(User.name), Membership.id)
    )
    found = [
        Member(m.id, u.id, u.name, u.phone, u.email, Role(m.role), m.deactivated_at, staff_id, staff_name)
        for m, u, staff_id, staff_name in db.session.execute(wanted)
    ]
    return sorted(found, key=lambda member: (member.deactivated_at is not None, ASSIGNABLE.index(member.role)))


def lock_inviting_role() -> Role:
    """The actor's role as it stands now, under the team's lock: who was just demoted invites nobody any more."""
    _lock_team()
    if not (own := _own_role()).at_least(Role.ADMIN):
        raise Forbidden
    return own


def assignable_by(role: Role) -> list[Role]:
    """The roles that somebody may give: none above their own."""
    return [each for each in ASSIGNABLE if role.at_least(each)]


def change_role(membership_id: UUID, wanted: str) -> Membership:
    """Raises `Forbidden` beyond the actor's own role, `LastOwner` where nobody would own the business."""
    member = _take(membership_id)
    if member.deactivated_at is not None:
        raise Conflict(_("They have no access. Give it back first."))
    if wanted not in list(ASSIGNABLE):
        raise BadInput(_("Choose a role from the list."))
    if (role := Role(wanted)) not in assignable_by(_own_role()):
        raise Forbidden(_("You can't give a role above your own."))
    if member.role == role.value:
        return member
    if member.role == Role.OWNER.value:
        _keep_an_owner(but=member.id)
    _set_role(member, role)
    return member


def deactivate(membership_id: UUID) -> int:
    """Take somebody's access away, at once. How many invitations of theirs were withdrawn with it."""
    member = _take(membership_id)
    if member.user_id == current_actor().user_id:
        raise Forbidden(_("To go yourself, leave the business."))
    return _end(member, "membership.deactivated")


def reactivate(membership_id: UUID) -> Membership:
    """Give access back in the role they had, which may not be above the actor's."""
    member = _take(membership_id)
    if member.deactivated_at is not None:
        member.deactivated_at = None
        audit.record("membership.reactivated", "membership", member.id)
        _tell(member.user_id)
    return member


def leave() -> None:
    """The actor goes. Raises `LastOwner` where nobody else owns the business."""
    _lock_team()
    _end(_own_membership(), "membership.left")


def transfer_ownership(membership_id: UUID, typed_name: str) -> Membership:
    """Make another member the owner and the actor an admin, in one step."""
    _lock_team()
    own, heir = _own_membership(), _get(membership_id)
    if own.role != Role.OWNER.value:
        raise Forbidden
    if heir.id == own.id or heir.deactivated_at is not None:
        raise BadInput(fields={"membership_id": _("Choose somebody else of the team.")})
    if typed_name.casefold() != _business_name().casefold():
        raise BadInput(fields={"business_name": _("Type the name of the business as it stands above.")})
    _set_role(heir, Role.OWNER)
    _set_role(own, Role.ADMIN)
    audit.record("organization.transferred", "organization", own.org_id, {"to": str(heir.user_id)})
    return heir


def link_staff_member(membership_id: UUID, staff_id: UUID | None) -> None:
    """Say whose time is a member's own; with None, nobody's. Raises `Conflict` where it is another's already."""
    member = _take(membership_id)
    chosen = get_staff_member(staff_id) if staff_id else None
    if chosen is not None and chosen.user_id not in {None, member.user_id}:
        raise Conflict(_("%(name)s belongs to somebody else of the team.", name=chosen.display_name))
    db.session.execute(
        update(StaffMember)
        .where(StaffMember.org_id == member.org_id, StaffMember.user_id == member.user_id)
        .values(user_id=None)
    )
    if chosen is not None:
        chosen.user_id = member.user_id
    db.session.flush()
    audit.record("membership.linked", "membership", member.id, {"staff_member": str(staff_id) if staff_id else None})


def _take(membership_id: UUID) -> Membership:
    """A member whom the actor may change, under the team's lock."""
    _lock_team()
    member, own = _get(membership_id), _own_role()
    if not own.at_least(Role.ADMIN):
        raise Forbidden
    if not own.at_least(Role(member.role)):
        raise Forbidden(_("Only an owner can change an owner."))
    return member


def _lock_team() -> None:
    wanted = select(Organization.id).where(Organization.id == current_actor().tenant)
    db.session.execute(wanted.with_for_update(key_share=True))


def _get(membership_id: UUID) -> Membership:
    wanted = scoped(Membership).where(Membership.id == membership_id).execution_options(populate_existing=True)
    found: Membership | None = db.session.scalar(wanted)
    if found is None:
        raise MemberNotFound
    return found


def _own_membership() -> Membership:
    wanted = scoped(Membership).where(
        Membership.user_id == current_actor().user_id, Membership.deactivated_at.is_(None)
    )
    found: Membership | None = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise Forbidden
    return found


def _own_role() -> Role:
    return Role(_own_membership().role)


def _business_name() -> str:
    return db.session.get_one(Organization, current_actor().tenant).name


def _keep_an_owner(but: UUID) -> None:
    others = scoped(Membership).where(
        Membership.role == Role.OWNER.value, Membership.deactivated_at.is_(None), Membership.id != but
    )
    if db.session.scalar(others.limit(1)) is None:
        raise LastOwner(_("A business needs an owner. Make somebody else one first."))


def _set_role(member: Membership, role: Role) -> None:
    was, member.role = Role(member.role), role.value
    db.session.flush()
    audit.record("membership.role_changed", "membership", member.id, {"from": was.value, "to": role.value})
    if not role.at_least(was):
        withdraw_of(member.user_id)
    _tell(member.user_id)


def _end(member: Membership, action: str) -> int:
    if member.deactivated_at is not None:
        return 0
    if member.role == Role.OWNER.value:
        _keep_an_owner(but=member.id)
    member.deactivated_at = now()
    db.session.flush()
    audit.record(action, "membership", member.id)
    emit(AccessEnded(member.org_id, member.user_id))
    _tell(member.user_id)
    return withdraw_of(member.user_id)


def withdraw_of(user_id: UUID) -> int:
    """Withdraw what a person invited: whom they brought in must not outlive their own right to do so."""
    gone = db.session.scalars(
        update(TeamInvitation)
        .where(
            TeamInvitation.org_id == current_actor().tenant,
            TeamInvitation.invited_by == user_id,
            TeamInvitation.accepted_at.is_(None),
            TeamInvitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=func.now())
        .returning(TeamInvitation.id)
    ).all()
    for invitation_id in gone:
        audit.record("team_invitation.withdrawn", "team_invitation", invitation_id)
    return len(gone)


def _tell(user_id: UUID) -> None:
    """Their open pages load anew, their sockets are looked at again, and the team's page follows."""
    recheck_soon()
    publish(f"user:{user_id}", "place-changed")
    publish(f"org:{current_actor().tenant}:team", "team-changed")
