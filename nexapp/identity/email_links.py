"""Links by e-mail: the second way to sign in, and the proof of an address. Each works once, for 15 minutes.

Opening one changes nothing, for scanners open links; its page has a button. A known address and an unknown one get
the same answer, within the same limits.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import delete, func, select, text, update

from nexapp.identity.events import EmailLinkMade
from nexapp.identity.models import EmailLink, User
from nexapp.identity.team_invitations import has_live_invitation
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.errors import TooMany, Unavailable
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id

LIFETIME = timedelta(minutes=15)
RESEND_AFTER = timedelta(seconds=30)
WINDOW = timedelta(hours=1)
PER_EMAIL = 5
PER_IP = 60
LOCAL_ROOM = 10
"""On an installation of the local phone all of a test's people come from one address."""

SIGN_IN, VERIFY = "sign_in", "verify_email"


def send_link(email: str, wanted: str | None, *, for_user: UUID | None = None) -> None:
    """Send a link to sign in, or with `for_user` one that makes the address theirs. Runs as the system.

    Nothing is sent to an address that nobody signs in with and nobody invited; the row is written all the same, so
    that limits and answers are alike. Raises `TooMany`, or
    `Unavailable` where no mail server is set.
    """
    if not settings().sends_email:
        raise Unavailable(_("This installation sends no e-mail. Sign in by your phone number."))
    _refuse_too_many(email)
    token, link_id = secrets.token_urlsafe(24), new_id()
    purpose = VERIFY if for_user else SIGN_IN
    db.session.add(
        EmailLink(
            id=link_id, token_hash=hash_token(token), purpose=purpose, email=email, user_id=for_user, next=wanted,
            ip=request.remote_addr, expires_at=now() + LIFETIME,
        )
    )  # fmt: skip
    db.session.flush()
    if for_user or find_user(email) is not None or has_live_invitation(email):
        emit(EmailLinkMade(link_id, email, purpose, settings().base_url + url_for("identity.email_link", token=token)))


def find_link(token: str) -> EmailLink | None:
    """The link, if it can still be used."""
    wanted = select(EmailLink).where(
        EmailLink.token_hash == hash_token(token), EmailLink.used_at.is_(None), EmailLink.expires_at > func.now()
    )
    return db.session.scalar(wanted)


def spend_link(token: str) -> EmailLink | None:
    """The link, spent by this very call; None where it was used before or has lapsed."""
    return db.session.scalar(
        update(EmailLink)
        .where(
            EmailLink.token_hash == hash_token(token), EmailLink.used_at.is_(None), EmailLink.expires_at > func.now()
        )
        .values(used_at=func.now())
        .returning(EmailLink)
    )


def find_user(email: str) -> User | None:
    return db.session.scalar(select(User).where(func.lower(User.email) == email.lower()))


def delete_expired_links() -> int:
    """Drop links that can't be used any more and no longer count towards an hour's limit."""
    gone = db.session.execute(
        delete(EmailLink).where(EmailLink.expires_at < func.now(), EmailLink.created_at < func.now() - WINDOW)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _refuse_too_many(email: str) -> None:
    key = f"email-link:{email.lower()}"
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    load = db.session.execute(
        text("SELECT * FROM nexapp_email_load(:email, :ip)"), {"email": email, "ip": request.remote_addr}
    ).one()
    if load.last_at is not None and load.last_at + RESEND_AFTER > now():
        raise TooMany(_("A link is on its way. You can ask for another one in half a minute."), retry_after=30)
    if load.by_email >= PER_EMAIL:
        raise TooMany(_("That address got enough links for now. Try again in an hour."), retry_after=3600)
    if load.by_ip >= PER_IP * (LOCAL_ROOM if settings().uses_local_phone else 1):
        raise TooMany(_("Too many links were asked for from here. Try again in 10 minutes."), retry_after=600)


def hash_token(token: str) -> bytes:
    return hashlib.sha256(f"email-link:{token}".encode()).digest()
