"""Cancelling, rescheduling and reminders of a booking.

Revision ID: 0005
Revises: 0004
"""

from migrations.steps import pin_lookups, protect, run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("booking_reminders", "reply_choices")
OFFER = "nexapp_offer(bytea)"
LOOKUPS = (OFFER, "nexapp_is_busy(uuid, timestamptz, timestamptz, uuid)", "nexapp_open_slots(uuid, uuid)")


def upgrade() -> None:
    run("0005_up.sql")
    protect(*TABLES)
    pin_lookups(*LOOKUPS)


def downgrade() -> None:
    run("0005_down.sql")
    pin_lookups(OFFER)
