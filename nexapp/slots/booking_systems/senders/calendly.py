"""Calendly: `event`, `created_at` and a `payload` that is the invitee, with its `scheduled_event`.

A rescheduled booking comes as two posts: the old event cancelled with `rescheduled`, the new one created.
"""

from __future__ import annotations

from typing import Any

from nexapp.slots.booking_systems.changes import BOOKED, CANCELLED, Change
from nexapp.slots.booking_systems.senders import fields

ACTIONS = {"invitee.created": BOOKED, "invitee.canceled": CANCELLED}


def read(body: dict[str, Any], _zone: str) -> list[Change]:
    action = ACTIONS.get(fields.words(body, "event"))
    if action is None:
        return []
    invitee = fields.part(body, "payload")
    event = fields.part(invitee, "scheduled_event")
    if action == CANCELLED and _others_come(event):
        return []
    starts_at, ends_at = fields.span(fields.instant(event, "start_time"), fields.instant(event, "end_time"))
    host = fields.first(event, "event_memberships")
    return [
        Change(
            action, fields.uid(event, "uri"), starts_at, ends_at,
            staff_reference=fields.words(host, "user_email") or fields.words(host, "user"),
            staff_name=fields.words(host, "user_name"), client=fields.words(invitee, "name"),
            service=fields.words(event, "name"), happened_at=fields.maybe_instant(body, "created_at"),
            moved=action == CANCELLED and invitee.get("rescheduled") is True,
        )
    ]  # fmt: skip


def _others_come(event: dict[str, Any]) -> bool:
    """One of a group has cancelled: the time is still needed."""
    active = fields.maybe(event, "invitees_counter").get("active")
    return event.get("status") == "active" and isinstance(active, int) and active > 0
