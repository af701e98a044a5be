"""What a sender tells us, in one shape for all of them: a booking was made, or it was cancelled."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

BOOKED, CANCELLED = "booked", "cancelled"
INSTANTS = ("starts_at", "ends_at", "was_starts_at", "was_ends_at", "happened_at")
LONGEST_UID, LONGEST_WORDS = 500, 200


@dataclass(frozen=True, slots=True)
class Change:
    """A booking that moved under its own `uid` is booked at its new time; one that got a new uid is also cancelled."""

    action: str
    uid: str
    starts_at: datetime | None = None
    """None where the sender names the booking only: then what we know of it counts."""
    ends_at: datetime | None = None
    staff_reference: str = ""
    """How the sender names the staff member: an address, an id, a name."""
    staff_name: str = ""
    client: str = ""
    service: str = ""
    was_starts_at: datetime | None = None
    was_ends_at: datetime | None = None
    happened_at: datetime | None = None
    version: int | None = None
    moved: bool = False
    """Cancelled because it has another time now."""
    frees_only: bool = False
    """The time it had is free; the booking itself goes on."""
    staff_member_id: str = ""
    """Whose time that was, where we know; it goes before the names, which say whose it is now."""

    def to_json(self) -> dict[str, Any]:
        plain = asdict(self)
        return plain | {name: plain[name] and plain[name].isoformat() for name in INSTANTS}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        return cls(**plain | {name: plain[name] and datetime.fromisoformat(plain[name]) for name in INSTANTS})

    def leaving(self, starts_at: datetime, ends_at: datetime, staff_member_id: UUID | None = None) -> Change:
        """The time that a booking left when it moved, or went to somebody else, under its own uid."""
        return replace(
            self, action=CANCELLED, starts_at=starts_at, ends_at=ends_at, was_starts_at=None, was_ends_at=None,
            moved=True, frees_only=True, staff_member_id=str(staff_member_id or ""),
        )  # fmt: skip

    @property
    def reference(self) -> str:
        """The key under which a person says once who that is."""
        return (self.staff_reference or self.staff_name).casefold()[:LONGEST_WORDS]
