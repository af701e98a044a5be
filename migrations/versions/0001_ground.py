"""The ground: roles, tables, row-level security and look-ups of the first slice.

Revision ID: 0001
Revises:
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

TENANT_TABLES = (
    "memberships", "staff_members", "services", "consumer_profiles", "consents", "notify_requests",
    "notify_windows", "slots", "slot_offers", "slot_matches", "slot_events", "message_templates",
    "verification_codes", "messages", "message_events", "inbound_messages", "background_jobs",
    "system_errors", "audit_entries",
)  # fmt: skip
"""Tables whose rows a tenant sees where `org_id` is its own."""

OTHER_TABLES = ("users", "user_sessions", "organizations", "consumers", "webhook_events")
APPEND_ONLY = ("audit_entries", "message_events", "slot_events", "slot_matches", "consents")

ORG = "nullif(current_setting('app.org_id', true), '')::uuid"
USER = "nullif(current_setting('app.user_id', true), '')::uuid"


def upgrade() -> None:
    for part in ("0001_roles.sql", "0001_tables.sql"):
        op.execute((SQL / part).read_text())
    for table in TENANT_TABLES:
        protect(table)
        op.execute(
            f"CREATE POLICY tenant ON {table} TO nexapp_tenant USING (org_id = {ORG}) WITH CHECK (org_id = {ORG})"
        )
    for table in OTHER_TABLES:
        protect(table)
    op.execute((SQL / "0001_policies.sql").read_text())
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM nexapp_tenant, nexapp_system")
    op.execute((SQL / "0001_lookups.sql").read_text())
    # The health page compares it with the newest revision of the code.
    op.execute("GRANT SELECT ON alembic_version TO nexapp_login, nexapp_system")


def protect(table: str) -> None:
    """Closed by default, for the owner too; the system role gets in by a policy, not by BYPASSRLS."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY system ON {table} TO nexapp_system USING (true) WITH CHECK (true)")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO nexapp_tenant, nexapp_system")


def downgrade() -> None:
    # The roles stay: another database of the same server may use them.
    op.execute("REVOKE SELECT ON alembic_version FROM nexapp_login, nexapp_system")
    op.execute((SQL / "0001_down.sql").read_text())
