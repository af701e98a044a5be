"""Rounds of offers: in turn, in waves, several slots in one text.

Revision ID: 0003
Revises: 0002
"""

from migrations.steps import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0003_up.sql")


def downgrade() -> None:
    run("0003_down.sql")
