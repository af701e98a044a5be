"""Cancelling, rescheduling and reminders of a booking.

Revision ID: 0005
Revises: 0004
"""

from migrations.steps import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0005_up.sql")


def downgrade() -> None:
    run("0005_down.sql")
