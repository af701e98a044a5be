"""Settings, team, account, locations, and the pages behind links by text and by e-mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from nexapp.identity.email_links import hash_token as hash_email_token
from nexapp.identity.team_invitations import hash_token
from tests.blackbox import Merchant, fresh_phone, sql

NAMES = [
    "settings", "team", "account", "locations", "invitation", "invitation_ended", "sign_in_email", "email_sent",
    "email_link", "second_factor", "authenticator",
]  # fmt: skip

INVITED = """
    INSERT INTO team_invitations (id, org_id, token_hash, role, phone, invited_by, expires_at, withdrawn_at)
    SELECT %s, org_id, %s, 'manager', %s, user_id, now() + interval '1 day', %s
    FROM memberships WHERE org_id = %s
"""
LINKED = """
    INSERT INTO email_links (id, token_hash, purpose, email, expires_at)
    VALUES (%s, %s, 'sign_in', 'anna@example.com', now() + interval '1 day')
"""


def arrange(places: Any, merchant: Merchant) -> None:
    stack = merchant.stack
    for token, ended in (("a" * 22, None), ("b" * 22, "2026-01-01")):
        sql(stack, INVITED, uuid4(), hash_token(token), fresh_phone(), ended, merchant.org_id)
    sql(stack, LINKED, uuid4(), hash_email_token("c" * 32))
    _place(merchant, merchant.org_id)
    places.add(merchant, settings="/settings", team="/settings/team", account="/account")
    places.add(merchant, locations="/settings/locations", authenticator="/dev/authenticator")
    places.add(None, invitation=f"/i/{'a' * 22}", invitation_ended=f"/i/{'b' * 22}", email_link=f"/l/{'c' * 32}")
    places.add(None, sign_in_email="/sign-in/email", email_sent="/sign-in/email/sent")
    admin = Merchant(stack)
    admin.sign_in()
    sql(stack, "UPDATE users SET is_platform_admin = true WHERE phone = %s", admin.phone)
    places.add(admin, second_factor="/sign-in/second-factor")


def _place(merchant: Merchant, org_id: UUID) -> None:
    sql(
        merchant.stack, "INSERT INTO locations (id, org_id, name, address) VALUES (%s, %s, 'Uptown', '9 Oak Street')",
        uuid4(), org_id,
    )  # fmt: skip
