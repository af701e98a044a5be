"""Sequences, and what follow-ups keep beside them.

Revision ID: 0017
Revises: 0016
"""

from migrations.steps import protect, run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0017_up.sql")
    protect("sequences", "sequence_steps", "sequence_enrolments", "follow_up_changes")


def downgrade() -> None:
    run("0017_down.sql")
