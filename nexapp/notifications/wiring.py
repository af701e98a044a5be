"""Registers this part with the app."""

from flask import Flask
from flask_babel import lazy_gettext as _

# The imports register their tables and their routes.
from nexapp.notifications import (  # noqa: F401
    api,
    api_settings,
    centre_wiring,
    devices_contents,
    devices_views,
    digest_letters,
    engagement_views,
    jobs,
    letters,
    models,
    settings_views,
    unsubscribe_views,
)
from nexapp.notifications.blueprint import pages
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_setting


def register(app: Flask) -> None:
    jobs.register()
    app.register_blueprint(pages)
    centre_wiring.register(app)
    for item in _SETTINGS:
        add_setting(item)


_SETTINGS = (
    Item(_("Notifications"), "notifications.notification_settings", "bell", 60, Role.VIEWER,
         note=_("What you are told and by which way, quiet hours, daily digest.")),
)  # fmt: skip
