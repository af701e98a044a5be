"""People with an address in organisations of each kind and tier, their browsers, and notices that they got."""

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
PAGE = "/notification-settings"


@dataclass
class Somebody:
    """A signed-in person at a browser."""

    client: FlaskClient
    user_id: UUID
    email: str
    actor: Actor

    def get(self, path: str = PAGE, *, fragment: bool = False) -> TestResponse:
        return self.client.get(path, headers={"HX-Request": "true"} if fragment else {})

    def post(self, path: str, fields: dict[str, Any] | None = None, *, fragment: bool = False) -> TestResponse:
        form = {"csrf_token": self.token()} | (fields or {})
        return self.client.post(path, data=form, headers={"HX-Request": "true"} if fragment else {})

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get().text)
        assert found
        return found[1]


@dataclass
class Team:
    app: Flask
    sql: Sql
    kind: str = "sales"
    tier: str = "elite"
    zone: str = "America/New_York"
    org_id: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.sql(
            "INSERT INTO organizations (id, name, slug, kind, tier, time_zone) VALUES (%s, %s, %s, %s, %s, %s)",
            self.org_id, f"Team {self.tier}", f"team-{self.org_id.hex}", self.kind, self.tier, self.zone,
        )  # fmt: skip

    def member(self, role: Role = Role.OWNER, *, email: str | None = None, zone: str | None = None) -> Somebody:
        user_id, token = new_id(), new_id().hex
        address = f"p{user_id.hex}@example.com" if email is None else email
        self.sql(
            "INSERT INTO users (id, phone, email, name, time_zone) VALUES (%s, %s, nullif(%s, ''), 'Sam', %s)",
            user_id, f"+1305{user_id.int % 10**7:07}", address, zone,
        )  # fmt: skip
        self.sql(
            "INSERT INTO memberships (id, org_id, user_id, role) VALUES (%s, %s, %s, %s)",
            new_id(), self.org_id, user_id, role.value,
        )  # fmt: skip
        self.sql(
            "INSERT INTO user_sessions (id, token_hash, user_id, org_id, expires_at, idle_seconds)"
            " VALUES (%s, %s, %s, %s, now() + interval '1 day', 86400)",
            new_id(), hashlib.sha256(token.encode()).digest(), user_id, self.org_id,
        )  # fmt: skip
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return Somebody(client, user_id, address, Actor(role, self.org_id, user_id))

    def notice(self, person: Somebody, type_name: str = "coin_earned", **columns: Any) -> UUID:
        """One notice as it lies there, however it came."""
        row: dict[str, Any] = {
            "id": new_id(), "user_id": person.user_id, "org_id": self.org_id, "type": type_name, "title": "A title",
            "message": "A message", "icon": "🪙",
        } | columns  # fmt: skip
        values = [json.dumps(value) if isinstance(value, dict) else value for value in row.values()]
        places = ", ".join(["%s"] * len(row))
        self.sql(f"INSERT INTO notifications ({', '.join(row)}) VALUES ({places})", *values)
        return row["id"]

    def notices(self, person: Somebody, count: int, type_name: str, **columns: Any) -> list[UUID]:
        return [self.notice(person, type_name, **columns) for _ in range(count)]

    def letter(self, person: Somebody, notice_id: UUID | None, **columns: Any) -> UUID:
        """The e-mail of a notice, as the engine writes it down."""
        row: dict[str, Any] = {
            "id": new_id(), "org_id": self.org_id, "channel": "email", "lane": 2, "purpose": "notice",
            "subject_kind": "notification", "subject_id": notice_id, "notification_id": notice_id, "to_phone": "",
            "to_email": person.email, "subject": "A title", "body": "A message", "segments": 0,
            "user_id": person.user_id,
        } | columns  # fmt: skip
        places = ", ".join(["%s"] * len(row))
        self.sql(f"INSERT INTO messages ({', '.join(row)}) VALUES ({places})", *row.values())
        return row["id"]


def ago(**span: float) -> datetime:
    return now() - timedelta(**span)
