"""E-mail of notices, unsubscribing, and how notices are received.

Revision ID: 0014
Revises: 0013
"""

from migrations.steps import close, pin_lookups, run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0014_up.sql")
    close("notification_suggestions")
    run("0014_policies.sql")
    pin_lookups("nexapp_notice_engagement(timestamptz)")


def downgrade() -> None:
    run("0014_down.sql")
