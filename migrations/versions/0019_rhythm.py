"""Work at each person's local hour: daily top prospects and weekly reports.

Revision ID: 0019
Revises: 0018
"""

from migrations.steps import protect, run

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0019_up.sql")
    protect("local_runs", "daily_top_prospects", "weekly_reports", "quiet_spells")


def downgrade() -> None:
    run("0019_down.sql")
