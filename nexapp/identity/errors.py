"""The refusals of this part."""

from __future__ import annotations

from nexapp.spine.errors import Conflict, Forbidden, NotFound


class AccountClosed(Forbidden):
    code = "account_closed"


class BusinessNotFound(NotFound):
    """Also for a business of somebody else: the answer must not tell that it exists."""

    code = "business_not_found"


class StaffMemberNotFound(NotFound):
    code = "staff_member_not_found"


class LastStaffMember(Conflict):
    code = "last_staff_member"
