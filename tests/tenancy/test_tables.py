"""Every table of the catalogue, read and written by the other tenant through the database role alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from nexapp.local.stack import Stack
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

from . import world

Sql = Callable[..., list[Any]]


def actor_of(tenant: world.Tenant) -> Actor:
    return Actor(Role.OWNER, tenant["org"], tenant["user"], session_id=tenant["session"])


def as_tenant(services: Stack, tenant: world.Tenant, sql: str, *params: Any) -> list[Any]:
    """One statement under the tenant's role, without a line of the product's code."""
    with psycopg.connect(services.login_url) as connection:
        connection.execute(
            "SELECT set_config('role', 'nexapp_tenant', true), set_config('app.org_id', %s, true),"
            " set_config('app.user_id', %s, true)",
            [str(tenant["org"]), str(tenant["user"])],
        )
        cursor = connection.execute(sql, params)
        rows = cursor.fetchall() if cursor.description else [cursor.rowcount]
        connection.rollback()
        return rows


def test_each_table_has_rows_of_both(
    owner_sql: Sql, tables: list[str], alpha: world.Tenant, bravo: world.Tenant
) -> None:
    for table in tables:
        assert world.rows_of(owner_sql, table, alpha), f"{table}: tests/tenancy/world.py makes no row here"
        assert world.rows_of(owner_sql, table, bravo), f"{table}: tests/tenancy/world.py makes no row here"


def test_no_table_shows_the_others_rows(
    services: Stack, owner_sql: Sql, tables: list[str], alpha: world.Tenant, bravo: world.Tenant
) -> None:
    for table in tables:
        try:
            seen = [row[0] for row in as_tenant(services, alpha, f"SELECT row_to_json(t)::text FROM {table} t")]
        except psycopg.errors.InsufficientPrivilege:
            continue
        assert not set(seen) & set(world.rows_of(owner_sql, table, bravo)), table


def test_own_rows_are_seen(services: Stack, alpha: world.Tenant, bravo: world.Tenant) -> None:
    rows = as_tenant(services, alpha, "SELECT id FROM slots")
    assert {row[0] for row in rows} == {alpha["slot"], alpha["draft"], alpha["booked"]}


@pytest.mark.parametrize("verb", ["DELETE FROM {table} t", "UPDATE {table} t SET {column} = {column}"])
def test_no_table_lets_the_others_rows_change(
    services: Stack, owner_sql: Sql, tables: list[str], alpha: world.Tenant, bravo: world.Tenant, verb: str
) -> None:
    for table in tables:
        column = _columns(owner_sql, table)[0]
        statement = verb.format(table=table, column=column) + " WHERE row_to_json(t)::text = ANY(%s)"
        try:
            touched = as_tenant(services, alpha, statement, world.rows_of(owner_sql, table, bravo))
        except psycopg.errors.InsufficientPrivilege:
            continue
        assert touched == [0], table


def test_no_row_can_be_put_into_the_others_name(
    services: Stack, owner_sql: Sql, tables: list[str], alpha: world.Tenant, bravo: world.Tenant
) -> None:
    for table in tables:
        row = json.loads(world.rows_of(owner_sql, table, bravo)[0])
        if "org_id" not in row:
            continue
        row |= {"org_id": str(bravo["org"])} | ({"id": str(new_id())} if "id" in row else {})
        insert = f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, %s)"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_tenant(services, alpha, insert, json.dumps(row))


def test_without_an_actor_every_table_is_closed(services: Stack, tables: list[str], empty: None) -> None:
    with psycopg.connect(services.login_url, autocommit=True) as connection:
        for table in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT 1 FROM {table}")


def test_a_new_table_without_a_policy_would_be_noticed(services: Stack, owner_sql: Sql) -> None:
    owner_sql("CREATE TABLE fresh_table (id uuid PRIMARY KEY, org_id uuid)")
    try:
        assert "fresh_table" in unprotected(owner_sql)
    finally:
        owner_sql("DROP TABLE fresh_table")
    assert unprotected(owner_sql) == set()


def unprotected(owner_sql: Sql) -> set[str]:
    """Tables without row-level security in force, or without a policy for each of the two roles."""
    rows = owner_sql(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND c.relname <> 'alembic_version' AND NOT (c.relrowsecurity AND c.relforcerowsecurity"
        " AND (SELECT count(DISTINCT r) FROM pg_policy p, unnest(p.polroles::regrole[]::text[]) r"
        "      WHERE p.polrelid = c.oid AND r IN ('nexapp_tenant', 'nexapp_system')) = 2)"
    )
    return {row[0] for row in rows}


def test_the_guard_in_code_alone_keeps_tenants_apart(
    app: Flask, alpha: world.Tenant, bravo: world.Tenant, open_database: None
) -> None:
    from nexapp.slots.models import Slot
    from nexapp.spine.tenancy import scoped

    with app.app_context(), unit_of_work(actor_of(alpha)):
        assert db.session.scalar(text("SELECT count(*) FROM slots")) == 6  # the database would show all
        seen = set(db.session.scalars(scoped(Slot).with_only_columns(Slot.id)))
    assert seen == {alpha["slot"], alpha["draft"], alpha["booked"]}


def _columns(owner_sql: Sql, table: str) -> list[str]:
    rows = owner_sql(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
        " ORDER BY ordinal_position",
        table,
    )
    return [row[0] for row in rows]
