"""Keys and repeats of the API.

Revision ID: 0020
Revises: 0019
"""

from migrations.steps import run

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0020_up.sql")


def downgrade() -> None:
    run("0020_down.sql")
