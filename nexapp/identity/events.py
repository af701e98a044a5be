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
