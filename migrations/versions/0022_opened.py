"""What was opened, apart from what was read.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

from migrations.steps import pin_lookups, run

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # By itself: a new column takes a moment, but shuts everybody out until its transaction ends.
    with op.get_context().autocommit_block():
        run("0022_column.sql")
    run("0022_up.sql")
    pin_lookups("nexapp_notice_engagement(timestamptz)")


def downgrade() -> None:
    run("0022_down.sql")
    pin_lookups("nexapp_notice_engagement(timestamptz)")
