"""Rounds of offers: in turn, in waves, several slots in one text.

Revision ID: 0003
Revises: 0002
"""

from migrations.steps import pin_lookups, protect, run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0003_up.sql")
    protect("offer_bundles", "slot_rounds")
    pin_lookups(
        "nexapp_consumer_limits(uuid[], timestamptz, timestamptz, timestamptz, timestamptz)", "nexapp_bundle(bytea)"
    )


def downgrade() -> None:
    run("0003_down.sql")
    pin_lookups("nexapp_consumer_limits(uuid[], timestamptz, timestamptz, timestamptz)")
