"""Letters of sequences that people asked to stop.

Revision ID: 0023
Revises: 0022
"""

from migrations.steps import protect, run

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0023_up.sql")
    protect("letter_addresses")
    run("0023_fill.sql")


def downgrade() -> None:
    run("0023_down.sql")
