"""Closed by default: without an actor the database refuses; with one it shows that organisation only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from nexapp.identity.models import Organization, StaffMember
from nexapp.spine.db import db, lookup
from nexapp.spine.errors import Forbidden
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor, Role, current_actor, scoped

from .conftest import Sql

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def two(owner_sql: Sql) -> tuple[UUID, UUID]:
    """Two organisations with a staff member each."""
    ids = (new_id(), new_id())
    for org_id in ids:
        owner_sql(
            "INSERT INTO organizations (id, name, slug, time_zone) VALUES (%s, 'X', %s, 'UTC')",
            org_id,
            f"x{org_id.hex}",
        )
        owner_sql("INSERT INTO staff_members (id, org_id, display_name) VALUES (%s, %s, 'Ana')", new_id(), org_id)
    return ids


def test_every_table_is_closed_without_an_actor(app: Flask, tables: list[str]) -> None:
    for table in tables:
        with app.app_context(), pytest.raises(ProgrammingError, match="permission denied"):
            db.session.execute(text(f"SELECT 1 FROM {table} LIMIT 1"))


def test_the_login_role_has_no_rights_of_its_own(app: Flask) -> None:
    with app.app_context():
        row = lookup(
            "SELECT rolsuper, rolinherit, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
    assert row is not None
    assert tuple(row) == (False, False, False, False)


def test_a_tenant_sees_its_own_rows(acting: Acting, two: tuple[UUID, UUID]) -> None:
    mine, other = two
    with acting(Actor(Role.OWNER, mine)):
        assert {row.org_id for row in db.session.scalars(db.select(StaffMember))} == {mine}
        assert db.session.get(Organization, other) is None


@pytest.mark.parametrize("table", ["staff_members", "services"])
def test_a_tenant_cannot_write_for_another(acting: Acting, two: tuple[UUID, UUID], table: str) -> None:
    column = "display_name" if table == "staff_members" else "name"
    statement = text(f"INSERT INTO {table} (id, org_id, {column}) VALUES (:id, :org, 'Eve')")
    with pytest.raises(ProgrammingError, match="row-level security"), acting(Actor(Role.OWNER, two[0])):
        db.session.execute(statement, {"id": new_id(), "org": two[1]})


def test_the_guard_in_code_filters_too(acting: Acting, two: tuple[UUID, UUID]) -> None:
    with acting(Actor(Role.OWNER, two[0])):
        assert "org_id = " in str(scoped(StaffMember))


def test_without_an_organisation_nothing_is_scoped(acting: Acting) -> None:
    with acting(Actor(Role.NOBODY, None, new_id())), pytest.raises(Forbidden):
        scoped(StaffMember)


def test_an_actor_does_not_outlive_its_unit(app: Flask, acting: Acting, two: tuple[UUID, UUID]) -> None:
    with acting(SYSTEM):
        assert len(list(db.session.scalars(db.select(StaffMember)))) == 2
    with acting(Actor(Role.OWNER, two[0])):
        assert len(list(db.session.scalars(db.select(StaffMember)))) == 1
    with app.app_context():
        with pytest.raises(ProgrammingError, match="permission denied"):
            db.session.scalars(db.select(StaffMember)).all()
        with pytest.raises(RuntimeError):
            current_actor()


def test_lookups_write_nothing_and_open_no_table(app: Flask) -> None:
    with app.app_context():
        assert lookup("SELECT * FROM nexapp_session(:token)", token=b"unknown") is None
        with pytest.raises(ProgrammingError, match="permission denied"):
            lookup("SELECT 1 FROM users")


@pytest.mark.parametrize(("role", "least", "may"), [
    (Role.OWNER, Role.VIEWER, True),
    (Role.STAFF, Role.STAFF, True),
    (Role.STAFF, Role.MANAGER, False),
    (Role.VIEWER, Role.STAFF, False),
    (Role.LINK, Role.VIEWER, False),
    (Role.NOBODY, Role.VIEWER, False),
    (Role.SYSTEM, Role.VIEWER, False),
])  # fmt: skip
def test_roles_have_one_order(role: Role, least: Role, may: bool) -> None:
    assert role.at_least(least) is may
