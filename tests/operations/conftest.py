"""People and rows for the platform's pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nexapp.spine.access import Principal
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import CHANNEL
from nexapp.spine.tenancy import Role
from tests.live import Heard

Sql = Callable[..., list[Any]]


@pytest.fixture
def add_text(owner_sql: Sql) -> Callable[..., None]:
    """One text in the given state, sent just now."""

    def add(status: str, body: str = "Hello") -> None:
        owner_sql(
            "INSERT INTO messages (id, lane, purpose, to_phone, body, segments, status, attempts, attempted_at)"
            " VALUES (%s, 3, 'slot_available', '+12125550101', %s, 1, %s, 1, now())",
            new_id(), body, status,
        )  # fmt: skip

    return add


class Visitor:
    """A browser of somebody who may be signed in; its forms carry the page's token."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, **fields: str) -> TestResponse:
        page = self.client.get("/admin").get_data(as_text=True)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        return self.client.post(path, data={"csrf_token": found[1] if found else "", **fields})


@pytest.fixture
def signed_in(app: Flask, client: FlaskClient, owner_sql: Sql) -> Iterator[Callable[..., Visitor]]:
    """`signed_in(is_platform_admin=True)`: the browser of such a person. Sign-in itself is tested elsewhere."""
    loader = app.extensions.get("principal_loader")

    def enter(*, is_platform_admin: bool, org_id: UUID | None = None, role: Role = Role.NOBODY) -> Visitor:
        user_id = new_id()
        owner_sql(
            "INSERT INTO users (id, phone, name, is_platform_admin) VALUES (%s, %s, 'Robin', %s)",
            user_id, f"+1{user_id.int % 10**10:010}", is_platform_admin,
        )  # fmt: skip
        who = Principal(user_id, new_id(), org_id, role, is_platform_admin)
        app.extensions["principal_loader"] = lambda: who
        return Visitor(client)

    yield enter
    if loader is None:
        app.extensions.pop("principal_loader", None)
    else:
        app.extensions["principal_loader"] = loader


@pytest.fixture
def admin(signed_in: Callable[..., Visitor]) -> Visitor:
    return signed_in(is_platform_admin=True)


@pytest.fixture
def add_error(owner_sql: Sql) -> Callable[..., UUID]:
    def add(message: str = "ValueError: broken", **values: Any) -> UUID:
        row = {
            "id": new_id(), "fingerprint": str(new_id()), "kind": "request_error", "severity": "high",
            "message": message,
        } | values  # fmt: skip
        marks = ", ".join(["%s"] * len(row))
        owner_sql(f"INSERT INTO system_errors ({', '.join(row)}) VALUES ({marks})", *row.values())
        found: UUID = row["id"]
        return found

    return add


@pytest.fixture
def signals(app: Flask) -> Iterator[Heard]:
    heard = Heard(app.extensions["redis"], CHANNEL)
    yield heard
    heard.close()
