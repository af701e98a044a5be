"""Notes, saved views and imports of prospects.

Revision ID: 0016
Revises: 0015
"""

from migrations.steps import pin_lookups, protect, run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0016_up.sql")
    protect(
        "prospect_events", "prospect_notes", "prospect_views", "prospect_imports", "prospect_import_parts",
        "prospect_import_keys",
    )  # fmt: skip
    pin_lookups(
        "nexapp_find_prospects(text, text)", "nexapp_known_prospects(text[], text[])", "nexapp_first_stages()"
    )  # fmt: skip
    run("0016_fill.sql")


def downgrade() -> None:
    run("0016_down.sql")
