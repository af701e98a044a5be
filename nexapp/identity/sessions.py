"""Signed-in devices. The cookie carries a random token, the row its SHA-256; ending the row ends the device's session.

flask-login keeps the token in the cookie session and loads its holder once a request, by one look-up that also
tells the role in the chosen business: a changed role or a closed account shows with the next request.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask, g, has_request_context, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import Row, func, select, update

from nexapp.identity.models import Membership, Organization, User, UserSession
from nexapp.spine import audit
from nexapp.spine.access import Principal
from nexapp.spine.clock import now
from nexapp.spine.db import db, lookup
from nexapp.spine.sockets import recheck_soon
from nexapp.spine.tenancy import SYSTEM, Role
from nexapp.spine.unit import in_unit, unit_of_work

ADMIN_IDLE = timedelta(hours=12)
IDLE = timedelta(days=30)
ADMIN_LONGEST = timedelta(days=7)
LONGEST = timedelta(days=180)
TOUCH_EVERY = timedelta(minutes=5)

PENDING = "sign_in"
"""Where the cookie keeps a sign-in that waits for its code."""

login_manager = LoginManager()
login_manager.session_protection = None  # phones change their address all day


class Device(UserMixin):  # type: ignore[misc]
    """What flask-login carries: the token, and whose it is."""

    def __init__(self, token: str, principal: Principal | None = None) -> None:
        self.token = token
        self.principal = principal

    def get_id(self) -> str:
        return self.token


def configure(app: Flask) -> None:
    # Not init_app: its hook for a remember-me cookie, which we have none of, reads the session on every static file.
    app.login_manager = login_manager  # type: ignore[attr-defined]
    # A late answer to an earlier request must not put an older cookie back; `_touch` renews it.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.extensions["principal_loader"] = load_principal


def load_principal() -> Principal | None:
    """Who asks. Also notes, every few minutes, that the session is in use."""
    if not has_request_context() or not current_user.is_authenticated:
        return None
    found: Principal | None = current_user.principal
    return found


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_device(token: str) -> Device | None:
    row = lookup("SELECT * FROM nexapp_session(:hash)", hash=_hash(token))
    if row is None:
        return None
    g.org_kind = row.org_kind or "business"
    _touch(row)
    return Device(token, _principal(row))


def start_session(user: User) -> UserSession:
    """Sign this browser in under a fresh token; whatever it was signed in as before ends. Runs as the system."""
    _revoke_token(session.get("_user_id"))
    token = secrets.token_urlsafe(32)
    idle, longest = (ADMIN_IDLE, ADMIN_LONGEST) if user.is_platform_admin else (IDLE, LONGEST)
    row = UserSession(
        token_hash=_hash(token), user_id=user.id, org_id=_usual_business(user.id), ip=request.remote_addr,
        user_agent=_user_agent(), expires_at=now() + longest, idle_seconds=int(idle.total_seconds()),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    session.clear()
    session.permanent = True
    login_user(Device(token))
    audit.record("session.started", "user_session", row.id, {"user_id": str(user.id)}, org_id=row.org_id)
    return row


def pass_second_factor(user_id: UUID, session_id: UUID) -> None:
    """Make this browser's session a platform admin's: under a fresh token, and with an admin's limits."""
    token = secrets.token_urlsafe(32)
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        .values(
            token_hash=_hash(token), second_factor_at=func.now(),
            idle_seconds=func.least(UserSession.idle_seconds, int(ADMIN_IDLE.total_seconds())),
            expires_at=func.least(UserSession.expires_at, now() + ADMIN_LONGEST),
        )
    )  # fmt: skip
    login_user(Device(token))
    audit.record("session.second_factor", "user_session", session_id, {"user_id": str(user_id)})


def end_session() -> None:
    """Sign this browser out; nothing happens where nobody is signed in. Runs as the system."""
    ended = _revoke_token(session.get("_user_id"))
    if ended is not None:
        audit.record("session.ended", "user_session", ended)
        recheck_soon()
    logout_user()
    session.clear()


def _revoke_token(token: Any) -> UUID | None:
    if not isinstance(token, str):
        return None
    return db.session.scalar(
        update(UserSession)
        .where(UserSession.token_hash == _hash(token), UserSession.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(UserSession.id)
    )


def _usual_business(user_id: UUID) -> UUID | None:
    """The business chosen when the person was here last, else the first they joined."""
    last_use = (
        select(func.max(UserSession.last_seen_at))
        .where(UserSession.user_id == user_id, UserSession.org_id == Membership.org_id)
        .scalar_subquery()
    )
    return db.session.scalar(
        select(Membership.org_id)
        .join(Organization, Organization.id == Membership.org_id)
        .where(
            Membership.user_id == user_id,
            Membership.deactivated_at.is_(None),
            Organization.suspended_at.is_(None),
        )
        .order_by(last_use.desc().nulls_last(), Membership.created_at)
        .limit(1)
    )


def _touch(row: Row[Any]) -> None:
    # A socket's answers carry no cookie; its page asks for fragments soon enough.
    if in_unit() or row.last_seen_at + TOUCH_EVERY > now() or request.path.startswith("/socket.io"):
        return
    session.modified = True
    with unit_of_work(SYSTEM):
        db.session.execute(
            update(UserSession)
            .where(UserSession.id == row.session_id)
            .values(last_seen_at=func.now(), ip=request.remote_addr, user_agent=_user_agent())
        )


def _principal(row: Row[Any]) -> Principal:
    role = Role(row.role) if row.role else Role.NOBODY
    return Principal(
        row.user_id, row.session_id, row.org_id, role, row.is_platform_admin, row.lacks_second_factor
    )  # fmt: skip


def _user_agent() -> str | None:
    return (request.user_agent.string or "")[:300] or None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
