"""Summary rows of the figures.

Revision ID: 0009
Revises: 0008
"""

from migrations.steps import protect, run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0009_up.sql")
    protect("slot_figures", "slot_text_figures", "figures_due", "figures_nights")


def downgrade() -> None:
    run("0009_down.sql")
