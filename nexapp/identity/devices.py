"""The devices that somebody is signed in on, and ending their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from nexapp.identity.errors import SessionNotFound
from nexapp.identity.models import UserSession
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.realtime import publish
from nexapp.spine.sockets import recheck_soon
from nexapp.spine.tenancy import current_actor

BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Macintosh", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Device:
    session_id: UUID
    label: str
    ip: str | None
    signed_in_at: datetime
    last_seen_at: datetime
    is_this: bool


def list_devices() -> list[Device]:
    """Where the actor is signed in, this device first, then by last use."""
    actor = current_actor()
    wanted = select(UserSession).where(*_live(actor.user_id)).order_by(UserSession.last_seen_at.desc())
    found = [
        Device(s.id, device_label(s.user_agent), s.ip, s.created_at, s.last_seen_at, s.id == actor.session_id)
        for s in db.session.scalars(wanted)
    ]
    return sorted(found, key=lambda device: not device.is_this)


def end_device(session_id: UUID) -> None:
    """Sign one of the actor's devices out. Raises `SessionNotFound` for anybody else's."""
    if not _revoke(UserSession.id == session_id):
        raise SessionNotFound


def end_all_devices() -> int:
    """Sign the actor out everywhere, here too; how many sessions ended."""
    return _revoke()


def device_label(user_agent: str | None) -> str:
    """`Chrome on Android`: what a person knows their device by."""
    told = user_agent or ""
    browser = next((name for mark, name in BROWSERS if mark in told), None)
    system = next((name for mark, name in SYSTEMS if mark in told), None)
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("A device that doesn't tell its kind"))


def _revoke(*which: Any) -> int:
    actor = current_actor()
    ended = db.session.scalars(
        update(UserSession).where(*_live(actor.user_id), *which).values(revoked_at=func.now()).returning(UserSession.id)
    ).all()
    for session_id in ended:
        audit.record("session.ended", "user_session", session_id)
    if ended:
        recheck_soon()
        publish(f"user:{actor.user_id}", "devices-changed")
    return len(ended)


def _live(user_id: UUID | None) -> tuple[Any, ...]:
    return (
        UserSession.user_id == user_id,
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > func.now(),
        UserSession.last_seen_at + func.make_interval(0, 0, 0, 0, 0, 0, UserSession.idle_seconds) > func.now(),
    )
