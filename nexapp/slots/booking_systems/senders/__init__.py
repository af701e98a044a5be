"""One reader for each sender: its JSON becomes `Change`s. None for what is no booking (a test call, say).

Raises `errors.Malformed` with the field that is missing or can't be read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nexapp.slots.booking_systems.changes import Change
from nexapp.slots.booking_systems.senders import cal_com, calendly, generic, square

READERS: dict[str, Callable[[dict[str, Any], str], list[Change]]] = {
    "cal_com": cal_com.read,
    "calendly": calendly.read,
    "square": square.read,
    "generic": generic.read,
}


def read_changes(kind: str, body: dict[str, Any], zone: str) -> list[Change]:
    """The changes of one post in the order to take them; `zone` is the business's."""
    return READERS[kind](body, zone)


def event_name(kind: str, body: dict[str, Any]) -> str | None:
    """The sender's own id of this very event, where it has one."""
    found = {"square": body.get("event_id"), "generic": body.get("id")}.get(kind)
    return found if isinstance(found, str) and found else None
