"""The migrated database: as the models say, closed to other tenants, look-ups pinned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy.dialects import postgresql

from nexapp.local.stack import Stack
from nexapp.spine.db import Base

APART = {"alembic_version": "which migration was the last; nobody's data"}
FAMILIES = {
    "varchar": "text", "character varying": "text", "smallint": "integer", "bigint": "integer",
    "timestamp with time zone": "timestamptz", "time without time zone": "time",
}  # fmt: skip
SINGLE_KEYS = {
    ("message_events", "messages"): "a text may belong to no business",
    ("notifications", "notifications"): "a notice belongs to a person, and may concern no business",
}
"""Foreign keys between rows of tenants that don't carry the organisation."""


@pytest.fixture(scope="module")
def sql(services: Stack) -> Iterator[Any]:
    with psycopg.connect(services.owner_url, autocommit=True) as connection:
        yield lambda statement, *values: connection.execute(statement, values).fetchall()


def _family(name: str) -> str:
    name = name.lower()
    return FAMILIES.get(name, name)


def _modelled(whole_app: Flask) -> dict[str, dict[str, tuple[str, bool]]]:
    dialect = postgresql.dialect()
    tables = {**Base.metadata.tables, **_bound_tables(whole_app)}
    return {
        table.name: {c.name: (_family(c.type.compile(dialect)), bool(c.nullable)) for c in table.columns}
        for table in tables.values()
    }


def _bound_tables(whole_app: Flask) -> dict[str, Any]:
    from nexapp.spine.db import db

    with whole_app.app_context():
        return dict(db.metadata.tables)


def test_models_are_the_tables(whole_app: Flask, sql: Any) -> None:
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, kind, nullable in sql(
        "SELECT c.relname, a.attname, format_type(a.atttypid, NULL), NOT a.attnotnull FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace"
        " AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
    ):
        found.setdefault(table, {})[column] = (_family(kind), nullable)
    modelled = _modelled(whole_app)
    assert set(found) - set(APART) == set(modelled)
    for table, columns in modelled.items():
        assert columns == found[table], table


def test_every_table_is_closed(sql: Any) -> None:
    rows = sql(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    is_open = {name for name, enabled, forced in rows if not (enabled and forced)}
    assert is_open == set(APART)


def test_every_table_has_policies_for_both_roles(sql: Any) -> None:
    policies: dict[str, set[str]] = {}
    for table, roles in sql("SELECT tablename, roles::text[] FROM pg_policies WHERE schemaname = 'public'"):
        policies.setdefault(table, set()).update(roles)
    tables = {name for (name,) in sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")} - set(APART)
    for table in tables:
        assert policies.get(table) == {"nexapp_tenant", "nexapp_system"}, table


def test_tenants_policies_ask_for_the_organisation_or_the_person(sql: Any) -> None:
    for table, rule, check in sql(
        "SELECT tablename, coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies"
        " WHERE 'nexapp_tenant' = ANY(roles::text[])"
    ):
        for part in filter(None, (rule, check)):
            assert part == "false" or "app.org_id" in part or "app.user_id" in part, table


def test_no_view_goes_around_the_policies(sql: Any) -> None:
    """A materialised view has none; a plain one runs as its owner unless it says otherwise."""
    assert (
        sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind = 'm'"
            " OR relkind = 'v' AND NOT coalesce(reloptions::text, '') LIKE '%%security_invoker=true%%')"
        )
        == []
    )


def test_nobody_else_may_read_a_table(sql: Any) -> None:
    rows = sql(
        "SELECT table_name, grantee FROM information_schema.role_table_grants WHERE table_schema = 'public'"
        " AND grantee NOT IN ('nexapp_tenant', 'nexapp_system', current_user)"
    )
    assert set(rows) == {("alembic_version", "nexapp_login")}


def test_lookups_are_pinned_and_not_for_everybody(sql: Any) -> None:
    functions = sql(
        "SELECT p.proname, coalesce(p.proconfig::text, ''), p.proowner::regrole::text,"
        " has_function_privilege('public', p.oid, 'EXECUTE'), has_function_privilege('nexapp_login', p.oid, 'EXECUTE')"
        " FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef"
    )
    assert functions
    for name, config, owner, for_public, for_login in functions:
        assert "search_path=pg_catalog, public" in config, name
        assert owner == "nexapp_system", name
        assert (for_public, for_login) == (False, True), name


def test_nobody_plants_a_function_where_lookups_look(sql: Any) -> None:
    for role in ("nexapp_login", "nexapp_tenant", "nexapp_system"):
        assert sql("SELECT has_schema_privilege(%s, 'public', 'CREATE')", role) == [(False,)]


def test_no_role_of_the_application_is_above_the_rules(sql: Any) -> None:
    rows = sql(
        "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"
        " WHERE rolname IN ('nexapp_login', 'nexapp_tenant', 'nexapp_system')"
    )
    assert dict(rows) == {"nexapp_login": False, "nexapp_tenant": False, "nexapp_system": False}


def test_keys_between_tenants_rows_carry_the_organisation(sql: Any) -> None:
    rows = sql(
        "SELECT k.conrelid::regclass::text, k.confrelid::regclass::text,"
        " ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = ANY(k.conkey))"
        " FROM pg_constraint k WHERE k.contype = 'f' AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = k.conrelid"
        " AND attname = 'org_id') AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = k.confrelid"
        " AND attname = 'org_id')"
    )
    single = {(table, target) for table, target, columns in rows if "org_id" not in columns}
    assert single == set(SINGLE_KEYS)
