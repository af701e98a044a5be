"""Invitations, e-mail sign-in and second factors.

Revision ID: 0007
Revises: 0006
"""

from migrations.steps import pin_lookups, protect, run, run_all

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


LOOKUPS = (
    "nexapp_session(bytea)", "nexapp_team_invitation(bytea, uuid)", "nexapp_team_invitation_load(text, text)",
    "nexapp_email_load(text, text)", "nexapp_opted_out(text)",
)  # fmt: skip


def upgrade() -> None:
    run("0007_up.sql")
    protect("team_invitations")
    for table in ("email_links", "second_factors", "recovery_codes"):
        keep_from_tenants(table)
    pin_lookups(*LOOKUPS)


def downgrade() -> None:
    run("0007_down.sql")
    pin_lookups("nexapp_session(bytea)")


def keep_from_tenants(table: str) -> None:
    """What opens an account belongs to no business: only the system's own steps touch it."""
    run_all(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY system ON {table} TO nexapp_system USING (true) WITH CHECK (true)",
        f"CREATE POLICY tenant_none ON {table} TO nexapp_tenant USING (false) WITH CHECK (false)",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO nexapp_system",
    )
