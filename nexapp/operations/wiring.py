"""Registers this part with the app."""

from flask import Flask
from flask_babel import lazy_gettext as _

from nexapp.operations import (  # noqa: F401 - their routes and topics
    admin_views,
    api,
    health_views,
    job_retention,
    jobs_views,
    live,
    notices,
    notices_views,
    public_views,
    tool_views,
)
from nexapp.operations.blueprint import pages
from nexapp.operations.demo import demo_sign_ins, seed_demo
from nexapp.spine.web.navigation import Item, add_item


def register(app: Flask) -> None:
    notices.register()
    job_retention.register()
    app.register_blueprint(pages)
    app.cli.add_command(seed_demo)
    app.cli.add_command(demo_sign_ins)
    add_item(Item(_("Platform"), "operations.admin_home", "activity", 900))
    add_item(Item(_("Errors"), "operations.list_errors", "bug", 910))
    add_item(Item(_("Jobs"), "operations.list_jobs", "list-details", 920))
    add_item(Item(_("Not sent"), "operations.list_unsent", "bell-off", 930))
