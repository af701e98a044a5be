"""Inbound hooks, watched feeds and outgoing calendars.

Revision ID: 0010
Revises: 0009
"""

from migrations.steps import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0010_up.sql")


def downgrade() -> None:
    run("0010_down.sql")
