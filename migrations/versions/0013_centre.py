"""What the bell and the centre keep.

Revision ID: 0013
Revises: 0012
"""

from migrations.steps import close, run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0013_up.sql")
    close("notification_undos")
    run("0013_policies.sql")


def downgrade() -> None:
    run("0013_down.sql")
