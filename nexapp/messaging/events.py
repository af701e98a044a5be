"""What happens in messaging that parts above it act on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class InboundTextReceived:
    """Somebody wrote something that is neither STOP, START nor HELP. It waits in `inbound_messages` for a person.

    `word` is the text in capitals without punctuation (`YES`); `org_id` the business that texted them last.
    """

    inbound_id: UUID
    consumer_id: UUID
    org_id: UUID | None
    word: str


@dataclass(frozen=True, slots=True)
class ConsumerOptedOut:
    consumer_id: UUID
    source: str
