"""Tables filled by hand, and browsers of the people in them, in the tests' own process."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
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
    """Signed in."""

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
        page = self.client.get("/account").get_data(as_text=True)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found, page[:400]
        return found[1]


class Tables:
    """What every world of tests has: an organisation's rows, and ways to sign its people in."""

    app: Flask
    sql: Sql
    org_id: UUID

    def insert(self, table: str, **columns: Any) -> None:
        marks = ", ".join(["%s"] * len(columns))
        values = [json.dumps(value) if isinstance(value, dict) else value for value in columns.values()]
        self.sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *values)

    def value(self, statement: str, *params: Any) -> Any:
        return self.sql(statement, *params)[0][0]

    def add_user(self, role: Role, **columns: Any) -> UUID:
        user_id = new_id()
        given = {"phone": f"+1305{user_id.int % 10**7:07}", "name": f"The {role.value}", **columns}
        self.insert("users", id=user_id, **given)
        self.insert("memberships", id=new_id(), org_id=self.org_id, user_id=user_id, role=role.value)
        return user_id

    def client_of(self, user_id: UUID | None) -> FlaskClient:
        token = new_id().hex
        self.insert(
            "user_sessions", id=new_id(), token_hash=hashlib.sha256(token.encode()).digest(), user_id=user_id,
            org_id=self.org_id, expires_at=now() + timedelta(days=1), idle_seconds=86400,
        )  # fmt: skip
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return client


def words(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def _headers(fragment: bool) -> dict[str, str]:
    return {"HX-Request": "true"} if fragment else {}
