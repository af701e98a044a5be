"""Invitations, links by e-mail and second factors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

NAMES = ("team_invitation", "email_link", "recovery_code")
SAMPLES = {"team_invitation_id": "team_invitation"}


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "team_invitations", {
        "id": tenant["team_invitation"], "org_id": tenant["org"],
        "token_hash": hashlib.sha256(f"i-{mark}".encode()).digest(),
        "role": "staff", "phone": f"+1{area}5550177", "staff_member_id": tenant["staff"],
        "invited_by": tenant["user"], "expires_at": "2100-01-01",
    }  # fmt: skip
    yield "email_links", {
        "id": tenant["email_link"], "token_hash": hashlib.sha256(f"e-{mark}".encode()).digest(),
        "purpose": "verify_email", "email": f"{mark}@example.com", "user_id": tenant["user"],
        "expires_at": "2100-01-01",
    }  # fmt: skip
    yield "second_factors", {"user_id": tenant["user"], "nonce": mark.encode()}
    yield "recovery_codes", {
        "id": tenant["recovery_code"], "user_id": tenant["user"],
        "code_hash": hashlib.sha256(mark.encode()).digest(),
    }  # fmt: skip
