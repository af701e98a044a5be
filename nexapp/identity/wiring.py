"""Registers this part with the app."""

from flask import Flask
from flask_babel import lazy_gettext as _

from nexapp.identity import (  # noqa: F401 - their routes, jobs and topics
    account_views,
    api_key_views,
    api_keys,
    business_views,
    email_views,
    home_views,
    invitation_views,
    jobs,
    location_views,
    plan_views,
    second_factor_views,
    sessions,
    settings_views,
    sign_in_views,
    team_views,
    topics,
)
from nexapp.identity.addresses import WITH_SLOTS
from nexapp.identity.blueprint import pages
from nexapp.identity.commands import reset_second_factor
from nexapp.identity.viewer import provide_viewer
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_item, add_setting


def register(app: Flask) -> None:
    sessions.configure(app)
    api_keys.configure(app)
    app.register_blueprint(pages)
    app.cli.add_command(reset_second_factor)
    app.context_processor(provide_viewer)
    add_item(Item(_("Settings"), "identity.settings_index", "settings", 700, Role.VIEWER))
    for item in _SETTINGS:
        add_setting(item)


_SETTINGS = (
    Item(_("Business"), "identity.business_settings", "building-store", 10, Role.OWNER,
         note=_("Name, zone, public page, bookings, offers, quiet hours.")),
    Item(_("Team"), "identity.team", "users", 20, Role.VIEWER,
         note=_("Who signs in, their roles, invitations.")),
    Item(_("Staff"), "identity.staff", "id-badge-2", 30, Role.MANAGER, WITH_SLOTS,
         note=_("The people whose time can be booked.")),
    Item(_("Locations"), "identity.locations", "map-pin", 40, Role.ADMIN, WITH_SLOTS,
         note=_("Several places, their addresses and numbers.")),
    Item(_("Plan"), "identity.plan", "credit-card", 90, Role.VIEWER,
         note=_("What your plan brings, and changing it.")),
    Item(_("API keys"), "identity.api_keys", "key", 95, Role.STAFF,
         note=_("For programs that work on your behalf.")),
)  # fmt: skip
