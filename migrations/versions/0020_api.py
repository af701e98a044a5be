"""Keys and repeats of the API.

Revision ID: 0020
Revises: 0019
"""

from migrations.steps import pin_lookups, protect, run

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0020_up.sql")
    protect("api_keys", "api_replays")
    pin_lookups("nexapp_api_key(bytea)")


def downgrade() -> None:
    run("0020_down.sql")
