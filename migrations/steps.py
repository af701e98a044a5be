"""Steps that migrations share. Revisions that were released rely on them: add, don't change."""

from __future__ import annotations

from pathlib import Path

from alembic import op

SQL = Path(__file__).parent / "sql"
ORG = "nullif(current_setting('app.org_id', true), '')::uuid"


def run(name: str) -> None:
    """Run a file of `migrations/sql`. Colons and percent signs in it are plain text."""
    op.get_bind().exec_driver_sql((SQL / name).read_text(), execution_options={"no_parameters": True})


def protect(*tables: str, append_only: tuple[str, ...] = ()) -> None:
    """Close tables of tenants: rows with the tenant's own `org_id`, for the owner too; the system sees all."""
    for table in tables:
        run_all(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY system ON {table} TO nexapp_system USING (true) WITH CHECK (true)",
            f"CREATE POLICY tenant ON {table} TO nexapp_tenant USING (org_id = {ORG}) WITH CHECK (org_id = {ORG})",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO nexapp_tenant, nexapp_system",
        )
    for table in append_only:
        run_all(f"REVOKE UPDATE, DELETE ON {table} FROM nexapp_tenant, nexapp_system")


def close(*tables: str) -> None:
    """Close tables whose rows belong to a person or to nobody: the system sees all, others what a policy of theirs says."""
    for table in tables:
        run_all(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY system ON {table} TO nexapp_system USING (true) WITH CHECK (true)",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO nexapp_tenant, nexapp_system",
        )


def pin_lookups(*signatures: str) -> None:
    """Give SECURITY DEFINER functions to `nexapp_system` and let only the application call them."""
    run_all("GRANT CREATE ON SCHEMA public TO nexapp_system")
    for signature in signatures:
        run_all(
            f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {signature} TO nexapp_login, nexapp_tenant, nexapp_system",
            f"ALTER FUNCTION {signature} OWNER TO nexapp_system",
        )
    run_all("REVOKE CREATE ON SCHEMA public FROM nexapp_system")


def run_all(*statements: str) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
