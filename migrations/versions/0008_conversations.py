"""Conversations, canned replies and versions of templates.

Revision ID: 0008
Revises: 0007
"""

from migrations.steps import pin_lookups, protect, run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0008_up.sql")
    protect("canned_replies", "conversations")
    pin_lookups("nexapp_lift_misread_stop(uuid)")
    run("0008_fill.sql")


def downgrade() -> None:
    run("0008_down.sql")
