"""Registers the pages of prospects."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.sales import (
    board_views,
    contacts_views,
    letter_addresses_views,
    notes_views,
    prospect_models,
    prospect_views,
    prospects_views,
    stages_views,
    views_saved_pages,
)
from nexapp.sales.importing import batches, jobs, views
from nexapp.sales.kinds import WITH_PROSPECTS
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_item, add_setting

PAGES = (
    prospect_models,
    prospects_views,
    board_views,
    prospect_views,
    contacts_views,
    letter_addresses_views,
    notes_views,
    stages_views,
    views_saved_pages,
    views,
    jobs,
)
"""They add their tables, routes and jobs by being imported."""


def register() -> None:
    batches.register()
    add_item(Item(_("Prospects"), "sales.prospects", "users", 120, Role.VIEWER, WITH_PROSPECTS))
    add_setting(
        Item(_("Stages"), "sales.stages_page", "arrows-sort", 35, Role.OWNER, WITH_PROSPECTS,
             note=_("The steps from a first contact to won or lost."))
    )  # fmt: skip
