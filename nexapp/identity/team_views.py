"""The team of a business: who is in it, in which role, and who is invited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from nexapp.identity.blueprint import pages
from nexapp.identity.business_settings import get_business
from nexapp.identity.forms import InvitationForm, LinkedStaffForm, RoleForm, TransferForm
from nexapp.identity.models import StaffMember
from nexapp.identity.staff import list_staff
from nexapp.identity.team import (
    Member,
    assignable_by,
    change_role,
    deactivate,
    leave,
    link_staff_member,
    list_members,
    reactivate,
    transfer_ownership,
)
from nexapp.identity.team_invitations import invite, list_waiting, resend, withdraw
from nexapp.identity.viewer import role_name
from nexapp.spine.access import member
from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput, NexError
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other

ROLE_NOTES = {
    Role.OWNER: lazy_gettext("everything, and who else owns it"),
    Role.ADMIN: lazy_gettext("team and slots, not the business's settings"),
    Role.MANAGER: lazy_gettext("all slots, staff and the waiting list"),
    Role.STAFF: lazy_gettext("sees all slots, changes their own"),
    Role.VIEWER: lazy_gettext("sees, changes nothing"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A member with the forms that the reader may use on them."""

    member: Member
    role_form: RoleForm | None
    staff_form: LinkedStaffForm | None
    is_self: bool


@pages.get("/settings/team")
@member(Role.VIEWER)
def team() -> Response:
    return _team_page()


@pages.post("/settings/team/invitations")
@member(Role.ADMIN)
def invite_member() -> Response:
    form = _invitation_form()
    if not form.validate():
        return _team_page(form, status=422)
    try:
        staff_id = UUID(form.staff_member_id.data) if form.staff_member_id.data else None
        invite(Role(form.role.data), phone=form.phone, email=form.email, staff_id=staff_id)
    except NexError as error:
        form.bind_errors(error if isinstance(error, BadInput) and error.fields else _beside(error))
        return _team_page(form, status=error.status)
    return _to_team(_("The invitation is on its way. It lasts 7 days."))


@pages.post("/settings/team/invitations/<uuid:team_invitation_id>/resending")
@member(Role.ADMIN)
def resend_invitation(team_invitation_id: UUID) -> Response:
    resend(team_invitation_id)
    return _to_team(_("Sent again. Only the newest link works."))


@pages.post("/settings/team/invitations/<uuid:team_invitation_id>/withdrawal")
@member(Role.ADMIN)
def withdraw_invitation(team_invitation_id: UUID) -> Response:
    withdraw(team_invitation_id)
    return _to_team(_("The invitation is withdrawn. Its link works no more."))


@pages.post("/settings/team/<uuid:membership_id>/role")
@member(Role.ADMIN)
def change_member_role(membership_id: UUID) -> Response:
    changed = change_role(membership_id, RoleForm(prefix=_prefix(membership_id)).role.data or "")
    return _to_team(_("Saved: %(role)s. It counts at once.", role=role_name(Role(changed.role))))


@pages.post("/settings/team/<uuid:membership_id>/staff-member")
@member(Role.ADMIN)
def link_member(membership_id: UUID) -> Response:
    typed = LinkedStaffForm(prefix=_prefix(membership_id)).staff_member_id.data
    link_staff_member(membership_id, _uuid(typed))
    return _to_team(_("Saved."))


@pages.post("/settings/team/<uuid:membership_id>/deactivation")
@member(Role.ADMIN)
def deactivate_member(membership_id: UUID) -> Response:
    withdrawn = deactivate(membership_id)
    return _to_team(_told(_("They are out, on every device. Slots that exist stay."), withdrawn))


@pages.post("/settings/team/<uuid:membership_id>/reactivation")
@member(Role.ADMIN)
def reactivate_member(membership_id: UUID) -> Response:
    reactivate(membership_id)
    return _to_team(_("They have access again."))


