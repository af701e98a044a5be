"""What happens in identity that parts above it act on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SignInCodeRequested:
    """Somebody wants to prove that a number is theirs.

    Handle it inline only: as a job its row would keep the plain code.
    """

    code_id: UUID
    phone: str
    code: str
    purpose: str
    org_id: UUID | None


@dataclass(frozen=True, slots=True)
class TeamInvitationMade:
    """Somebody is to be told of their place in a team. Handle it inline only: `url` holds the plain token."""

    invitation_id: UUID
    org_id: UUID
    business: str
    inviter: str
    phone: str | None
    email: str | None
    url: str


@dataclass(frozen=True, slots=True)
class EmailLinkMade:
    """A link for a mailbox. Handle it inline only: `url` holds the plain token.

    `purpose` is "sign_in" or "verify_email".
    """

    link_id: UUID
    email: str
    purpose: str
    url: str


@dataclass(frozen=True, slots=True)
class EmailChanged:
    """An account is opened by another address from now on; the old one is told."""

    user_id: UUID
    old_email: str
    new_email: str


@dataclass(frozen=True, slots=True)
class AccessEnded:
    """Somebody is out of a team. What they could read there without signing in ends too. Handle it inline."""

    org_id: UUID
    user_id: UUID
