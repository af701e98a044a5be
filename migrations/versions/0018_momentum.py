"""Scores and their reasons, streaks, missions, coins and achievements, insights and pitch decks.

Revision ID: 0018
Revises: 0017
"""

from migrations.steps import protect, run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0018_up.sql")
    protect(
        "score_weights", "score_changes", "active_days", "streaks", "mission_completions", "coin_balances",
        "coin_entries", "achievements", "insights", "pitch_decks", append_only=("coin_entries",),
    )  # fmt: skip


def downgrade() -> None:
    run("0018_down.sql")
