"""Indexes that the large jobs and a long ledger need.

Revision ID: 0021
Revises: 0020
"""

from migrations.steps import run

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0021_up.sql")


def downgrade() -> None:
    run("0021_down.sql")
