"""Whose follow-ups are, once their owner has left: the prospect's new owner's, else a manager's, else the owner's."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from nexapp.identity.events import AccessEnded
from nexapp.sales.follow_ups import tell_follow_ups
from nexapp.spine.db import db
from nexapp.spine.events import on

_ACTIVE = """
    SELECT m.user_id, m.role, m.created_at FROM memberships m
    JOIN users u ON u.id = m.user_id AND u.deactivated_at IS NULL
    WHERE m.org_id = f.org_id AND m.deactivated_at IS NULL
"""
# The row locks of those who work on one just now are left alone: the next run finds it.
_HAND_OVER = """
    WITH left_behind AS (
        SELECT f.id, h.user_id AS heir FROM follow_ups f
        LEFT JOIN prospects p ON p.org_id = f.org_id AND p.id = f.prospect_id
        CROSS JOIN LATERAL (
            SELECT a.user_id FROM ({active}) a
            WHERE a.user_id <> f.owner_id AND (a.user_id = p.owner_id OR a.role IN ('manager', 'owner', 'admin'))
            ORDER BY a.user_id IS DISTINCT FROM p.owner_id,
                array_position(ARRAY['manager', 'owner', 'admin'], a.role), a.created_at, a.user_id
            LIMIT 1
        ) h
        WHERE {which} AND NOT EXISTS (SELECT FROM ({active}) a WHERE a.user_id = f.owner_id)
        FOR UPDATE OF f SKIP LOCKED
    )
    UPDATE follow_ups f SET owner_id = l.heir, handed_from = f.owner_id, updated_at = now()
    FROM left_behind l WHERE f.id = l.id
    RETURNING f.org_id
"""
OF_ONE = text(
    _HAND_OVER.format(
        active=_ACTIVE,
        which="f.org_id = :org_id AND f.owner_id = :user_id AND f.status IN ('pending', 'sent', 'snoozed')",
    )
)
OF_THOSE_DUE = text(_HAND_OVER.format(active=_ACTIVE, which="f.status IN ('pending', 'snoozed') AND f.due_at <= now()"))


@on(AccessEnded, inline=True)
def hand_over(event: AccessEnded) -> None:
    if db.session.execute(OF_ONE, {"org_id": event.org_id, "user_id": event.user_id}).first():
        tell_follow_ups(event.org_id)


def hand_over_due() -> set[UUID]:
    """For those who left in another way, all at once; the organisations it concerned. Runs as the system."""
    return set(db.session.scalars(OF_THOSE_DUE))
