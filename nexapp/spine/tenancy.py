"""Who acts, and for which organisation.

An `Actor` is fixed before a transaction begins and never changes inside it. The database learns of it at
the start of each transaction (`db.announce_actor`); without one every query is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import current_app, g
from sqlalchemy import Select, select

from nexapp.spine.errors import Forbidden


class Role(StrEnum):
    VIEWER = "viewer"
    STAFF = "staff"
    MANAGER = "manager"
    ADMIN = "admin"
    OWNER = "owner"
    LINK = "link"
    """Somebody who holds a signed link or opened a public page of one organisation."""
    NOBODY = "nobody"
    """A signed-in person who has not chosen an organisation."""
    SYSTEM = "system"
    """Our own jobs across organisations, sign-in and the admin console."""

    def at_least(self, other: Role) -> bool:
        return self in _RANKS and _RANKS.index(self) >= _RANKS.index(other)


_RANKS = [Role.VIEWER, Role.STAFF, Role.MANAGER, Role.ADMIN, Role.OWNER]


@dataclass(frozen=True, slots=True)
class Actor:
    role: Role
    org_id: UUID | None = None
    user_id: UUID | None = None
    is_platform_admin: bool = False
    session_id: UUID | None = None

    @property
    def database_role(self) -> str:
        return "nexapp_system" if self.role is Role.SYSTEM else "nexapp_tenant"

    @property
    def tenant(self) -> UUID:
        """The organisation; raises `Forbidden` where there is none."""
        if self.org_id is None:
            raise Forbidden
        return self.org_id


SYSTEM = Actor(Role.SYSTEM)


def current_actor() -> Actor:
    """The actor of the running unit of work; raises `RuntimeError` outside one."""
    unit = g.get("unit")
    if unit is None:
        raise RuntimeError("no unit of work is running")
    actor: Actor = unit.actor
    return actor


def scoped(model: type[Any]) -> Select[Any]:
    """`select(model)` within the actor's organisation: the guard in code, in front of row-level security."""
    actor = current_actor()
    if not current_app.extensions["settings"].tenant_guard:
        return select(model)
    return select(model).where(model.org_id == actor.tenant)
