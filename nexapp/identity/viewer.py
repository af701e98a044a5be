"""What the frame of a page shows of the person who looks at it; asked for only where the layout needs it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from flask_babel import gettext as _

from nexapp.identity.accounts import get_user
from nexapp.identity.businesses import Place, list_places
from nexapp.spine.access import reader
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import in_unit


@dataclass(frozen=True, slots=True)
class Choice:
    """A business that the person may choose, its role in words."""

    org_id: UUID
    name: str
    role: str
    selected: bool


class Viewer:
    def __init__(self, actor: Actor, user_id: UUID) -> None:
        self.actor = actor
        self.user_id = user_id

    @cached_property
    def name(self) -> str:
        return get_user(self.user_id).name if in_unit() else ""

    @cached_property
    def places(self) -> list[Place]:
        return [p for p in list_places(self.user_id) if not p.is_suspended] if in_unit() else []

    @property
    def place(self) -> Place | None:
        return next((p for p in self.places if p.org_id == self.actor.org_id), None)

    @property
    def org_name(self) -> str | None:
        return self.place.name if self.place else None

    @property
    def org_zone(self) -> str | None:
        return self.place.time_zone if self.place else None

    @property
    def role(self) -> str:
        return role_name(self.actor.role)

    @property
    def memberships(self) -> tuple[Choice, ...]:
        return tuple(Choice(p.org_id, p.name, role_name(p.role), p.org_id == self.actor.org_id) for p in self.places)

    @property
    def topics(self) -> list[str]:
        return [f"user:{self.user_id}"]


def role_name(role: Role) -> str:
    names = {
        Role.OWNER: _("Owner"),
        Role.ADMIN: _("Admin"),
        Role.MANAGER: _("Manager"),
        Role.STAFF: _("Staff"),
        Role.VIEWER: _("Viewer"),
    }
    return str(names.get(role, ""))


def provide_viewer() -> dict[str, Viewer | None]:
    actor = reader()
    return {"viewer": Viewer(actor, actor.user_id) if actor and actor.user_id else None}
