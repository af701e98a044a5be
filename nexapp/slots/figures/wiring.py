"""Registers the figures with the app."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.slots.figures import jobs, models  # noqa: F401 - the tables must be known
from nexapp.slots.figures.views import pages
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_item


def register(app: Flask) -> None:
    app.register_blueprint(pages)
    jobs.register()
    add_item(Item(_("Figures"), "figures.index", "chart-bar", 140, Role.VIEWER, WITH_SLOTS))
