"""A sales team written straight into the tables, and browsers of its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask

from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.people import Browser, Sql, Tables

CHICAGO = "America/Chicago"


@dataclass
class Team(Tables):
    """One sales organisation with its stages."""

    app: Flask
    sql: Sql
    tier: str = "elite"
    zone: str = CHICAGO
    org_id: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.insert(
            "organizations", id=self.org_id, name="Summit Sales", slug=f"team-{self.org_id.hex}", time_zone=self.zone,
            kind="sales", tier=self.tier, quiet_starts="00:00", quiet_ends="00:00",
        )  # fmt: skip
        for position, (name, outcome) in enumerate([("New", "open"), ("Won", "won"), ("Lost", "lost")]):
            # The database may have given it stages already.
            self.sql(
                "INSERT INTO prospect_stages (id, org_id, name, outcome, position) SELECT %s, %s, %s, %s, %s WHERE NOT"
                " EXISTS (SELECT FROM prospect_stages WHERE org_id = %s AND name = %s)",
                new_id(), self.org_id, name, outcome, position, self.org_id, name,
            )  # fmt: skip

    def stage(self, name: str = "New") -> UUID:
        found: UUID = self.value("SELECT id FROM prospect_stages WHERE org_id = %s AND name = %s", self.org_id, name)
        return found

    def member(self, role: Role = Role.STAFF, zone: str | None = None) -> Actor:
        user_id = self.add_user(role, time_zone=zone)
        return Actor(role, self.org_id, user_id)

    def browser(self, role: Role = Role.STAFF, actor: Actor | None = None) -> Browser:
        actor = actor or self.member(role)
        return Browser(self.client_of(actor.user_id), actor)

    def prospect(self, name: str = "Ana Ruiz", *, stage: str = "New", **columns: Any) -> UUID:
        prospect_id = new_id()
        self.insert("prospects", id=prospect_id, org_id=self.org_id, name=name, stage_id=self.stage(stage), **columns)
        return prospect_id

    def activity(self, user_id: UUID | None, kind: str, at: datetime, prospect_id: UUID | None = None) -> None:
        self.insert(
            "activities", id=new_id(), org_id=self.org_id, user_id=user_id, kind=kind, at=at, on_date=at.date(),
            prospect_id=prospect_id,
        )  # fmt: skip

    def row(self, table: str, **where: Any) -> Any:
        """The one row as a dictionary."""
        return self.rows(table, **where)[0]

    def rows(self, table: str, **where: Any) -> list[Any]:
        conditions = " AND ".join(f"{name} = %s" for name in ("org_id", *where))
        found = self.sql(f"SELECT to_jsonb(t) FROM {table} t WHERE {conditions}", self.org_id, *where.values())
        return [row[0] for row in found]
