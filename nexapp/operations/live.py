"""Who hears the platform's live signals."""

from __future__ import annotations

from nexapp.spine.access import Principal
from nexapp.spine.realtime import topic


@topic("admin")
def may_join_ops(principal: Principal | None, parts: list[str]) -> bool:
    return principal is not None and principal.is_platform_admin and parts == ["ops"]
