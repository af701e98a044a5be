"""Invitations to the waiting list, imports and channels.

Revision ID: 0004
Revises: 0003
"""

from migrations.steps import pin_lookups, protect, run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0004_up.sql")
    protect("list_imports", "list_import_parts", "list_import_numbers", "list_invitations")
    pin_lookups(
        "nexapp_ensure_consumers(uuid[], text[], text[], text[])",
        "nexapp_opted_out(text[])",
        "nexapp_find_people(text, text)",
    )


def downgrade() -> None:
    run("0004_down.sql")
