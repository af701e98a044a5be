"""Registers this part with the app."""

from flask import Flask
from flask_babel import lazy_gettext as _

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.slots import consumer_wiring, home, jobs, notices, people, people_wiring, rounds_wiring  # noqa: F401 - home and people add their routes
from nexapp.slots.booking_systems import wiring as booking_systems
from nexapp.slots.calendar import wiring as calendar_wiring
from nexapp.slots.figures import wiring as figures
from nexapp.slots.kinds import refuse_without_slots
from nexapp.slots.views import pages
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_item


def register(app: Flask) -> None:
    app.before_request(refuse_without_slots)
    app.register_blueprint(pages)
    jobs.register()
    notices.register()
    people_wiring.register()
    add_item(Item(_("Today"), "slots.home", "home", 100, Role.VIEWER, WITH_SLOTS))
    add_item(Item(_("Calendar"), "calendar.show", "calendar", 110, Role.VIEWER, WITH_SLOTS))
    add_item(Item(_("Waiting list"), "slots.waiting_list", "users", 120, Role.VIEWER, WITH_SLOTS))
    calendar_wiring.register(app)
    consumer_wiring.register(app)
    rounds_wiring.register(app)
    figures.register(app)
    booking_systems.register(app)
