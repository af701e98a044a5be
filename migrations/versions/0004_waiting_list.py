"""Invitations to the waiting list, imports and channels.

Revision ID: 0004
Revises: 0003
"""

from migrations.steps import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0004_up.sql")


def downgrade() -> None:
    run("0004_down.sql")
