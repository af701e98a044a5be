"""Pushes to browsers (Web Push, RFC 8030, 8188, 8291 and 8292) and to apps (FCM v1).

A push that was sent twice replaces itself on the device: both kinds name a topic. So silence of a service is a reason
to try again, unlike with texts and letters. Raises `PushGone`, `PushRefused` and `PushBusy`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class PushError(Exception):
    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


class PushGone(PushError):
    """The device doesn't take pushes any more: its address is worth nothing."""


class PushRefused(PushError):
    """Trying again can't help."""


class PushBusy(PushError):
    """Worth another try, after `retry_after` seconds where the service says when. `rests`: leave it alone meanwhile."""

    def __init__(
        self, sentence: str, code: int | None = None, retry_after: float | None = None, rests: float = 0.0
    ) -> None:
        super().__init__(sentence, code)
        self.retry_after = retry_after
        self.rests = rests


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device is: a push service's URL with the browser's keys, or an app's token."""

    kind: str
    endpoint: str
    p256dh: str = ""
    auth: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OutboundPush:
    """`topic` names what it replaces, in up to 32 characters of base64url; `content` is what the device gets."""

    topic: str
    content: dict[str, str]
    ttl_seconds: int
    urgency: str = "normal"


class PushGateway(Protocol):
    def send(self, address: Address, push: OutboundPush) -> str:
        """What the service calls the push. Raises a `PushError`."""
