"""Registers what happens by itself in a person's day and week, its pages and the start page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.sales import daily, home, reports_views, rhythm_cooling, rhythm_models, rhythm_streaks, weekly
from nexapp.sales.kinds import WITH_PROSPECTS
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_item

BY_IMPORT = (daily, home, reports_views, rhythm_cooling, rhythm_models, rhythm_streaks, weekly)
"""They add their tables, jobs and routes by being imported."""


def register() -> None:
    add_item(Item(_("Home"), "sales.home", "home", 100, Role.VIEWER, WITH_PROSPECTS))
