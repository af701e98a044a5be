"""The states of a message, and the provider's words for them. A message moves forward only."""

from __future__ import annotations

OPEN = ("queued", "sending", "unknown")
"""Not yet known to have been accepted: news of the provider settles these."""

FINAL = ("delivered", "undelivered", "failed", "cancelled", "suppressed", "expired")
"""Nothing moves a message on from here."""

FAILURES = ("undelivered", "failed")

_PROVIDER = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "cancelled",
}


def state_of(provider_status: str) -> str:
    """Ours for theirs; what we don't know means at least that they have the text."""
    return _PROVIDER.get(provider_status, "sent")


def may_become(state: str) -> tuple[str, ...]:
    """The states from which a message may move on to this one by news of the provider."""
    return OPEN if state == "sent" else (*OPEN, "sent")
