"""The notification engine: one function that decides and writes, counts of unread, folding.

Revision ID: 0012
Revises: 0011
"""

from migrations.steps import close, pin_lookups, run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0012_up.sql")
    close("unread_counts")
    run("0012_policies.sql")
    run("0012_notify.sql")
    pin_lookups(
        "nexapp_notify(jsonb, nexapp_recipient[])", "nexapp_count_new()", "nexapp_count_changed()",
        "nexapp_count_gone()", "nexapp_hold_counts(uuid[])",
    )  # fmt: skip


def downgrade() -> None:
    run("0012_down.sql")
