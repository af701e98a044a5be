"""Inbound hooks, watched feeds and outgoing calendars.

Revision ID: 0010
Revises: 0009
"""

from migrations.steps import pin_lookups, protect, run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0010_up.sql")
    protect("booking_systems", "booking_staff", "external_bookings", "booking_deliveries", "staff_calendars")
    pin_lookups("nexapp_booking_hook(bytea)", "nexapp_booking_feed(uuid)", "nexapp_staff_calendar(bytea)")


def downgrade() -> None:
    run("0010_down.sql")
