"""What every page looks up of notices, with its plan kept.

Revision ID: 0024
Revises: 0023
"""

from migrations.steps import run

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0024_up.sql")


def downgrade() -> None:
    run("0024_down.sql")
