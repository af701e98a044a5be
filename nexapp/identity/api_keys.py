"""Keys of the API: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Text, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import Created, Keyed, Model, db, lookup
from nexapp.spine.errors import BadInput, Forbidden, NotFound
from nexapp.spine.tenancy import Actor, Role, current_actor, scoped
from nexapp.spine.web.api import Caller

PREFIX = "nxk_"
"""Lets scanners of leaked secrets know one."""

MOST_KEYS = 50
USED_EVERY = timedelta(minutes=1)

SCOPES = {
    "notifications:read": _("Read notifications"),
    "notifications:write": _("Mark, delete and create notifications"),
    "settings:read": _("Read notification settings"),
    "settings:write": _("Change notification settings"),
    "prospects:read": _("Read prospects"),
    "prospects:write": _("Add and change prospects"),
    "follow_ups:read": _("Read follow-ups"),
    "follow_ups:write": _("Add and change follow-ups"),
    "activities:write": _("Record activities"),
    "jobs:read": _("See jobs"),
    "jobs:run": _("Start jobs"),
}
PLATFORM_SCOPES = ("jobs:read", "jobs:run")
"""Of keys without a business: they run the installation."""


class ApiKey(Keyed, Created, Model):
    """A key; `hint` is its beginning, by which people tell theirs apart."""

    __tablename__ = "api_keys"

    org_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    """Whom a personal key acts as."""
    kind: Mapped[str]
    name: Mapped[str]
    hint: Mapped[str]
    key_hash: Mapped[bytes]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[UUID | None]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class NewKey:
    key_id: UUID
    secret: str
    """The key itself. It is nowhere else."""


def make_key(name: str, kind: str, scopes: list[str], days: int | None = None) -> NewKey:
    """Make one for the actor's business, or, as the system, for the installation.

    Raises `BadInput`, and `Forbidden` where somebody below an admin wants one for the whole business.
    """
    actor = current_actor()
    if kind == "service" and not (actor.role is Role.SYSTEM or actor.role.at_least(Role.ADMIN)):
        raise Forbidden
    _refuse_unusable(scopes, actor)
    secret = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        org_id=actor.org_id, user_id=actor.user_id if kind == "personal" else None, kind=kind, name=name,
        hint=secret[:10], key_hash=_hash(secret), scopes=scopes, created_by=actor.user_id,
        expires_at=now() + timedelta(days=days) if days else None,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.record("api_key.made", "api_key", row.id, {"kind": kind, "scopes": scopes})
    return NewKey(row.id, secret)


def _refuse_unusable(scopes: list[str], actor: Actor) -> None:
    allowed = PLATFORM_SCOPES if actor.org_id is None else tuple(SCOPES)
    if not scopes or any(scope not in allowed for scope in scopes):
        raise BadInput(fields={"scopes": gettext("Choose what the key may do.")})
    if actor.org_id is not None and len(list_keys()) >= MOST_KEYS:
        raise BadInput(gettext("There are %(n)d keys already. Take one back first.", n=MOST_KEYS))


def list_keys() -> list[ApiKey]:
    """The business's keys that haven't been taken back: all of them to an admin, else one's own."""
    actor = current_actor()
    wanted = scoped(ApiKey).where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.id.desc())
    if not actor.role.at_least(Role.ADMIN):
        wanted = wanted.where(ApiKey.user_id == actor.user_id)
    return list(db.session.scalars(wanted))


def revoke_key(key_id: UUID) -> str:
    """Take a key back, at once and for good; its name. Raises `NotFound`."""
    key = next((key for key in list_keys() if key.id == key_id), None)
    if key is None:
        raise NotFound
    db.session.execute(update(ApiKey).where(ApiKey.id == key_id).values(revoked_at=func.now()))
    audit.record("api_key.revoked", "api_key", key_id)
    return key.name


def list_platform_keys() -> list[ApiKey]:
    """The installation's keys in use, oldest first. Runs as the system."""
    wanted = select(ApiKey).where(ApiKey.org_id.is_(None), ApiKey.revoked_at.is_(None))
    return list(db.session.scalars(wanted.order_by(ApiKey.id)))


def revoke_platform_key(hint: str) -> bool:
    """Take back the installation's key that begins so. Runs as the system; False where there is none, or several."""
    found = db.session.scalars(
        select(ApiKey.id).where(ApiKey.org_id.is_(None), ApiKey.hint == hint[:10], ApiKey.revoked_at.is_(None))
    ).all()
    if len(found) != 1:
        return False
    db.session.execute(update(ApiKey).where(ApiKey.id == found[0]).values(revoked_at=func.now()))
    audit.record("api_key.revoked", "api_key", found[0])
    return True


def find_caller(secret: str) -> Caller | None:
    """Whose key it is; None for one that is unknown, has ended or was taken back."""
    row = lookup("SELECT * FROM nexapp_api_key(:hash)", hash=_hash(secret)) if secret.startswith(PREFIX) else None
    if row is None:
        return None
    g.org_kind = row.org_kind or "business"
    if row.last_used_at is None or now() - row.last_used_at > USED_EVERY:
        g.key_to_touch = row.key_id
    return Caller(row.key_id, Actor(Role(row.role), row.org_id, row.user_id), frozenset(row.scopes), row.key_id)


def touch_key() -> None:
    """Note that the request's key is in use, once a minute at most; in the request's own unit."""
    if (key_id := g.pop("key_to_touch", None)) is not None:
        db.session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=func.now()))


def configure(app: Flask) -> None:
    app.extensions["api_key_loader"] = find_caller
    app.extensions["api_key_used"] = touch_key


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
