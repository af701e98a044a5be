"""The notification engine: one function that decides and writes, counts of unread, folding.

Revision ID: 0012
Revises: 0011
"""

from migrations.steps import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0012_up.sql")


def downgrade() -> None:
    run("0012_down.sql")
