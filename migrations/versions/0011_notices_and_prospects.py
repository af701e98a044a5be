"""Notices and their settings, and the ground of the sales part: stages, prospects, activities, follow-ups.

Revision ID: 0011
Revises: 0010
"""

from migrations.steps import close, protect, run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0011_up.sql")
    close(
        "notifications", "notification_settings", "notification_preferences", "notification_skips", "push_subscriptions"
    )
    run("0011_policies.sql")
    protect("prospect_stages", "prospects", "activities", "follow_ups")


def downgrade() -> None:
    run("0011_down.sql")
