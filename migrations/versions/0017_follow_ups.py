"""Sequences, and what follow-ups keep beside them.

Revision ID: 0017
Revises: 0016
"""

from migrations.steps import run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0017_up.sql")


def downgrade() -> None:
    run("0017_down.sql")
