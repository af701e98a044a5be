"""Locations, and the columns that several parts of the slots share.

Revision ID: 0002
Revises: 0001
"""

from migrations.steps import protect, run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0002_up.sql")
    protect("locations")


def downgrade() -> None:
    run("0002_down.sql")
