"""Who may hear which signals: their own, and those of the business they work in."""

from __future__ import annotations

from nexapp.spine.access import Principal
from nexapp.spine.realtime import topic
from nexapp.spine.tenancy import Role


@topic("user")
def is_own(principal: Principal | None, parts: list[str]) -> bool:
    return principal is not None and parts == [str(principal.user_id)]


@topic("org")
def is_member(principal: Principal | None, parts: list[str]) -> bool:
    return principal is not None and principal.role.at_least(Role.VIEWER) and parts[0] == str(principal.org_id)
