"""What happened away from here, as somebody tells it: a call, a meeting, a reply."""

from __future__ import annotations

from uuid import UUID

from nexapp.sales.activities import record_activity
from nexapp.sales.activity_kinds import BY_HAND
from nexapp.sales.prospects import lock_prospect, tell
from nexapp.spine.errors import BadInput, Forbidden
from nexapp.spine.tenancy import current_actor


def record_contact(prospect_id: UUID, kind: str, words: str, key: UUID) -> None:
    """On a prospect that the actor may change, once for each `key`. A reply stops the sequences that wait for one."""
    prospect, user_id = lock_prospect(prospect_id), current_actor().user_id
    if user_id is None:
        raise Forbidden
    if kind not in BY_HAND:
        raise BadInput
    details = {"words": words} if words else {}
    record_activity(user_id, kind, prospect.id, external_id=f"contact:{key}", details=details)
    tell(prospect.org_id, prospect.id)
