"""Scores and their reasons, streaks, missions, coins and achievements.

Revision ID: 0018
Revises: 0017
"""

from migrations.steps import run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0018_up.sql")


def downgrade() -> None:
    run("0018_down.sql")
