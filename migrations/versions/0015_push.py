"""Push to browsers and apps.

Revision ID: 0015
Revises: 0014
"""

from migrations.steps import pin_lookups, run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0015_up.sql")
    pin_lookups("nexapp_take_device(uuid, text, text, text, text, text, uuid)")


def downgrade() -> None:
    run("0015_down.sql")
