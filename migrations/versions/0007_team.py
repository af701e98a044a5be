"""Invitations, e-mail sign-in and second factors.

Revision ID: 0007
Revises: 0006
"""

from migrations.steps import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0007_up.sql")


def downgrade() -> None:
    run("0007_down.sql")
