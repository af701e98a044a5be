"""Opening hours, exceptions, blocked times and patterns.

Revision ID: 0006
Revises: 0005
"""

from migrations.steps import protect, run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0006_up.sql")
    protect(
        "service_staff", "opening_hours", "hour_exceptions", "blocked_times", "slot_patterns", "slot_moves",
    )  # fmt: skip


def downgrade() -> None:
    run("0006_down.sql")
