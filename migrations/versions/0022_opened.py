"""What was opened, apart from what was read.

Revision ID: 0022
Revises: 0021
"""

from migrations.steps import run

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0022_up.sql")


def downgrade() -> None:
    run("0022_down.sql")
