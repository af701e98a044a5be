"""The refusals of this part."""

from __future__ import annotations

from nexapp.spine.errors import Conflict, Forbidden, Gone, NotFound


class AccountClosed(Forbidden):
    code = "account_closed"


class BusinessNotFound(NotFound):
    """Also for a business of somebody else: the answer must not tell that it exists."""

    code = "business_not_found"


class StaffMemberNotFound(NotFound):
    code = "staff_member_not_found"


class LocationNotFound(NotFound):
    code = "location_not_found"


class LastStaffMember(Conflict):
    code = "last_staff_member"


class MemberNotFound(NotFound):
    code = "member_not_found"


class LastOwner(Conflict):
    code = "last_owner"


class InvitationNotFound(NotFound):
    code = "invitation_not_found"


class InvitationEnded(Gone):
    """Used, withdrawn or lapsed."""

    code = "invitation_ended"


class NotInvited(Forbidden):
    """Somebody else is signed in than the one who was invited."""

    code = "not_invited"


class EmailTaken(Conflict):
    code = "email_taken"


class SessionNotFound(NotFound):
    """Also for a session of somebody else."""

    code = "session_not_found"
