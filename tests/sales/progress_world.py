"""A sales team written straight into the tables, and browsers of its people."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role

Sql = Callable[..., list[Any]]
CHICAGO = "America/Chicago"


@dataclass
class Browser:
    client: FlaskClient
    actor: Actor

    def get(self, path: str, *, fragment: bool = False, **query: Any) -> TestResponse:
        return self.client.get(path, query_string=query or None, headers=_headers(fragment))

    def post(self, path: str, *, fragment: bool = False, **fields: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **fields}, headers=_headers(fragment))

    def token(self) -> str:
        page = self.client.get("/progress").get_data(as_text=True)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found, page[:400]
        return found[1]


def _headers(fragment: bool) -> dict[str, str]:
    return {"HX-Request": "true"} if fragment else {}


@dataclass
class Team:
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
        user_id = new_id()
        self.insert(
            "users", id=user_id, phone=f"+1305{user_id.int % 10**7:07}", name=f"The {role.value}", time_zone=zone
        )
        self.insert("memberships", id=new_id(), org_id=self.org_id, user_id=user_id, role=role.value)
        return Actor(role, self.org_id, user_id)

    def browser(self, role: Role = Role.STAFF, actor: Actor | None = None) -> Browser:
        actor, token = actor or self.member(role), new_id().hex
        self.insert(
            "user_sessions", id=new_id(), token_hash=hashlib.sha256(token.encode()).digest(), user_id=actor.user_id,
            org_id=self.org_id, expires_at=now() + timedelta(days=1), idle_seconds=86400,
        )  # fmt: skip
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return Browser(client, actor)

    def prospect(self, name: str = "Ana Ruiz", *, stage: str = "New", **columns: Any) -> UUID:
        prospect_id = new_id()
        self.insert("prospects", id=prospect_id, org_id=self.org_id, name=name, stage_id=self.stage(stage), **columns)
        return prospect_id

    def activity(self, user_id: UUID | None, kind: str, at: datetime, prospect_id: UUID | None = None) -> None:
        self.insert(
            "activities", id=new_id(), org_id=self.org_id, user_id=user_id, kind=kind, at=at, on_date=at.date(),
            prospect_id=prospect_id,
        )  # fmt: skip

    def insert(self, table: str, **values: Any) -> None:
        columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
        given = [json.dumps(value) if isinstance(value, dict) else value for value in values.values()]
        self.sql(f"INSERT INTO {table} ({columns}) VALUES ({places})", *given)

    def row(self, table: str, **where: Any) -> Any:
        """The one row as a dictionary."""
        return self.rows(table, **where)[0]

    def rows(self, table: str, **where: Any) -> list[Any]:
        conditions = " AND ".join(f"{name} = %s" for name in ("org_id", *where))
        found = self.sql(f"SELECT to_jsonb(t) FROM {table} t WHERE {conditions}", self.org_id, *where.values())
        return [row[0] for row in found]

    def value(self, statement: str, *values: Any) -> Any:
        return self.sql(statement, *values)[0][0]
