"""Two tenants, and a browser's worth of sign-in for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nexapp.factory import build as build_app

from . import world

Sql = Callable[..., list[Any]]


@pytest.fixture
def bravo(app: Flask, owner_sql: Sql) -> world.Tenant:
    with app.app_context():
        return world.build(owner_sql, "BRAVO", "213")


@pytest.fixture
def alpha(app: Flask, owner_sql: Sql, bravo: world.Tenant) -> world.Tenant:
    with app.app_context():
        return world.build(owner_sql, "ALPHA", "212")


@pytest.fixture(scope="session")
def careless_app(whole_app: Flask) -> Flask:
    """The same app with the guard in code switched off: only row-level security is left."""
    settings = whole_app.extensions["settings"]
    return build_app(settings.model_copy(update={"tenant_guard": False}))


@pytest.fixture
def open_database(owner_sql: Sql, tables: list[str]) -> Iterator[None]:
    """Row-level security switched off: only the guard in code is left."""
    for table in tables:
        owner_sql(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    yield
    for table in tables:
        owner_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def signed_in(app: Flask, tenant: world.Tenant) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = tenant.values["session_token"]
        session["_fresh"] = True
    return client
