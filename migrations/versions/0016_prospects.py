"""Notes, saved views and imports of prospects.

Revision ID: 0016
Revises: 0015
"""

from migrations.steps import run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0016_up.sql")


def downgrade() -> None:
    run("0016_down.sql")
