"""A sales team with its prospects, written straight into the tables, and browsers of its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask

from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.people import Browser, Sql, Tables


@dataclass
class Team(Tables):
    """One sales organisation; its stages come with it."""

    app: Flask
    sql: Sql
    name: str = "Summit Sales"
    zone: str = "America/Chicago"
    kind: str = "sales"
    org_id: UUID = field(default_factory=new_id)
    people: int = 0

    def __post_init__(self) -> None:
        self.insert(
            "organizations", id=self.org_id, name=self.name, slug=f"team-{self.org_id.hex}", time_zone=self.zone,
            kind=self.kind,
        )  # fmt: skip

    @property
    def stages(self) -> dict[str, UUID]:
        rows = self.sql("SELECT name, id FROM prospect_stages WHERE org_id = %s AND archived_at IS NULL", self.org_id)
        return dict(rows)

    def member(self, role: Role = Role.STAFF, name: str | None = None) -> UUID:
        self.people += 1
        phone = f"+1312{(self.org_id.int + self.people) % 10**7:07}"
        return self.add_user(role, phone=phone, name=name or f"The {role.value}")

    def browser(self, role: Role = Role.OWNER, user_id: UUID | None = None) -> Browser:
        user_id = user_id or self.member(role)
        return Browser(self.client_of(user_id), Actor(role, self.org_id, user_id))

    def prospect(self, name: str = "Ana Ruiz", stage: str = "New", **columns: Any) -> UUID:
        prospect_id = new_id()
        self.insert(
            "prospects", id=prospect_id, org_id=self.org_id, name=name, stage_id=self.stages[stage], **columns
        )  # fmt: skip
        return prospect_id

    def leave(self, user_id: UUID) -> None:
        self.sql(
            "UPDATE memberships SET deactivated_at = now() WHERE user_id = %s AND org_id = %s", user_id, self.org_id
        )

    def row(self, prospect_id: UUID, *columns: str) -> Any:
        found = self.sql(f"SELECT {', '.join(columns)} FROM prospects WHERE id = %s", prospect_id)[0]
        return found[0] if len(columns) == 1 else found

    def events(self, prospect_id: UUID) -> list[str]:
        rows = self.sql("SELECT kind FROM prospect_events WHERE prospect_id = %s ORDER BY id", prospect_id)
        return [kind for (kind,) in rows]