@pages.post("/settings/team/ownership")
@member(Role.OWNER)
def transfer() -> Response:
    form = _transfer_form(list_members())
    try:
        transfer_ownership(_uuid(form.membership_id.data) or UUID(int=0), form.business_name.data or "")
    except BadInput as error:
        form.bind_errors(error)
        return _team_page(transfer_form=form, status=error.status)
    return _to_team(_("The business has a new owner. You are an admin now."))


@pages.post("/settings/team/leaving")
@member(Role.VIEWER)
def leave_team() -> Response:
    name = get_business().name
    leave()
    return see_other(url_for("identity.businesses"), _("You left %(business)s.", business=name))


def _to_team(toast: str) -> Response:
    return see_other(url_for("identity.team"), toast)


def _told(sentence: str, withdrawn: int) -> str:
    if not withdrawn:
        return sentence
    also = ngettext("%(num)d invitation of theirs was withdrawn.", "%(num)d invitations of theirs were withdrawn.",
                    withdrawn)  # fmt: skip
    return f"{sentence} {also}"


def _beside(error: NexError) -> BadInput:
    return BadInput(fields={"contact": error.sentence})


def _uuid(typed: str | None) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        return UUID(int=0)


def _prefix(membership_id: UUID) -> str:
    return f"m{membership_id.hex[-8:]}"


def _role_choices(roles: list[Role]) -> list[tuple[str, str]]:
    return [(role.value, f"{role_name(role)}: {ROLE_NOTES[role]}") for role in roles]


def _staff_choices(staff: list[StaffMember], own: UUID | None = None) -> list[tuple[str, str]]:
    free = [s for s in staff if s.is_active and (s.user_id is None or s.id == own)]
    return [("", _("Nobody's")), *((str(s.id), s.display_name) for s in free)]


def _invitation_form(**kwargs: Any) -> InvitationForm:
    form = InvitationForm(**kwargs)
    form.country = get_business().country
    roles: list[Role] = [role for role in assignable_by(current_actor().role) if role is not Role.OWNER]
    form.role.choices = _role_choices(roles)
    form.staff_member_id.choices = _staff_choices(list_staff())
    if not form.role.data:
        form.role.data = Role.STAFF.value
    return form


def _transfer_form(members: list[Member], **kwargs: Any) -> TransferForm:
    form = TransferForm(prefix="t", **kwargs)
    others = [m for m in members if m.deactivated_at is None and m.user_id != current_actor().user_id]
    form.membership_id.choices = [(str(m.id), m.called) for m in others]
    return form


def _line(one: Member, staff: list[StaffMember]) -> Line:
    actor = current_actor()
    may_change = actor.role.at_least(Role.ADMIN) and actor.role.at_least(one.role) and one.deactivated_at is None
    if not may_change:
        return Line(one, None, None, one.user_id == actor.user_id)
    prefix = _prefix(one.id)
    role_form = RoleForm(formdata=None, prefix=prefix, data={"role": one.role.value})
    role_form.role.choices = [(role.value, role_name(role)) for role in assignable_by(actor.role)]
    staff_form = LinkedStaffForm(formdata=None, prefix=prefix, data={"staff_member_id": str(one.staff_member_id or "")})
    staff_form.staff_member_id.choices = _staff_choices(staff, one.staff_member_id)
    return Line(one, role_form, staff_form, one.user_id == actor.user_id)


def _team_page(
    form: InvitationForm | None = None, *, transfer_form: TransferForm | None = None, status: int = 200
) -> Response:
    members, role = list_members(), current_actor().role
    is_admin = role.at_least(Role.ADMIN)
    staff = list_staff() if is_admin else []
    return page(
        "identity/members.html",
        "identity/_members.html",
        status=status,
        lines=[_line(one, staff) for one in members if is_admin or one.deactivated_at is None],
        waiting=list_waiting() if is_admin else [],
        form=form or (_invitation_form(formdata=None) if is_admin else None),
        transfer_form=transfer_form or (_transfer_form(members, formdata=None) if role is Role.OWNER else None),
        business=get_business(),
        is_admin=is_admin,
        role_name=role_name,
        Role=Role,
        moment=now(),
    )
