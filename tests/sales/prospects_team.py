"""A sales team with its prospects, written straight into the tables, and browsers of its people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role

Sql = Callable[..., list[Any]]


@dataclass
class Browser:
    client: FlaskClient
    actor: Actor

    @property
    def user_id(self) -> UUID:
        assert self.actor.user_id
        return self.actor.user_id

    def get(self, path: str, *, fragment: bool = False, **query: Any) -> TestResponse:
        return self.client.get(path, query_string=query or None, headers=_headers(fragment))

    def post(self, path: str, *, fragment: bool = False, **fields: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **fields}, headers=_headers(fragment))

    def page(self, path: str, **query: Any) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200, (path, answer.status_code)
        return words(answer)

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get("/settings").get_data(as_text=True))
        assert found
        return found[1]


def words(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def _headers(fragment: bool) -> dict[str, str]:
    return {"HX-Request": "true"} if fragment else {}


@dataclass
class Team:
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
        user_id = new_id()
        self.people += 1
        phone = f"+1312{(self.org_id.int + self.people) % 10**7:07}"
        self.insert("users", id=user_id, phone=phone, name=name or f"The {role.value}")
        self.insert("memberships", id=new_id(), org_id=self.org_id, user_id=user_id, role=role.value)
        return user_id

    def browser(self, role: Role = Role.OWNER, user_id: UUID | None = None) -> Browser:
        user_id, token = user_id or self.member(role), new_id().hex
        self.insert(
            "user_sessions", id=new_id(), token_hash=hashlib.sha256(token.encode()).digest(), user_id=user_id,
            org_id=self.org_id, expires_at=now() + timedelta(days=1), idle_seconds=86400,
        )  # fmt: skip
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return Browser(client, Actor(role, self.org_id, user_id))

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

    def insert(self, table: str, **columns: Any) -> None:
        marks = ", ".join(["%s"] * len(columns))
        self.sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *columns.values())

    def value(self, statement: str, *params: Any) -> Any:
        return self.sql(statement, *params)[0][0]

    def row(self, prospect_id: UUID, *columns: str) -> Any:
        found = self.sql(f"SELECT {', '.join(columns)} FROM prospects WHERE id = %s", prospect_id)[0]
        return found[0] if len(columns) == 1 else found

    def events(self, prospect_id: UUID) -> list[str]:
        rows = self.sql("SELECT kind FROM prospect_events WHERE prospect_id = %s ORDER BY id", prospect_id)
        return [kind for (kind,) in rows]
